package limiter

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// giant is an address of many hosts.
var giant = netip.MustParseAddr("22.1.0.1")

// hears asks the n-th host of an address in a pass, as soon as it may; the host sends a Retry-After of wait.
func hears(t *testing.T, l *Limiter, addr netip.Addr, n, pass int, wait time.Duration) {
	t.Helper()
	permit, _, err := l.Acquire(t.Context(), Request{addr, fmt.Sprintf("host-%d", n), patiently})
	if err != nil {
		t.Fatal(err)
	}
	permit.Asked(pass)
	if wait != 0 {
		permit.RetryAfter(wait)
	}
	permit.Release()
}

// waits is how long a connection to an address has to wait.
func waits(t *testing.T, l *Limiter, addr netip.Addr, n int) time.Duration {
	t.Helper()
	began := time.Now()
	permit, _, err := l.Acquire(t.Context(), Request{addr, fmt.Sprintf("host-%d", n), patiently})
	if err != nil {
		t.Fatal(err)
	}
	permit.Release()
	return time.Since(began)
}

// A Retry-After keeps us from its own host, as long as it is honoured.
func TestRetryAfterOfAHost(t *testing.T) {
	for _, c := range []struct{ asked, most, held time.Duration }{
		{7 * time.Second, 0, 7 * time.Second},
		{4e9 * time.Second, 0, 10 * time.Minute},
		{4e9 * time.Second, time.Minute, time.Minute},
		{7 * time.Second, -1, 0},
		{-time.Second, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := New(Manners{HostRate: -1, MaxRetryAfter: c.most, Queue: 2, MaxWait: time.Second}, 0)
			hears(t, l, giant, 1, 1, c.asked)
			began := time.Now()
			permit, _, err := l.Acquire(t.Context(), Request{Addr: giant, Host: "host-1"})
			var back *DeferredError
			switch {
			case c.held == 0 && err == nil:
				permit.Release()
			case c.held == 0 || !errors.Is(err, ErrLater) || !errors.As(err, &back) || !back.Until.Equal(began.Add(c.held)):
				t.Errorf("%+v: %v", c, err)
			}
			if waited := waits(t, l, giant, 2); waited != 0 {
				t.Errorf("%+v: another host waited %v", c, waited)
			}
			if waited := waits(t, l, giant.Next(), 1); waited != c.held {
				t.Errorf("%+v: the host waited %v at another address", c, waited)
			}
			if took := time.Since(began); took != c.held {
				t.Errorf("%+v: held for %v", c, took)
			}
		})
	}
}

// An address is left alone while at least three hosts there, and half of the last eight, have sent a
// Retry-After.
func TestRetryAfterOfAnAddress(t *testing.T) {
	const no, yes, soon = 0, 600 * time.Second, 30 * time.Second
	for _, c := range []struct {
		title string
		waits []time.Duration // of the hosts, one after the other
		held  time.Duration
	}{
		{"one", []time.Duration{yes}, 0},
		{"two", []time.Duration{yes, yes}, 0},
		{"three of three", []time.Duration{yes, yes, yes}, yes},
		{"three of six", []time.Duration{no, no, no, yes, yes, yes}, yes},
		{"three of seven", []time.Duration{no, no, no, no, yes, yes, yes}, 0},
		{"three of the last eight", []time.Duration{no, no, no, no, no, yes, yes, yes}, 0},
		{"four of the last eight", []time.Duration{no, no, no, no, no, no, yes, yes, yes, yes}, yes},
		{"four long ago", []time.Duration{yes, no, no, no, no, no, no, no, yes, yes, yes}, 0},
		{"one for long", []time.Duration{yes, soon, soon}, soon},
		{"two for long", []time.Duration{soon, yes, yes}, soon},
		{"the third for long comes after the first hold", []time.Duration{soon, yes, yes, yes}, yes - soon},
	} {
		t.Run(c.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := New(Manners{HostRate: -1}, 0)
				sent := 0
				for n, wait := range c.waits {
					hears(t, l, giant, n, 1, wait)
					if wait > 0 {
						sent++
					}
				}
				if waited := waits(t, l, giant.Next(), 100); waited != 0 {
					t.Errorf("another address waited %v", waited)
				}
				if waited := waits(t, l, giant, 100); waited != c.held {
					t.Errorf("held for %v, want %v", waited, c.held)
				}
				if held := l.Counts().Held; held != int64(sent) {
					t.Errorf("%d counted, want %d", held, sent)
				}
			})
		})
	}
}

// A host that is asked again counts once, by its last response.
func TestRetryAfterOnceAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: -1}, 0)
		for range 5 {
			hears(t, l, giant, 1, 1, time.Minute)
			hears(t, l, giant, 2, 1, 0)
		}
		if waited := waits(t, l, giant, 100); waited != 0 {
			t.Errorf("one host of two, asked often, held the address for %v", waited)
		}
	})
}

// While one host is left alone, the others have half the rate, in the order of their arrival, and then the
// whole again.
func TestRetryAfterHalvesTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: 2}, 0)
		hears(t, l, giant, 0, 1, 600*time.Second)
		began := time.Now()
		var at []time.Duration
		for n := range 2000 {
			if got := waits(t, l, giant, 1+n); got > 2*time.Second {
				t.Fatalf("host %d waited %v", n, got)
			}
			at = append(at, time.Since(began))
		}
		slow := 0
		for i, a := range at {
			if a < 600*time.Second {
				slow++
			}
			if i > 2 && a < 600*time.Second && a-at[i-2] < 2*time.Second {
				t.Fatalf("three connections in %v", a-at[i-2])
			}
		}
		if slow < 590 || slow > 610 {
			t.Errorf("%d connections in 600 s, want one a second", slow)
		}
		rest, seconds := at[len(at)-1]-600*time.Second, time.Duration(2000-slow)*time.Second/2
		if rest < seconds-time.Second || rest > seconds {
			t.Errorf("%d connections in the %v after that, want two a second", 2000-slow, rest)
		}
	})
}

// A Retry-After that is over does not lengthen a wait.
func TestRetryAfterEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: 0.01}, 0)
		hears(t, l, giant, 1, 1, 150*time.Second)
		if waited := waits(t, l, giant, 2); waited != 150*time.Second {
			t.Errorf("waited %v for one in 200 s, which its end makes one in 100 s after 150 s", waited)
		}
	})
}

// However often its hosts agree, an address is left alone for ten minutes in sum in a pass. Each host is left
// alone as long as it asks for.
func TestRetryAfterInSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostConnections: 4, HostRate: -1}, 0)
		n := 0
		sum := func(pass int) (sum time.Duration) {
			for range 20 {
				var four []*Permit
				for range 4 {
					permit, _, err := l.Acquire(t.Context(), Request{giant, fmt.Sprintf("host-%d", n), patiently})
					if err != nil {
						t.Fatal(err)
					}
					permit.Asked(pass)
					four = append(four, permit)
					n++
				}
				for _, permit := range four {
					permit.RetryAfter(90 * time.Second)
					permit.Release()
				}
				held := waits(t, l, giant, 1_000_000)
				if own := waits(t, l, giant, n-1); held+own != 90*time.Second {
					t.Errorf("a host waited %v", held+own)
				}
				sum += held
			}
			return sum
		}
		if got := sum(1); got != mostHeld {
			t.Errorf("held for %v in the first pass", got)
		}
		if got := sum(1); got != 0 {
			t.Errorf("held for %v more in the first pass", got)
		}
		if got := sum(2); got != mostHeld {
			t.Errorf("held for %v in the second pass", got)
		}
		if got := sum(1); got != 0 {
			t.Errorf("held for %v for the sake of hosts that are late", got)
		}
	})
}

// Any number of hosts with a Retry-After costs bounded memory, and so do their addresses.
func TestDeferralsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: -1, HostConnections: -1, NetworkRate: -1, NetworkConnections: -1}, 0)
		const hosts = mostDeferrals + 10_000
		for n := range hosts {
			permit, _, err := l.Acquire(t.Context(), Request{giant, fmt.Sprint(n), patiently})
			if err != nil {
				t.Fatal(err)
			}
			permit.Asked(n) // each in a pass of its own
			l.deferrals.note(permit.waiter.host, time.Now().Add(time.Hour), time.Now())
			permit.Release()
		}
		if got := len(l.deferrals.until); got != mostDeferrals {
			t.Errorf("%d deferrals are kept, want %d", got, mostDeferrals)
		}
		if got := len(l.addresses[giant].recent); got != recentHosts {
			t.Errorf("%d hosts of the address are kept", got)
		}
		time.Sleep(2 * time.Hour)
		l.deferrals.note(1, time.Now().Add(time.Hour), time.Now())
		if got := len(l.deferrals.until); got != 1 {
			t.Errorf("%d deferrals are kept, of which one is not over", got)
		}

		for n := range 2*mostHistories + 10 {
			l.addresses[netip.AddrFrom4([4]byte{23, byte(n >> 16), byte(n >> 8), byte(n)})] = &address{held: time.Second}
		}
		l.forget(time.Now())
		if got := len(l.addresses); got > mostHistories+1 {
			t.Errorf("%d addresses are kept", got)
		}
	})
}

// A host that asked to be left alone, and would then have to wait for others, is put off by its own
// Retry-After, not by its address.
func TestRetryAfterBesideOthers(t *testing.T) {
	const rest, patience, others = 50 * time.Second, time.Minute, 10
	synctest.Test(t, func(t *testing.T) {
		l := New(Manners{HostRate: 1}, 0)
		hears(t, l, giant, 0, 1, rest)
		until := time.Now().Add(rest)
		var asking sync.WaitGroup
		defer asking.Wait()
		for n := range others {
			asking.Go(func() { waits(t, l, giant, 1+n) })
		}
		synctest.Wait()
		var back *DeferredError
		if _, _, err := l.Acquire(t.Context(), Request{giant, "host-0", patience}); !errors.As(err, &back) ||
			!back.Until.Equal(until) {
			t.Errorf("error %v", err)
		}
	})
}
