package limiter

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Processes that share limits keep to them together, at one address and in one network: so many connections at a time,
// and in any stretch of time that all their windows have, as many new ones as the rate allows in it.
func TestShare(t *testing.T) {
	for _, tt := range []struct {
		processes int
		whole     Manners
	}{
		{2, Manners{}},
		{8, Manners{HostConnections: 8, HostRate: 2, NetworkConnections: 16, NetworkRate: 16}},
		{3, Manners{HostConnections: 7, HostRate: 7.5, NetworkConnections: 10, NetworkRate: 20}},
	} {
		t.Run(fmt.Sprint(tt.processes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				share, whole := tt.whole.Share(tt.processes), tt.whole.withDefaults()
				var d recorder
				var all sync.WaitGroup
				const each = 40
				for p := range tt.processes {
					l := New(share, 0)
					for n := range each {
						addr := netip.AddrFrom4([4]byte{22, 1, 0, byte(n % 2)})
						all.Go(func() {
							stay := time.Duration((p+n)*37%1500) * time.Millisecond
							if err := d.connect(t.Context(), l, patiently, addr, p*each+n, stay); err != nil {
								t.Error(err)
							}
						})
					}
				}
				all.Wait()
				if len(d.made) != each*tt.processes {
					t.Fatalf("%d connections", len(d.made))
				}
				together := func(connections int, rate float64) limit { // n times what one may begin in its window
					one := newLimit(-1, rate/float64(tt.processes))
					return limit{atATime: connections, most: tt.processes * one.most, window: one.window}
				}
				wantWithin(t, d.made, together(whole.HostConnections, whole.HostRate), func(a netip.Addr) netip.Addr { return a })
				wantWithin(t, d.made, together(whole.NetworkConnections, whole.NetworkRate), networkOf)
			})
		})
	}
}

// What is not bounded stays so, and no share is less than one connection.
func TestShareOfNoLimit(t *testing.T) {
	if got, want := NoManners().Share(4), NoManners().withDefaults(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (Manners{HostConnections: 2}).Share(4); got.HostConnections != 1 || got.NetworkConnections != 4 {
		t.Errorf("%+v", got)
	}
}
