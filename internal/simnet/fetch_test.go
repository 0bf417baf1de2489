package simnet

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
)

// What a reader of RFC 8461 sees through the scanner's own door of every domain of the worlds that come with
// the package is its truth. All the time-outs take no time.
func TestFetchWorldTruth(t *testing.T) {
	for _, world := range []string{"fetch.txtar", "hostile.txtar"} {
		t.Run(world, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, err := Open(filepath.Join("testdata", world))
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				for i, domain := range w.Domains() {
					want, _ := w.Truth(domain, int64(i+1))
					if want.Policy == "" {
						continue // the world says nothing about it
					}
					want.TLSRPTResult = "" // that is for senders
					got := observe(t, w, domain)
					got.Findings = among(want.Findings, got.Findings)
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s:\n got %+v\nwant %+v", domain, got, want)
					}
				}
			})
		})
	}
}

// among are those of the findings of a truth that were seen.
func among(want, seen []codes.Finding) (both []codes.Finding) {
	for _, f := range want {
		if slices.Contains(seen, f) {
			both = append(both, f)
		}
	}
	return both
}

func observe(t *testing.T, w *World, domain string) Truth {
	t.Helper()
	var host mtasts.Host
	door, err := egress.NewTransport(egress.Config{
		Manners: egress.NoManners(),
		Resolve: func(ctx context.Context, name string) (_ []netip.Addr, err error) {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			host, err = mtasts.LookupHost(ctx, w, name)
			return host.Addrs, errors.Join(err, host.Failed)
		},
		Dial: w.DialContext, Roots: w.Roots(),
	})
	if err != nil {
		t.Fatal(err)
	}
	var trace egress.Trace
	ctx, cancel := context.WithTimeout(egress.WithLastTry(egress.WithTrace(t.Context(), &trace)), 20*time.Second)
	defer cancel()
	record, policy, err := mtasts.Get(ctx, w, door, domain)
	truth := Truth{
		Record: record.Class, RecordReason: record.Reason, RecordID: record.Record.ID, CNAMEs: record.CNAMEs,
		Error: mtasts.Sentinel(err), Policy: policy.Class, Stage: policy.Stage, Reason: policy.Reason,
		TLSError: trace.TLSError, HTTPStatus: policy.Status, HostCNAMEs: host.CNAMEs, Mode: policy.Policy.Mode,
		Findings: slices.Concat(record.Findings, policy.Findings),
	}
	for _, pattern := range policy.Policy.MX {
		truth.MX = append(truth.MX, string(pattern))
	}
	read := []codes.Record{codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple}
	if slices.Contains(read, record.Class) {
		truth.Strict, truth.Lenient = new(record.Strict), new(record.Lenient)
	}
	if policy.Read {
		*truth.Strict, *truth.Lenient = record.Strict && policy.Strict, record.Lenient && policy.Lenient
		if policy.Class == codes.PolicyValid || policy.Policy.MaxAge > 0 {
			truth.MaxAge = new(policy.Policy.MaxAge)
		}
	}
	return truth
}
