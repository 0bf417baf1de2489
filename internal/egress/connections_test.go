package egress

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Who waits for a connection is not put off, however long that takes and however
// many wait for the same address, gets it in the order in which all came, and is
// not counted as one who waits for the sake of manners.
func TestConnectionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, visits, stay = 3, 60, 10 * time.Second
		m := NoManners()
		m.Queue, m.MaxWait = 8, 5*time.Second
		turns := newTurns(m, limit)
		var d diary
		var all sync.WaitGroup
		for n := range visits {
			addr := netip.AddrFrom4([4]byte{22, 1, byte(n % 3), byte(n % 2)})
			all.Go(func() {
				if err := d.pay(t.Context(), turns, addr, n, stay); err != nil {
					t.Errorf("%d: %v", n, err)
				}
			})
			synctest.Wait()
		}
		if counts := turns.countsNow(); counts != (MannersCounts{}) {
			t.Errorf("%+v", counts)
		}
		began := time.Now()
		all.Wait()
		for _, v := range d.visits {
			if want := began.Add(time.Duration(v.n/limit) * stay); v.began != want {
				t.Errorf("%d began %v after the first, want %v", v.n, v.began.Sub(began), want.Sub(began))
			}
		}
		want := Connections{Limit: limit, Most: limit, Waited: (visits/limit - 1) * stay}
		if got := turns.connectionsNow(); got != want || turns.connections.open != 0 {
			t.Errorf("%+v, want %+v; %d are open", got, want, turns.connections.open)
		}
	})
}

// A turn that waits for its address holds no connection, and one that waits for a
// connection does not count at its address.
func TestConnectionsBesideManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(Manners{HostConnections: 1, HostRate: -1}, 2)
		busy, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		began := time.Now()
		var d diary
		var all sync.WaitGroup
		for n, addr := range []netip.Addr{busy, busy, other, other, busy} {
			all.Go(func() {
				if err := d.pay(patiently(t), turns, addr, n, 10*time.Second); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		for _, v := range d.visits {
			want := []time.Duration{0, 10 * time.Second, 0, 10 * time.Second, 20 * time.Second}[v.n]
			if got := v.began.Sub(began); got != want {
				t.Errorf("%d began after %v, want %v", v.n, got, want)
			}
		}
		if got := turns.connectionsNow(); got.Waited != 0 {
			t.Errorf("%+v, where nothing but manners was waited for", got)
		}
	})
}

// Patience is about manners: it runs out where the address is what is waited for,
// later by the time in which all connections were in use.
func TestConnectionsAndPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(Manners{HostConnections: 1, HostRate: -1, MaxWait: 5 * time.Second}, 2)
		busy, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		began := time.Now()
		var d diary
		var all sync.WaitGroup
		for n, v := range []struct {
			addr netip.Addr
			stay time.Duration
		}{{busy, time.Minute}, {other, 20 * time.Second}, {netip.MustParseAddr("22.1.2.1"), 0}} {
			all.Go(func() { _ = d.pay(t.Context(), turns, v.addr, n, v.stay) })
			synctest.Wait()
		}
		if err := d.pay(t.Context(), turns, busy, 9, 0); err != errLater {
			t.Error(err)
		}
		if got := time.Since(began); got < 25*time.Second || got > 26*time.Second {
			t.Errorf("put off after %v, want 5 s more than the 20 s without a connection", got)
		}
		all.Wait()
		if len(d.visits) != 3 {
			t.Errorf("%+v", d.visits)
		}
	})
}

// Who gives up while it waits for a connection leaves its place to the next.
func TestConnectionsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(NoManners(), 1)
		var d diary
		var all sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for n, ctx := range []context.Context{t.Context(), ctx, t.Context()} {
			addr := netip.AddrFrom4([4]byte{22, 1, byte(n), 1})
			all.Go(func() { _ = d.pay(ctx, turns, addr, n, 10*time.Second) })
			synctest.Wait()
		}
		time.Sleep(time.Second)
		cancel()
		all.Wait()
		if len(d.visits) != 2 || d.visits[1].n != 2 || d.visits[1].began != d.visits[0].end || turns.connections.open != 0 {
			t.Errorf("%+v, and %d are open", d.visits, turns.connections.open)
		}
	})
}

// One count is for Policy Hosts and mail servers. To wait for a connection takes
// nothing from the time of the host, and no retrieval waits for one while it has one.
func TestTransportConnections(t *testing.T) {
	p := newPKI(t)
	nameless := func(conn net.Conn) { // alert 80: it is asked once more, without a name
		head := make([]byte, 5)
		_, _ = io.ReadFull(conn, head)
		_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint16(head[3:])))
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 80})
		conn.Close()
	}
	transport := reach(t, p, Config{Connections: 1, Manners: NoManners()}, nameless)
	door := transport.MailDoor()
	mail, err := door.Dial(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	const requests = 3
	for range requests {
		all.Go(func() {
			var trace Trace
			ctx := WithTimeout(WithTrace(t.Context(), &trace), time.Minute)
			_, err := fetch(t, ctx, transport)
			if trace.TLSAlert != 80 || trace.TurnTime == 0 {
				t.Errorf("%v, %+v", err, trace)
			}
		})
	}
	for transport.Connections().Waited == 0 && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
	mail.Close()
	all.Wait()
	if got := transport.Connections(); got.Limit != 1 || got.Most != 1 {
		t.Errorf("%+v", got)
	}
}

// The limit of all connections holds beside those of addresses and networks, at any
// moment, and everybody gets a turn.
func TestConnectionsKeepTheirLimit(t *testing.T) {
	for limit := 1; limit <= 7; limit += 3 {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := newTurns(Manners{HostConnections: 2, HostRate: 2.5, NetworkConnections: 3, NetworkRate: 7}, limit)
				d := diary{retryAfter: func(n int) time.Duration { return max(0, time.Duration(n%9-5)) * 2 * time.Second }}
				var all sync.WaitGroup
				const visits = 200
				for n := range visits {
					addr := netip.AddrFrom4([4]byte{22, 1, byte(n * n % 5), byte(n % 3)})
					all.Go(func() {
						if err := d.pay(patiently(t), turns, addr, n, time.Duration(n*37%1500)*time.Millisecond); err != nil {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if len(d.visits) != visits {
					t.Fatalf("%d visits", len(d.visits))
				}
				wantWithin(t, d.visits, turns.host, func(a netip.Addr) netip.Addr { return a })
				wantWithin(t, d.visits, turns.subnet, networkOf)
				wantWithin(t, d.visits, newLimit(limit, -1), func(netip.Addr) string { return "all" })
				if got := turns.connectionsNow(); got.Most != limit {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// Who is in line for a connection when a host at its address sends a Retry-After waits for
// as long as manners then say.
func TestConnectionsAndRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(Manners{HostRate: 1}, 2)
		held, other := netip.MustParseAddr("22.1.0.1"), netip.MustParseAddr("22.1.1.1")
		first, _, err := turns.take(t.Context(), held, "host-1")
		if err != nil {
			t.Fatal(err)
		}
		last, _, err := turns.take(t.Context(), other, "host-2")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(1200*time.Millisecond, func() { first.asked(1); first.hold(time.Minute) })
		time.AfterFunc(1300*time.Millisecond, last.leave)
		second, waited, err := turns.take(t.Context(), held, "host-3")
		if err != nil || waited != 2*time.Second {
			t.Fatalf("waited %v for half the rate, %v", waited, err)
		}
		first.leave()
		second.leave()
	})
}
