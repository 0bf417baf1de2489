package survey

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// faulty is an Exchanger whose next lookups fail for reasons of this machine.
type faulty struct {
	mtasts.Exchanger
	lookups atomic.Int32 // that still fail
}

func (e *faulty) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	if e.lookups.Add(-1) >= 0 {
		return nil, errLocal{}
	}
	return e.Exchanger.Exchange(ctx, q)
}

// A fault of this machine is never a finding: the domain is asked again, and when that does not help its row is
// provisional, and the run goes on.
func TestLocalFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		domain  string
		lookups int32
		want    string // class of the policy
		pending string
		faults  int64 // surveys in a row that ended so before
	}{
		{"that passes, in the record's lookup", "fetch-35.example.com", 1, "valid", "", 0},
		{"that passes, in the host's lookup", "fetch-35.example.com", 3, "valid", "", 0},
		{"that stays", "fetch-35.example.com", 1000, "not_fetched", "local", 0},
		{"that stays, as it did for others", "fetch-35.example.com", 1000, "not_fetched", "local", manyFaults},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world, err := simnet.Open(fetchWorld)
				if err != nil {
					t.Fatal(err)
				}
				defer world.Close()
				ex := &faulty{Exchanger: world}
				ex.lookups.Store(tt.lookups)
				config := through(t, ex, world)
				config.LocalFaults = new(atomic.Int64)
				r := New(config, t.Context())
				r.faultsInRow.Store(tt.faults)
				began := time.Now()
				name := domains.Name{Domain: tt.domain, Rank: 1, List: "made up"}
				first := &FirstAnswer{Answer: resolver.Answer{Outcome: resolver.Failed, Err: errLocal{}}}
				result, err := r.Survey(&name, new(Previous), first, func(*output.Row) (bool, error) { return true, nil })
				if err != nil {
					t.Fatalf("no row: %v", err)
				}
				row := result.Row
				if row.Policy != tt.want || row.Pending != tt.pending {
					t.Errorf("policy %s (%s %s), pending %q, want %s, %q",
						row.Policy, row.PolicyStage, row.PolicyReason, row.Pending, tt.want, tt.pending)
				}
				if waited := time.Since(began) > 0; waited == (tt.faults > 0) {
					t.Errorf("waited %v", time.Since(began))
				}
				if config.LocalFaults.Load() == 0 {
					t.Error("the fault was not counted")
				}
			})
		})
	}
}
