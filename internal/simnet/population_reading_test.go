package simnet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// TestTruthAsRead has package mtasts look up and read what the population serves: it must conclude what the
// story says. No connection is made; policies are taken from the site as they are.
func TestTruthAsRead(t *testing.T) {
	for model, n := range map[string]int{modelZones: 3000, modelTop: 5000, modelErrors: 20_000, modelSoak: 20_000} {
		t.Run(model, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := testPopulation(t, model, 40)
				w := testWorld(t, p)
				classes := map[string]int{}
				findings := map[codes.Finding]bool{}
				for i := range n {
					domain := testName(i)
					truth, ok := p.policyTruth(domain)
					if !ok {
						t.Fatalf("no truth about %s", domain)
					}
					if classes[truth.Class]++; classes[truth.Class] > 20 {
						continue // seen often enough
					}
					for _, f := range checkReading(t, p, w, domain, truth) {
						findings[f] = true
					}
				}
				for _, f := range codes.Findings() {
					if model == modelErrors && !findings[f] && !slices.Contains(onTheWire, f) {
						t.Errorf("no %s among %d domains", f, n)
					}
				}
			})
		})
	}
}

// Domains may be called what is no Punycode, and so are their hosts in their policies.
func TestTruthOfFakeALabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPopulation(t, modelErrors, 1)
		w := testWorld(t, p)
		found := 0
		for i := range 200 {
			domain := fmt.Sprintf("xn--%d.net", i)
			truth, ok := p.policyTruth(domain)
			if !ok {
				t.Fatalf("no truth about %s", domain)
			}
			whole, _ := p.truth(domain, 0)
			read := slices.Contains(checkReading(t, p, w, domain, truth), codes.FindMXNotALabel)
			if found := slices.Contains(whole.Findings, codes.FindMXNotALabel); found != read {
				t.Errorf("%s: the truth has %s: %v, and it is read: %v", domain, codes.FindMXNotALabel, found, read)
			}
			if read {
				found++
			}
		}
		if found < 5 {
			t.Errorf("%d domains have such hosts", found)
		}
	})
}

// onTheWire are the findings for which a connection is needed, a look at both the addresses and the aliases of
// the host, one at the mail side, or a run.
var onTheWire = []codes.Finding{
	codes.FindHostCNAMEDangling, codes.FindHostForbidden, codes.FindPlainHTTP, codes.FindLengthAndTransferEncoding,
	codes.FindClientLimit, codes.FindHTTP2Only, codes.FindCertKeyShort,

	// Of the mail side.
	codes.FindMXNotCovered, codes.FindMXPartlyCovered, codes.FindMXPatternUnused, codes.FindMXWildcardBroad,
	codes.FindMXHostPseudo, codes.FindNullMXPreference, codes.FindNullMXNotAlone,
	codes.FindPolicyWithoutMail, codes.FindWildcard, codes.FindDelegationHalf, codes.FindCustomerEmpty,
	codes.FindCustomerFrozen, codes.FindTLSRPTMissing, codes.FindTLSRPTInvalid, codes.FindTLSRPTRUA,
	codes.FindTLSAUnusable,
	codes.FindMXNoSTARTTLS, codes.FindMXTLSFailed, codes.FindMXCertificate, codes.FindMXCertKeyShort,

	codes.FindExcludedLate, codes.FindSlowNotAwaited, // of the run
}

// testWorld is the world of a population.
func testWorld(t *testing.T, p *population) *World {
	t.Helper()
	w, err := newWorld(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// checkReading compares what mtasts reads with the truth, as far as it goes without a connection. It returns
// what mtasts found odd.
func checkReading(t *testing.T, p *population, w *World, domain string, truth Truth) []codes.Finding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	lookup, err := mtasts.LookupRecord(ctx, w, domain)
	findings, unseen := lookup.Findings, onTheWire
	seen := Truth{
		Class: truth.Class, Record: lookup.Class, RecordReason: lookup.Reason, RecordID: lookup.Record.ID,
		CNAMEs: lookup.CNAMEs, Error: mtasts.Sentinel(err), Policy: codes.PolicyNotFetched,
	}
	switch lookup.Class {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		seen.Strict, seen.Lenient = &lookup.Strict, &lookup.Lenient
	default:
		seen.RecordID = ""
	}
	if lookup.Class == codes.RecordValid {
		seeHost(ctx, w, domain, truth, &seen)
		if truth.Policy == codes.PolicyValid || truth.Stage == codes.StageSyntax {
			findings = append(findings, seePolicy(ctx, p, domain, &seen)...)
		} else if truth.Stage != codes.StageDNS {
			// The rest takes a connection.
			seen.Policy, seen.Stage, seen.Reason, seen.Error = truth.Policy, truth.Stage, truth.Reason, truth.Error
			seen.TLSError, seen.HTTPStatus = truth.TLSError, truth.HTTPStatus
			unseen = slices.Concat(onTheWire, []codes.Finding{codes.FindMediaTypeMissing, codes.FindMediaTypeOther,
				codes.FindCharsetOther})
		}
	}
	seen.Findings = among(truth.Findings, slices.Concat(findings, unseen))
	for _, f := range among(TruthFindings(), findings) {
		if !slices.Contains(truth.Findings, f) {
			seen.Findings = append(seen.Findings, f)
		}
	}
	if !reflect.DeepEqual(seen, truth) {
		t.Errorf("%s: %s:\nread  %+v\ntruth %+v\nlookup %v", p.model, domain, printable(seen), printable(truth), err)
	}
	return findings
}

// seeHost looks up the policy host.
func seeHost(ctx context.Context, w *World, domain string, truth Truth, seen *Truth) {
	host, err := mtasts.LookupHost(ctx, w, hostLabel+domain)
	seen.HostCNAMEs = host.CNAMEs
	if truth.Policy == codes.PolicyForbidden && !slices.ContainsFunc(host.Addrs, isOfPlan) {
		err = errForbidden
	}
	if err == nil {
		return
	}
	var reason interface{ PolicyReason() codes.PolicyReason }
	switch {
	case errors.As(err, &reason):
		seen.Stage, seen.Reason = codes.StageDNS, reason.PolicyReason()
	case errors.Is(err, errForbidden):
		seen.Stage, seen.Reason = codes.StageDNS, codes.ReasonForbiddenAddress
	}
	switch seen.Reason {
	case codes.ReasonNXDomain, codes.ReasonNoData:
		seen.Policy, seen.Error = codes.PolicyMissing, codes.ErrNoPolicy
	case codes.ReasonForbiddenAddress:
		seen.Policy, seen.Error = codes.PolicyForbidden, codes.ErrPolicyFetch
	default:
		seen.Policy, seen.Error = codes.PolicyUnknown, codes.ErrPolicyFetch
	}
}

// A siteTrip is a RoundTripper that has the response of a site at once.
type siteTrip struct{ site site }

func (s siteTrip) RoundTrip(*http.Request) (*http.Response, error) {
	resp := &http.Response{
		StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/plain"}},
		ContentLength: int64(len(s.site.body)), Body: io.NopCloser(bytes.NewReader(s.site.body)),
	}
	for _, field := range s.site.header {
		resp.Header.Set(field[0], field[1])
	}
	if s.site.bodyPlay == bodyAbrupt {
		resp.ContentLength = -1
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(s.site.body), iotest.ErrReader(unclosedError{})))
	}
	return resp, nil
}

// An unclosedError is the end of a body without close_notify.
type unclosedError struct{}

func (unclosedError) Error() string  { return "no close_notify" }
func (unclosedError) Unclosed() bool { return true }

// seePolicy reads the response of the site.
func seePolicy(ctx context.Context, p *population, domain string, seen *Truth) []codes.Finding {
	reading, err := mtasts.FetchPolicy(ctx, siteTrip{p.site(hostLabel + domain)}, domain)
	seen.HTTPStatus = reading.Status
	seen.Mode = reading.Policy.Mode
	if reading.Policy.MaxAge >= 0 {
		seen.MaxAge = &reading.Policy.MaxAge
	}
	for _, pattern := range reading.Policy.MX {
		seen.MX = append(seen.MX, string(pattern))
	}
	strict, lenient := *seen.Strict && reading.Strict, *seen.Lenient && reading.Lenient
	seen.Strict, seen.Lenient = &strict, &lenient
	seen.Policy, seen.Stage, seen.Reason, seen.Error = reading.Class, reading.Stage, reading.Reason, mtasts.Sentinel(err)
	return reading.Findings
}

var errForbidden = errors.New("forbidden address")

// isOfPlan reports whether an address is one that the world hands out for hosts.
func isOfPlan(addr netip.Addr) bool {
	if addr.Is4() {
		return addr.As4()[0] == planV4
	}
	return binary.BigEndian.Uint32(addr.AsSlice()) == planV6
}

// printable shows what the pointers of a truth point to.
func printable(t Truth) string {
	show := func(b *bool) string {
		if b == nil {
			return "-"
		}
		return fmt.Sprint(*b)
	}
	age := "-"
	if t.MaxAge != nil {
		age = fmt.Sprint(*t.MaxAge)
	}
	text := fmt.Sprintf("strict=%s lenient=%s max_age=%s ", show(t.Strict), show(t.Lenient), age)
	t.Strict, t.Lenient, t.MaxAge = nil, nil, nil
	return text + fmt.Sprintf("%+v", t)
}
