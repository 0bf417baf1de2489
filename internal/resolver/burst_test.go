package resolver

import (
	"testing"
	"time"

	"github.com/miekg/dns"
)

// A burst waits no longer than answers may still come.
func TestBurstAwait(t *testing.T) {
	const timeout, roundTrip = 10 * time.Second, time.Second
	for _, c := range []struct {
		title                  string
		size, answered, enough int
		ok                     bool
		took                   time.Duration
	}{
		{"all answered", 4, 4, 4, true, roundTrip},
		{"enough answered", 4, 2, 2, true, roundTrip},
		{"too few answered", 4, 2, 3, false, timeout},
		{"none answered", 4, 0, 1, false, timeout},
		{"fewer asked than needed", 4, 4, 5, false, 0},
		{"none asked", 0, 0, 1, false, 0},
		{"none needed", 4, 0, 0, true, 0},
	} {
		t.Run(c.title, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				asked := 0
				u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
					if asked++; asked > c.answered {
						return nil, 0
					}
					return absence(q), roundTrip
				}}
				r := memoryResolver(t, Config{}, u)
				b := newBurst(r, r.upstreams[0], Canary{"example", dns.TypeTXT, true}, c.size, timeout)
				began := r.now()
				b.send(t.Context())
				ok := b.await(t.Context(), c.enough)
				if took := r.now() - began; ok != c.ok || took != c.took {
					t.Errorf("%v after %v, want %v after %v", ok, took, c.ok, c.took)
				}
				b.all.Wait()
			})
		})
	}
}
