package simnet

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
)

// TestTruthAsFetched retrieves the policy of one domain of each story with a valid record, through the
// scanner's own door, over real TLS and HTTP.
func TestTruthAsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPopulation(t, modelErrors, 0)
		w := testWorld(t, p)
		rt, err := egress.NewTransport(egress.Config{
			Manners: egress.NoManners(),
			Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
				h, err := mtasts.LookupHost(ctx, w, host)
				return h.Addrs, errors.Join(err, h.Failed)
			},
			Dial:  w.DialContext,
			Roots: w.Roots(),
		})
		if err != nil {
			t.Fatal(err)
		}
		fetched := map[string]bool{}
		for i := range 20_000 {
			domain := testName(i)
			truth, _ := p.truth(domain, 0)
			if truth.Record != codes.RecordValid || fetched[truth.Class] {
				continue
			}
			fetched[truth.Class] = true
			var trace egress.Trace
			const most = 20 * time.Second
			ctx := egress.WithWholeTime(egress.WithLastTry(egress.WithTrace(t.Context(), &trace)), most, most)
			fetch, err := mtasts.FetchPolicy(ctx, rt, domain)
			if fetch.Class != truth.Policy || fetch.Stage != truth.Stage || fetch.Reason != truth.Reason ||
				fetch.Status != truth.HTTPStatus || trace.TLSError != truth.TLSError || mtasts.Sentinel(err) != truth.Error {
				t.Errorf("%s: %s %s %s status %d TLS error %q: %v; truth %s", domain,
					fetch.Class, fetch.Stage, fetch.Reason, fetch.Status, trace.TLSError, err, printable(truth))
			}
		}
		for _, s := range p.stories {
			if s.end.record == codes.RecordValid && !fetched[s.name] {
				t.Errorf("no domain of story %q", s.name)
			}
		}
	})
}

// TestDripOutlastsDeadlines holds every dripping body to more octets than the longest retrieval has seconds:
// otherwise the truth would depend on the client.
func TestDripOutlastsDeadlines(t *testing.T) {
	p := testPopulation(t, modelErrors, 0)
	const longest = time.Hour
	drips := 0
	for i := range 20_000 {
		domain := testName(i)
		if truth, _ := p.truth(domain, 0); truth.Class != "dripping body" {
			continue
		}
		drips++
		site := p.site(hostLabel + domain)
		if lasts := time.Duration(len(site.body)) * dripInterval; site.bodyPlay != bodyDrip || lasts < longest {
			t.Errorf("%s: %d octets, all sent after %v", domain, len(site.body), lasts)
		}
	}
	if drips == 0 {
		t.Error("no domain drips")
	}
}
