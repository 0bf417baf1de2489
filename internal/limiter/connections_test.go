package limiter

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Requests that wait for a connection are not put off, however long that takes and however many wait for the
// same address. They get it in the order of their arrival, and do not count as waiting for the sake of manners.
func TestConnectionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, connections, stay = 3, 60, 10 * time.Second
		m := NoManners()
		m.Queue, m.MaxWait = 8, 5*time.Second
		l := New(m, limit)
		var d recorder
		var all sync.WaitGroup
		for n := range connections {
			addr := netip.AddrFrom4([4]byte{22, 1, byte(n % 3), byte(n % 2)})
			all.Go(func() {
				if err := d.connect(t.Context(), l, 0, addr, n, stay); err != nil {
					t.Errorf("%d: %v", n, err)
				}
			})
			synctest.Wait()
		}
		if counts := l.Counts(); counts != (Counts{}) {
			t.Errorf("%+v", counts)
		}
		began := time.Now()
		all.Wait()
		for _, v := range d.made {
			if want := began.Add(time.Duration(v.n/limit) * stay); v.began != want {
				t.Errorf("%d began %v after the first, want %v", v.n, v.began.Sub(began), want.Sub(began))
			}
		}
		want := Connections{Limit: limit, Most: limit, Waited: (connections/limit - 1) * stay}
		if got := l.Connections(); got != want || l.connections.open != 0 {
			t.Errorf("%+v, want %+v; %d are open", got, want, l.connections.open)
		}
	})
}

// A request that waits for its address holds no connection, and one that waits for a connection does not count
// at its address.
func TestConnectionsBesideManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostConnections: 1, HostRate: -1}, 2)
		busy, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		began := time.Now()
		var d recorder
		var all sync.WaitGroup
		for n, addr := range []netip.Addr{busy, busy, other, other, busy} {
			all.Go(func() {
				if err := d.connect(t.Context(), l, patiently, addr, n, 10*time.Second); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		for _, v := range d.made {
			want := []time.Duration{0, 10 * time.Second, 0, 10 * time.Second, 20 * time.Second}[v.n]
			if got := v.began.Sub(began); got != want {
				t.Errorf("%d began after %v, want %v", v.n, got, want)
			}
		}
		if got := l.Connections(); got.Waited != 0 {
			t.Errorf("%+v, where nothing but manners was waited for", got)
		}
	})
}

// Patience runs out while a request waits for its address, but not while all connections are in use.
func TestConnectionsAndPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostConnections: 1, HostRate: -1, MaxWait: 5 * time.Second}, 2)
		busy, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		began := time.Now()
		var d recorder
		var all sync.WaitGroup
		for n, v := range []struct {
			addr netip.Addr
			stay time.Duration
		}{{busy, time.Minute}, {other, 20 * time.Second}, {netip.MustParseAddr("22.1.2.1"), 0}} {
			all.Go(func() { _ = d.connect(t.Context(), l, 0, v.addr, n, v.stay) })
			synctest.Wait()
		}
		if err := d.connect(t.Context(), l, 0, busy, 9, 0); err != ErrLater {
			t.Error(err)
		}
		if got := time.Since(began); got < 25*time.Second || got > 26*time.Second {
			t.Errorf("put off after %v, want 5 s more than the 20 s without a connection", got)
		}
		all.Wait()
		if len(d.made) != 3 {
			t.Errorf("%+v", d.made)
		}
	})
}

// A request that gives up waiting for a connection leaves its place to the next.
func TestConnectionsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(NoManners(), 1)
		var d recorder
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for n, ctx := range []context.Context{t.Context(), ctx, t.Context()} {
			addr := netip.AddrFrom4([4]byte{22, 1, byte(n), 1})
			all.Go(func() { _ = d.connect(ctx, l, 0, addr, n, 10*time.Second) })
			synctest.Wait()
		}
		time.Sleep(time.Second)
		cancel()
		all.Wait()
		if len(d.made) != 2 || d.made[1].n != 2 || d.made[1].began != d.made[0].end || l.connections.open != 0 {
			t.Errorf("%+v, and %d are open", d.made, l.connections.open)
		}
	})
}

// The limit of all connections holds at any moment beside those of addresses and networks, and each request
// gets a permit.
func TestConnectionsKeepTheirLimit(t *testing.T) {
	for limit := 1; limit <= 7; limit += 3 {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(Manners{HostConnections: 2, HostRate: 2.5, NetworkConnections: 3, NetworkRate: 7}, limit)
				d := recorder{retryAfter: func(n int) time.Duration { return max(0, time.Duration(n%9-5)) * 2 * time.Second }}
				var all sync.WaitGroup
				const connections = 200
				for n := range connections {
					addr := netip.AddrFrom4([4]byte{22, 1, byte(n * n % 5), byte(n % 3)})
					all.Go(func() {
						if err := d.connect(t.Context(), l, patiently, addr, n, time.Duration(n*37%1500)*time.Millisecond); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if len(d.made) != connections {
					t.Fatalf("%d connections", len(d.made))
				}
				wantWithin(t, d.made, l.perHost, func(a netip.Addr) netip.Addr { return a })
				wantWithin(t, d.made, l.perNetwork, networkOf)
				wantWithin(t, d.made, newLimit(limit, -1), func(netip.Addr) string { return "all" })
				if got := l.Connections(); got.Most != limit {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// A request that waits for a connection when a host at its address sends a Retry-After waits as long as manners
// then say.
func TestConnectionsAndRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: 1}, 2)
		held, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		first, _, err := l.Acquire(t.Context(), Request{Addr: held, Host: "host-1"})
		if err != nil {
			t.Fatal(err)
		}
		last, _, err := l.Acquire(t.Context(), Request{Addr: other, Host: "host-2"})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(1200*time.Millisecond, func() { first.Asked(1); first.RetryAfter(time.Minute) })
		time.AfterFunc(1300*time.Millisecond, last.Release)
		second, waited, err := l.Acquire(t.Context(), Request{Addr: held, Host: "host-3"})
		if err != nil || waited != 2*time.Second {
			t.Fatalf("waited %v for half the rate, %v", waited, err)
		}
		first.Release()
		second.Release()
	})
}
