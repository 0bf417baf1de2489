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

// TestTruthAsFetched retrieves the policy of one domain of each story with a
// valid record, through the scanner's own door, over real TLS and HTTP.
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
			ctx, cancel := context.WithTimeout(egress.WithTrace(t.Context(), &trace), 20*time.Second)
			fetch, err := mtasts.FetchPolicy(ctx, rt, domain)
			cancel()
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
