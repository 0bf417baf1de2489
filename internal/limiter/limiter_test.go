package limiter

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A connection is one that was made.
type connection struct {
	addr       netip.Addr
	n          int // in the order of arrival
	began, end time.Time
}

// A recorder keeps the connections that were made.
type recorder struct {
	retryAfter func(n int) time.Duration // of the n-th host; nil: none does

	mu   sync.Mutex
	made []connection
}

// connect makes the n-th connection, to a host of its own, and ends it after a while.
func (d *recorder) connect(
	ctx context.Context, l *Limiter, patience time.Duration, addr netip.Addr, n int, stay time.Duration,
) error {
	permit, _, err := l.Acquire(ctx, Request{addr, fmt.Sprintf("host-%d", n), patience})
	if err != nil {
		return err
	}
	v := connection{addr: addr, n: n, began: time.Now()}
	time.Sleep(stay)
	if permit.Asked(1); d.retryAfter != nil {
		permit.RetryAfter(d.retryAfter(n))
	}
	v.end = time.Now()
	permit.Release()
	permit.Release() // counts once
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = append(d.made, v)
	return nil
}

// wantWithin checks the connections that share a key against a limit, in the window that begins with each of
// them and at the moment when each begins.
func wantWithin[K comparable](t *testing.T, connections []connection, l limit, key func(netip.Addr) K) {
	t.Helper()
	connections = slices.SortedFunc(slices.Values(connections),
		func(a, b connection) int { return a.began.Compare(b.began) })
	for i, first := range connections {
		began, inFlight := 0, 0
		for j, v := range connections {
			if key(v.addr) != key(first.addr) {
				continue
			}
			if j >= i && v.began.Before(first.began.Add(l.window)) {
				began++
			}
			if !v.began.After(first.began) && v.end.After(first.began) {
				inFlight++
			}
		}
		if l.most >= 0 && began > l.most {
			t.Fatalf("%v: %d connections in %v, limit %d", key(first.addr), began, l.window, l.most)
		}
		if l.atATime >= 0 && inFlight > l.atATime {
			t.Fatalf("%v: %d connections at a time, limit %d", key(first.addr), inFlight, l.atATime)
		}
	}
}

const patiently = 24 * time.Hour

// Rate and concurrency are kept in every window, for addresses and for networks, at any arrival times, lengths
// and Retry-Afters. Each request gets a permit, those for one address in the order of their arrival.
func TestLimitsAreKept(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		rates := []float64{0, 0.5, 1, 2, 2.5, 7, -1}
		m := Manners{
			HostConnections: random.IntN(5) - 1, HostRate: rates[random.IntN(len(rates))],
			NetworkConnections: random.IntN(7) - 1, NetworkRate: 2 * rates[random.IntN(len(rates))],
		}
		synctest.Test(t, func(t *testing.T) {
			l := New(m, 0)
			var d recorder
			if seed%2 == 1 {
				d.retryAfter = func(n int) time.Duration { return max(0, time.Duration(n%9-5)) * 2 * time.Second }
			}
			var all sync.WaitGroup
			const connections = 150
			for n := range connections {
				addr := netip.AddrFrom4([4]byte{22, 1, byte(random.IntN(3)), byte(random.IntN(4))})
				if random.IntN(4) == 0 {
					addr = netip.MustParseAddr(fmt.Sprintf("3ffe:0:%d:%d::%d", random.IntN(2), random.IntN(3), random.IntN(2)))
				}
				stay := time.Duration(random.IntN(1500)) * time.Millisecond
				all.Go(func() {
					if err := d.connect(t.Context(), l, patiently, addr, n, stay); err != nil {
						t.Error(err)
					}
				})
				if random.IntN(3) == 0 {
					time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
				}
				synctest.Wait() // they come one after the other
			}
			all.Wait()
			if len(d.made) != connections {
				t.Fatalf("%d connections", len(d.made))
			}
			wantWithin(t, d.made, l.perHost, func(a netip.Addr) netip.Addr { return a })
			wantWithin(t, d.made, l.perNetwork, networkOf)
			slices.SortStableFunc(d.made, func(a, b connection) int { return a.began.Compare(b.began) })
			last := make(map[netip.Addr]connection)
			for _, v := range d.made {
				if before, ok := last[v.addr]; ok && v.began.After(before.began) && v.n < before.n {
					t.Fatalf("%s: %d came before %d and had to wait for it", v.addr, v.n, before.n)
				}
				last[v.addr] = v
			}
			counts := l.Counts()
			if counts.Waiting != 0 || counts.PutOff != 0 || (counts.Held > 0) != (d.retryAfter != nil) {
				t.Errorf("%+v", counts)
			}
		})
	}
}

// A request that would have to wait too long, or finds too many waiting, is put off at once. One that could
// hope is put off when its time is up.
func TestPutOff(t *testing.T) {
	addr := netip.MustParseAddr("22.1.0.1")
	for _, c := range []struct {
		title    string
		manners  Manners
		stay     time.Duration
		requests int
		made     int
		waits    time.Duration // of those that are put off
	}{
		{"the queue is full", Manners{Queue: 3, MaxWait: time.Hour}, 0, 10, 2 + 3, 0},
		{"the wait would be too long", Manners{Queue: 100, MaxWait: 3 * time.Second}, 0, 20, 2 + 2*2, 0},
		{"none ends", Manners{Queue: 3, MaxWait: 5 * time.Second, HostRate: -1}, time.Hour, 10, 2, 5 * time.Second},
		{"none may wait", Manners{Queue: -1}, 0, 5, 2, 0},
		{"one at a time", Manners{HostConnections: 1, HostRate: -1, Queue: 2, MaxWait: 5 * time.Second}, 2 * time.Second, 5, 1 + 2, 0},
		{"a network", Manners{HostConnections: -1, HostRate: -1, NetworkRate: 1, Queue: 100, MaxWait: 3500 * time.Millisecond}, 0, 10, 1 + 3, 3500 * time.Millisecond},
	} {
		t.Run(c.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(c.manners, 0)
				var d recorder
				var all sync.WaitGroup
				var putOff sync.Map
				for n := range c.requests {
					all.Go(func() {
						began := time.Now()
						if err := d.connect(t.Context(), l, 0, addr, n, c.stay); err != nil {
							putOff.Store(n, time.Since(began))
							if !errors.Is(err, ErrLater) {
								t.Error(err)
							}
						}
					})
					synctest.Wait()
				}
				all.Wait()
				putOffs := 0
				putOff.Range(func(n, waited any) bool {
					putOffs++
					if d := waited.(time.Duration); d != 0 && d != c.waits {
						t.Errorf("%v waited %v in vain", n, d)
					}
					return true
				})
				counts := l.Counts()
				if len(d.made) != c.made || putOffs != c.requests-c.made || counts.PutOff != int64(putOffs) ||
					counts.Waiting != 0 {
					t.Errorf("%d connections, want %d; %d put off, counts %+v", len(d.made), c.made, putOffs, counts)
				}
			})
		})
	}
}

// A request that gives up leaves the queue to the others, and takes no permit.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostConnections: 1, HostRate: -1}, 0)
		addr := netip.MustParseAddr("22.1.0.1")
		var d recorder
		var all sync.WaitGroup
		all.Go(func() { _ = d.connect(t.Context(), l, patiently, addr, 0, 4*time.Second) })
		synctest.Wait()

		stopped := errors.New("stopped")
		cancelled, cancel := context.WithCancelCause(t.Context())
		short, cancelShort := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancelShort()
		for ctx, want := range map[context.Context]error{cancelled: stopped, short: ErrLater} {
			all.Go(func() {
				if err := d.connect(ctx, l, 0, addr, 1, time.Hour); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			})
		}
		synctest.Wait()
		all.Go(func() { _ = d.connect(t.Context(), l, 0, addr, 2, 0) })
		synctest.Wait()
		if counts := l.Counts(); counts.Waiting != 3 {
			t.Errorf("%+v", counts)
		}
		cancel(stopped)
		all.Wait()
		if len(d.made) != 2 || d.made[1].n != 2 || d.made[1].began != d.made[0].end {
			t.Errorf("connections %+v", d.made)
		}
		if counts := l.Counts(); counts != (Counts{Waited: 1, PutOff: 1}) {
			t.Errorf("%+v", counts)
		}
	})
}

// However many requests are for one address, no other one waits for it, not even in its network.
func TestManyForOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{}, 0)
		var giant, others recorder
		var all sync.WaitGroup
		for n := range 1000 {
			all.Go(func() { _ = giant.connect(t.Context(), l, patiently, netip.MustParseAddr("22.1.0.1"), n, time.Second) })
		}
		synctest.Wait()
		for n := range 10 {
			for _, network := range []byte{0, 1, 2} {
				addr := netip.AddrFrom4([4]byte{22, 1, network, byte(10 + n)})
				all.Go(func() {
					began := time.Now()
					if err := others.connect(t.Context(), l, 0, addr, n, time.Second); err != nil {
						t.Error(err)
					}
					if waited := time.Since(began) - time.Second; waited != 0 {
						t.Errorf("%s waited %v for the busy address", addr, waited)
					}
				})
			}
		}
		began := time.Now()
		all.Wait()
		if took := time.Since(began); len(giant.made) != 1000 || took != 500*time.Second {
			t.Errorf("%d connections to one address in %v", len(giant.made), took)
		}
	})
}

// Addresses and networks are forgotten when nothing has to be known of them.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{}, 0)
		addr := netip.MustParseAddr("22.0.0.1")
		held, _, err := l.Acquire(t.Context(), Request{Addr: addr, Host: "mta-sts.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		held.Asked(1)
		held.RetryAfter(time.Minute)
		most := 0
		const addresses, perSecond = 200_000, 1000
		for n := range addresses {
			v4 := netip.AddrFrom4([4]byte{23, byte(n >> 16), byte(n >> 8), byte(n)})
			if n%2 == 0 {
				v4 = netip.AddrFrom16([16]byte{0x3f, 0xfe, 0, byte(n >> 16), byte(n >> 8), byte(n)})
			}
			permit, _, err := l.Acquire(t.Context(), Request{Addr: v4, Host: "mta-sts.example.com"})
			if errors.Is(err, ErrLater) { // its network has had its share
				time.Sleep(time.Second)
				continue
			}
			permit.Release()
			most = max(most, len(l.addresses)+len(l.networks))
			time.Sleep(time.Second / perSecond)
		}
		if most > 4*2*perSecond {
			t.Errorf("%d addresses and networks are kept, and %d were connected to in the last second", most, perSecond)
		}
		if l.addresses[addr] == nil || l.addresses[addr].usage.inFlight != 1 {
			t.Error("an address was forgotten during a connection")
		}
		held.Release()
	})
}

func TestNoManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(NoManners(), 0)
		for range 5000 {
			permit, waited, err := l.Acquire(t.Context(), Request{Addr: netip.MustParseAddr("22.1.0.1"),
				Host: "mta-sts.example.com"})
			if err != nil || waited != 0 {
				t.Fatal(waited, err)
			}
			permit.RetryAfter(time.Hour)
		}
	})
}
