package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
)

// A plain is a network in which every address connects, but those that a test closes.
type plain struct {
	mu     sync.Mutex
	closed map[string]error // by address
}

func (p *plain) dial(_ context.Context, network, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.closed[host]; err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	client, server := net.Pipe()
	server.Close()
	return client, nil
}

// open makes a Transport over the network.
func (p *plain) open(t *testing.T) *Transport {
	t.Helper()
	transport, err := NewTransport(Config{
		Manners: NoManners(), Dial: p.dial,
		Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
			return addresses(hostAddrs[host]...), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// hostAddrs are the addresses of the hosts of these tests: v4-N and v6-N, each in a network of its own, near-N
// in one network, both-N with one of each.
var hostAddrs = func() map[string][]string {
	hosts := make(map[string][]string)
	for i := range 32 {
		v4, v6 := fmt.Sprintf("22.%d.0.1", i), fmt.Sprintf("3ffe:%x::1", i)
		hosts[fmt.Sprint("v4-", i)], hosts[fmt.Sprint("v6-", i)] = []string{v4}, []string{v6}
		hosts[fmt.Sprint("both-", i)] = []string{v4, v6}
		hosts[fmt.Sprint("near-", i)] = []string{fmt.Sprintf("3ffe:ffff:%x::1", i)}
	}
	return hosts
}()

// close closes the addresses of one family of hosts.
func (p *plain) close(err error, ipv6 bool, hosts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = make(map[string]error)
	for _, host := range hosts {
		for _, addr := range addresses(hostAddrs[host]...) {
			if addr.Is6() == ipv6 {
				p.closed[addr.String()] = err
			}
		}
	}
}

// blameOf is whose fault a dial says that it is.
func blameOf(err error) string {
	var e *Error
	switch {
	case err == nil:
		return "connected"
	case !errors.As(err, &e):
		return err.Error()
	case e.OutOfReach() && e.Local() && e.isOurs():
		return "ours"
	case e.OutOfReach() && e.Local():
		return "unsettled"
	case e.Local():
		return "fault"
	}
	return string(e.PolicyReason())
}

func numbered(letter string, from, to int) (hosts []string) {
	for i := from; i < to; i++ {
		hosts = append(hosts, fmt.Sprint(letter, "-", i))
	}
	return hosts
}

// Whose fault it is that addresses are out of reach: each step dials its hosts at once, in its context.
func TestWhoseFault(t *testing.T) {
	type step struct {
		closed  error // of the IPv6 addresses of its hosts; nil: they connect
		hosts   []string
		port    uint16 // 0: 443
		context func(context.Context) context.Context
		want    string
	}
	began := func(after time.Duration) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			return WithEarlierFailure(ctx, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(after)) // when synctest begins
		}
	}
	longAgo := func(ctx context.Context) context.Context { return WithEarlierFailure(ctx, time.Time{}) }
	const rejected = syscall.EACCES
	fails := func(from, to int, want string, in ...func(context.Context) context.Context) step {
		s := step{closed: rejected, hosts: numbered("v6", from, to), want: want}
		if len(in) > 0 {
			s.context = in[0]
		}
		return s
	}
	connects := func(host string) step { return step{hosts: []string{host}, want: "connected"} }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"one, and nothing else", []step{fails(0, 1, "unsettled")}},
		{"seven networks", []step{fails(0, 7, "unsettled")}},
		{"eight networks", []step{fails(0, 8, "ours")}},
		{"one network of many addresses", []step{{closed: rejected, hosts: numbered("near", 0, 20), want: "unsettled"}}},
		{"one after the other", []step{fails(0, 7, "unsettled"), fails(7, 8, "ours")}},
		{"the last try", []step{fails(0, 7, "unreachable", WithLastTry)}},
		{"the last try, and many", []step{fails(0, 8, "ours"), fails(0, 1, "ours", WithLastTry)}},
		{"connected before, and not since", []step{
			connects("v6-0"), fails(1, 2, "unsettled"), fails(2, 9, "ours"),
		}},
		{"a connection begins the count anew", []step{
			fails(0, 7, "unsettled"), connects("v6-9"), fails(10, 17, "unsettled"),
		}},
		{"IPv4 says nothing about IPv6", []step{
			fails(0, 7, "unsettled"), connects("v4-9"), fails(7, 8, "ours"),
		}},
		{"port 25 says nothing about port 443", []step{
			{closed: rejected, hosts: numbered("v6", 0, 8), port: 25, want: "ours"}, fails(0, 7, "unsettled"),
		}},
		{"a refusal is no connection", []step{
			fails(0, 7, "unsettled"), {closed: syscall.ECONNREFUSED, hosts: numbered("v6", 9, 10), want: "refused"},
			fails(7, 8, "ours"),
		}},
		{"did not connect when others did", []step{fails(0, 20, "unreachable", longAgo)}},
		{"and tells nothing of us", []step{fails(0, 20, "unreachable", longAgo), fails(20, 21, "unsettled")}},
		{"failed before, and others connected since", []step{
			fails(0, 8, "ours"), fails(0, 1, "ours", began(0)),
			connects("v6-9"), fails(0, 8, "unreachable", began(-time.Second)),
		}},
		{"failed before, and others connected earlier", []step{connects("v6-9"), fails(0, 8, "ours", began(time.Second))}},
		{"no descriptors", []step{{closed: syscall.EMFILE, hosts: numbered("v6", 0, 8), want: "fault"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := new(plain)
				dialer := network.open(t).dialer
				for i, s := range tt.steps {
					network.close(s.closed, true, s.hosts...)
					at := *dialer
					if s.port != 0 {
						at.port = s.port
					}
					ctx := t.Context()
					if s.context != nil {
						ctx = s.context(ctx)
					}
					var all sync.WaitGroup
					for _, host := range s.hosts {
						all.Go(func() {
							conn, err := at.DialContext(ctx, "tcp", fmt.Sprint(host, ":", at.port))
							if got := blameOf(err); got != s.want {
								t.Errorf("step %d, %s: %s, want %s: %v", i, host, got, s.want, err)
							}
							if err == nil {
								conn.Close()
							}
						})
					}
					all.Wait()
				}
			})
		})
	}
}

// A failure is the address's own when another connection is made a moment later, whatever the system called it.
// Those of want stay ours.
func TestDecidedByConnection(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		want  string
	}{
		{syscall.EACCES, "unreachable"}, {syscall.EPERM, "unreachable"}, {syscall.EINVAL, "unreachable"},
		{syscall.EHOSTUNREACH, "unreachable"}, {syscall.ENETUNREACH, "unreachable"},
		{syscall.ENETDOWN, "unreachable"}, {syscall.EHOSTDOWN, "unreachable"},
		{syscall.EMFILE, "fault"}, {syscall.ENFILE, "fault"}, {syscall.ENOBUFS, "fault"}, {syscall.ENOMEM, "fault"},
		{syscall.EADDRNOTAVAIL, "fault"},
	} {
		for _, family := range []string{"v4", "v6"} {
			synctest.Test(t, func(t *testing.T) {
				network := new(plain)
				network.close(os.NewSyscallError("connect", c.errno), family == "v6", family+"-0")
				dialer := network.open(t).dialer
				time.AfterFunc(time.Second, func() {
					if conn, err := dialer.DialContext(t.Context(), "tcp", family+"-1:443"); err == nil {
						conn.Close()
					}
				})
				var trace Trace
				_, err := dialer.DialContext(WithTrace(t.Context(), &trace), "tcp", family+"-0:443")
				if blameOf(err) != c.want || trace.ConnectTime != 0 { // to connect took no time
					t.Errorf("%v, %s: %s in %v, want %s", c.errno, family, blameOf(err), trace.ConnectTime, c.want)
				}
				time.Sleep(time.Second)
			})
		}
	}
}

// Where this machine has no route for the family, that is known at once.
func TestNoRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(plain)
		network.close(syscall.ENETUNREACH, true, "v6-0")
		dialer := network.open(t).dialer
		dialer.families.of(443, true).hasRoute = func() bool { return false }
		began := time.Now()
		for _, ctx := range []context.Context{
			t.Context(), WithLastTry(t.Context()), WithEarlierFailure(t.Context(), time.Time{}),
		} {
			if _, err := dialer.DialContext(ctx, "tcp", "v6-0:443"); blameOf(err) != "ours" || time.Since(began) > 0 {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
	})
}

// What is known to be ours is no evidence about an address whose host connected by another one.
func TestAbsolved(t *testing.T) {
	for networks, want := range map[int][]codes.Connect{
		manyNetworks - 2: {codes.ConnectUnreachable, codes.ConnectConnected},
		manyNetworks - 1: {codes.ConnectConnected},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := new(plain)
			hosts := numbered("v6", 0, networks)
			network.close(syscall.EACCES, true, append(hosts, "both-9")...)
			dialer := network.open(t).dialer
			for _, host := range hosts {
				_, _ = dialer.DialContext(t.Context(), "tcp", host+":443")
			}
			var trace Trace
			conn, err := dialer.DialContext(WithTrace(t.Context(), &trace), "tcp", "both-9:443")
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			var got []codes.Connect
			for _, a := range trace.Attempts {
				got = append(got, a.Outcome)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d networks failed before: %v, want %v", networks, got, want)
			}
		})
	}
}

// A process that goes on knows when the one before made its last connection.
func TestReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(plain)
		network.close(syscall.EACCES, true, "v6-0", "v6-1")
		first := network.open(t)
		for _, host := range []string{"v6-0", "v6-1", "v6-0", "v4-0"} {
			if conn, err := first.dialer.DialContext(t.Context(), "tcp", host+":443"); err == nil {
				conn.Close()
			}
		}
		want := []Reach{{Port: 443, Made: 1, Last: time.Now()}, {Port: 443, IPv6: true, OutOfReach: 2}}
		if got := first.Reached(); !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		if conn, err := first.dialer.DialContext(t.Context(), "tcp", "v6-2:443"); err == nil {
			conn.Close()
		}
		if got := first.Reached()[1]; got.Made != 1 || got.OutOfReach != 0 {
			t.Errorf("%+v", got)
		}
		second := network.open(t)
		second.Recall(append(first.Reached(),
			Reach{Port: 80, Last: time.Now()}, Reach{Port: 25, Last: time.Now().Add(time.Hour)}))
		before := WithEarlierFailure(t.Context(), time.Now().Add(-time.Second))
		if _, err := second.dialer.DialContext(before, "tcp", "v6-0:443"); blameOf(err) != "unreachable" {
			t.Error(err)
		}
		if got := second.Reached()[2]; got.Port != 25 || got.Last.After(time.Now()) {
			t.Errorf("%+v is in the future", got)
		}
	})
}
