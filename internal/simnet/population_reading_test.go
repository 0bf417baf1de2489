package simnet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// TestTruthAsRead has package mtasts look up and read what the population
// serves: it must conclude what the story says. No connection is made; policies
// are taken from the site as they are.
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

// onTheWire are the findings for which a connection is needed, a look at both
// the addresses and the aliases of the host, one at the mail side, or a run.
var onTheWire = []codes.Finding{
	codes.FindHostCNAMEDangling, codes.FindHostForbidden, codes.FindPlainHTTP, codes.FindMediaTypeMissing, codes.FindMediaTypeOther,
	codes.FindCharsetOther, codes.FindTruncationPossible, codes.FindClientLimit, codes.FindHTTP2Only,
	codes.FindCertKeyShort,

	// Of the mail side.
	codes.FindMXNotCovered, codes.FindMXPartlyCovered, codes.FindMXPatternUnused, codes.FindMXWildcardBroad,
	codes.FindMXHostPseudo, codes.FindPolicyWithoutMail, codes.FindWildcard, codes.FindDelegationHalf, codes.FindCustomerEmpty,
	codes.FindCustomerFrozen, codes.FindTLSRPTMissing, codes.FindTLSRPTInvalid, codes.FindTLSAUnusable, codes.FindMXNoSTARTTLS,
	codes.FindMXTLSFailed, codes.FindMXCertificate, codes.FindMXCertKeyShort,

	codes.FindExcludedLate, // of the run
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

// checkReading compares what mtasts reads with the truth, as far as it goes
// without a connection. It returns what mtasts found odd.
func checkReading(t *testing.T, p *population, w *World, domain string, truth Truth) []codes.Finding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	lookup, err := mtasts.LookupRecord(ctx, w, domain)
	findings := lookup.Findings
	seen := Truth{
		Class: truth.Class, Record: lookup.Class, RecordReason: lookup.Reason, RecordID: lookup.Record.ID,
		CNAMEs: lookup.CNAMEs, Error: mtasts.Sentinel(err), Policy: codes.PolicyNotFetched,
		Findings: truth.Findings, // all of connections
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
			findings = append(findings, seePolicy(p, domain, &seen)...)
		} else if truth.Stage != codes.StageDNS {
			// The rest takes a connection.
			seen.Policy, seen.Stage, seen.Reason, seen.Error = truth.Policy, truth.Stage, truth.Reason, truth.Error
			seen.TLSError, seen.HTTPStatus = truth.TLSError, truth.HTTPStatus
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

// seePolicy reads the body of the site.
func seePolicy(p *population, domain string, seen *Truth) []codes.Finding {
	s := p.site(hostLabel + domain)
	reading := mtasts.ReadPolicy(s.body)
	seen.HTTPStatus = 200
	seen.Mode = reading.Policy.Mode
	if reading.Policy.MaxAge >= 0 {
		seen.MaxAge = &reading.Policy.MaxAge
	}
	for _, pattern := range reading.Policy.MX {
		seen.MX = append(seen.MX, string(pattern))
	}
	strict, lenient := *seen.Strict && reading.Strict, *seen.Lenient && reading.Lenient
	seen.Strict, seen.Lenient = &strict, &lenient
	seen.Policy = codes.PolicyValid
	if reading.Err != nil {
		seen.Policy, seen.Stage, seen.Reason, seen.Error = codes.PolicyInvalid, codes.StageSyntax, reading.Reason, mtasts.Sentinel(reading.Err)
	}
	return reading.Findings
}

var errForbidden = errors.New("forbidden address")

// isOfPlan reports whether an address is one that the world hands out for
// hosts.
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
