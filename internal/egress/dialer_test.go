package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/codes"
)

const host = "mta-sts.example.com"

func addresses(texts ...string) []netip.Addr {
	var addrs []netip.Addr
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs
}

// resolves is a Resolve function that knows one answer.
func resolves(texts ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) { return addresses(texts...), nil }
}

// dialed remembers what a Dial function was asked for, and fails by address.
type dialed struct {
	addresses []string
	failures  map[string]error
}

func (d *dialed) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.addresses = append(d.addresses, address)
	err, ok := d.failures[address]
	if ok && err == nil { // silence
		<-ctx.Done()
		err = ctx.Err()
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	client, server := net.Pipe()
	server.Close()
	return client, nil
}

func refused() error     { return os.NewSyscallError("connect", syscall.ECONNREFUSED) }
func unreachable() error { return os.NewSyscallError("connect", syscall.EHOSTUNREACH) }

func wantError(t *testing.T, err error, stage codes.Stage, reason codes.PolicyReason, local bool) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want an *Error", err, err)
	}
	if e.PolicyStage() != stage || e.Local() != local || !local && e.PolicyReason() != reason {
		t.Fatalf("error %v: stage %s, reason %s, local %v; want %s, %s, %v", err, e.PolicyStage(), e.PolicyReason(),
			e.Local(), stage, reason, local)
	}
	if !local && !slices.Contains(codes.PolicyReasons(stage), e.PolicyReason()) {
		t.Fatalf("%s is no reason of stage %s", e.PolicyReason(), stage)
	}
}

func TestDialerOrder(t *testing.T) {
	optedOut := netip.MustParsePrefix("22.66.0.0/16")
	for _, c := range []struct {
		title    string
		resolved []string
		failures map[string]error
		noIPv4   bool
		noIPv6   bool
		dialed   string
		stage    codes.Stage // "": connected
		reason   codes.PolicyReason
	}{
		{title: "one", resolved: []string{"22.1.0.1"}, dialed: "22.1.0.1:443"},
		{title: "IPv6 first", resolved: []string{"22.1.0.1", "3ffe::1"}, dialed: "[3ffe::1]:443"},
		{title: "no IPv6 here", resolved: []string{"3ffe::1", "22.1.0.1"}, noIPv6: true, dialed: "22.1.0.1:443"},
		{title: "IPv6 only, none here", resolved: []string{"3ffe::1"}, noIPv6: true, stage: codes.StageTCP, reason: codes.ReasonNoIPv6},
		{title: "no IPv4 here", resolved: []string{"22.1.0.1", "3ffe::1"}, noIPv4: true, dialed: "[3ffe::1]:443"},
		{title: "IPv4 only, none here", resolved: []string{"22.1.0.1", "22.1.0.2"}, noIPv4: true, stage: codes.StageTCP, reason: codes.ReasonNoIPv4},
		{
			title: "no IPv4 here, and IPv6 fails", resolved: []string{"22.1.0.1", "3ffe::1"}, noIPv4: true,
			failures: map[string]error{"[3ffe::1]:443": refused()}, dialed: "[3ffe::1]:443", stage: codes.StageTCP, reason: codes.ReasonRefused,
		},
		{title: "IPv4 only, opted out, none here", resolved: []string{"22.66.0.1"}, noIPv4: true, stage: codes.StageDNS, reason: codes.ReasonOptedOut},
		{
			title: "two of each", resolved: []string{"22.1.0.1", "22.1.0.2", "22.1.0.3", "3ffe::1", "3ffe::2", "3ffe::3"},
			failures: map[string]error{"22.1.0.1:443": refused(), "22.1.0.2:443": unreachable(), "[3ffe::1]:443": refused(), "[3ffe::2]:443": refused()},
			dialed:   "[3ffe::1]:443 [3ffe::2]:443 22.1.0.1:443 22.1.0.2:443", stage: codes.StageTCP, reason: codes.ReasonUnreachable,
		},
		{
			title: "the next after a failure", resolved: []string{"22.1.0.1", "22.1.0.2"},
			failures: map[string]error{"22.1.0.1:443": nil}, dialed: "22.1.0.1:443 22.1.0.2:443",
		},
		{title: "refused", resolved: []string{"22.1.0.1"}, failures: map[string]error{"22.1.0.1:443": refused()}, dialed: "22.1.0.1:443", stage: codes.StageTCP, reason: codes.ReasonRefused},
		{title: "silent", resolved: []string{"22.1.0.1"}, failures: map[string]error{"22.1.0.1:443": nil}, dialed: "22.1.0.1:443", stage: codes.StageTCP, reason: codes.ReasonTimeout},
		{title: "the system gave up", resolved: []string{"22.1.0.1"}, failures: map[string]error{"22.1.0.1:443": syscall.ETIMEDOUT}, dialed: "22.1.0.1:443", stage: codes.StageTCP, reason: codes.ReasonTimeout},
		{title: "reset", resolved: []string{"22.1.0.1"}, failures: map[string]error{"22.1.0.1:443": syscall.ECONNRESET}, dialed: "22.1.0.1:443", stage: codes.StageTCP, reason: codes.ReasonReset},
		{title: "something else", resolved: []string{"22.1.0.1"}, failures: map[string]error{"22.1.0.1:443": errors.New("odd")}, dialed: "22.1.0.1:443", stage: codes.StageTCP, reason: codes.ReasonOther},
		{title: "a private address beside", resolved: []string{"10.0.0.1", "22.1.0.1", "fd00::1"}, dialed: "22.1.0.1:443"},
		{title: "private addresses only", resolved: []string{"10.0.0.1", "::1"}, stage: codes.StageDNS, reason: codes.ReasonForbiddenAddress},
		{title: "opted out", resolved: []string{"22.66.0.1"}, stage: codes.StageDNS, reason: codes.ReasonOptedOut},
		{title: "opted out, private beside", resolved: []string{"22.66.0.1", "10.0.0.1"}, stage: codes.StageDNS, reason: codes.ReasonOptedOut},
		{title: "opted out, another beside", resolved: []string{"22.66.0.1", "22.1.0.1"}, dialed: "22.1.0.1:443"},
		{title: "no address", stage: codes.StageDNS, reason: codes.ReasonNoData},
	} {
		t.Run(c.title, func(t *testing.T) {
			asked := &dialed{failures: c.failures}
			d, err := NewDialer(Config{Resolve: resolves(c.resolved...), Dial: asked.dial, OptedOut: optedOut.Contains,
				DialTimeout: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			d.ipv4, d.ipv6 = !c.noIPv4, !c.noIPv6
			var trace Trace
			conn, err := d.DialContext(WithTrace(WithLastTry(t.Context()), &trace), "tcp", host+":443")
			if c.stage != "" {
				wantError(t, err, c.stage, c.reason, false)
			} else if err != nil {
				t.Fatal(err)
			} else {
				conn.Close()
			}
			if got := strings.Join(asked.addresses, " "); got != c.dialed {
				t.Errorf("dialled %q, want %q", got, c.dialed)
			}
			wantAttempts(t, trace, asked)
			last := netip.AddrPortFrom(trace.Addr, 443).String()
			if n := len(asked.addresses); n > 0 && last != asked.addresses[n-1] {
				t.Errorf("trace names %s as dialled last", trace.Addr)
			}
			forbidden := slices.ContainsFunc(addresses(c.resolved...), func(a netip.Addr) bool { return CheckAddr(a) != nil })
			if !slices.Equal(trace.HostAddrs, addresses(c.resolved...)) || trace.HadForbidden != forbidden {
				t.Errorf("trace %+v", trace)
			}
			if c.reason == codes.ReasonForbiddenAddress && !errors.Is(err, ErrForbiddenAddr) {
				t.Errorf("%v does not wrap %v", err, ErrForbiddenAddr)
			}
		})
	}
}

// wantAttempts compares what the trace says of each dial with what was made of it.
func wantAttempts(t *testing.T, trace Trace, asked *dialed) {
	t.Helper()
	var dialled []string
	for _, a := range trace.Attempts {
		address := netip.AddrPortFrom(a.Addr, 443).String()
		dialled = append(dialled, address)
		failure, failed := asked.failures[address]
		want := codes.ConnectConnected
		switch {
		case failed && (failure == nil || errors.Is(failure, syscall.ETIMEDOUT)):
			want = codes.ConnectTimeout
		case errors.Is(failure, syscall.ECONNREFUSED):
			want = codes.ConnectRefused
		case errors.Is(failure, syscall.EHOSTUNREACH):
			want = codes.ConnectUnreachable
		case errors.Is(failure, syscall.ECONNRESET):
			want = codes.ConnectReset
		case failed:
			want = codes.ConnectOther
		}
		if a.Outcome != want || !slices.Contains(codes.Connects(), a.Outcome) {
			t.Errorf("%s: %s, want %s", address, a.Outcome, want)
		}
	}
	if !slices.Equal(dialled, asked.addresses) {
		t.Errorf("attempts %v, dialled %v", dialled, asked.addresses)
	}
}

// Addresses of one family say nothing about those of the other.
func TestDialerHalfResolved(t *testing.T) {
	half := exactError{codes.ReasonServfail}
	for _, c := range []struct {
		addrs  []netip.Addr
		err    error
		noIPv4 bool
		noIPv6 bool
		stage  codes.Stage // "": connected
		reason codes.PolicyReason
		local  bool
	}{
		{addrs: addresses("127.0.0.1"), err: half, stage: codes.StageDNS, reason: codes.ReasonServfail},
		{addrs: addresses("127.0.0.1"), err: localError{}, stage: codes.StageDNS, local: true},
		{addrs: addresses("127.0.0.1"), stage: codes.StageDNS, reason: codes.ReasonForbiddenAddress},
		{addrs: addresses("22.66.0.1"), err: half, stage: codes.StageDNS, reason: codes.ReasonOptedOut},
		{addrs: addresses("3ffe::1"), err: half, noIPv6: true, stage: codes.StageDNS, reason: codes.ReasonServfail},
		{addrs: addresses("3ffe::1"), noIPv6: true, stage: codes.StageTCP, reason: codes.ReasonNoIPv6},
		{addrs: addresses("22.1.0.1"), err: half, noIPv4: true, stage: codes.StageDNS, reason: codes.ReasonServfail},
		{addrs: addresses("22.1.0.1"), noIPv4: true, stage: codes.StageTCP, reason: codes.ReasonNoIPv4},
		{addrs: addresses("22.1.0.1"), err: half},
	} {
		d, err := NewDialer(Config{
			Resolve:  func(context.Context, string) ([]netip.Addr, error) { return c.addrs, c.err },
			Dial:     new(dialed).dial,
			OptedOut: netip.MustParsePrefix("22.66.0.0/16").Contains,
			NoIPv4:   c.noIPv4,
			NoIPv6:   c.noIPv6,
		})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := d.DialContext(t.Context(), "tcp", host+":443")
		if c.stage == "" && err == nil {
			conn.Close()
			continue
		}
		wantError(t, err, c.stage, c.reason, c.local)
	}
}

func TestDialerOfNoFamily(t *testing.T) {
	_, err := NewDialer(Config{Resolve: resolves("22.1.0.1"), Dial: new(dialed).dial, NoIPv4: true, NoIPv6: true})
	if want := "egress: neither IPv4 nor IPv6 to connect by"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Our own faults are not the host's, and yield to what another address did.
func TestDialerLocal(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		title    string
		ctx      context.Context
		failures map[string]error
		reason   codes.PolicyReason
		local    bool
	}{
		{"no descriptors", t.Context(), map[string]error{"22.1.0.1:443": syscall.EMFILE, "22.1.0.2:443": syscall.ENFILE}, "", true},
		{"no ports", t.Context(), map[string]error{"22.1.0.1:443": syscall.EADDRNOTAVAIL, "22.1.0.2:443": syscall.ENOBUFS}, "", true},
		{"refused after a fault", t.Context(), map[string]error{"22.1.0.1:443": syscall.EMFILE, "22.1.0.2:443": refused()}, codes.ReasonRefused, false},
		{"refused before a fault", t.Context(), map[string]error{"22.1.0.1:443": refused(), "22.1.0.2:443": syscall.EMFILE}, codes.ReasonRefused, false},
		{"cancelled", cancelled, map[string]error{"22.1.0.1:443": nil}, "", true},
	} {
		asked := &dialed{failures: c.failures}
		d, err := NewDialer(Config{Resolve: resolves("22.1.0.1", "22.1.0.2"), Dial: asked.dial})
		if err != nil {
			t.Fatal(err)
		}
		var trace Trace
		_, err = d.DialContext(WithTrace(c.ctx, &trace), "tcp", host+":443")
		t.Log(c.title)
		wantError(t, err, codes.StageTCP, c.reason, c.local)
		for _, a := range trace.Attempts {
			if a.Outcome != codes.ConnectRefused {
				t.Errorf("attempt %+v", a)
			}
		}
	}
}

type exactError struct{ reason codes.PolicyReason }

func (e exactError) Error() string                    { return string(e.reason) }
func (exactError) PolicyStage() codes.Stage           { return codes.StageDNS }
func (e exactError) PolicyReason() codes.PolicyReason { return e.reason }

type localError struct{}

func (localError) Error() string { return "no resolver" }
func (localError) Local() bool   { return true }

func TestDialerResolve(t *testing.T) {
	for _, c := range []struct {
		err    error
		reason codes.PolicyReason
		local  bool
	}{
		{&net.DNSError{IsNotFound: true}, codes.ReasonNXDomain, false},
		{&net.DNSError{IsTimeout: true}, codes.ReasonTimeout, false},
		{&net.DNSError{IsTemporary: true}, codes.ReasonServfail, false},
		{&net.DNSError{}, codes.ReasonOther, false},
		{fmt.Errorf("more: %w", exactError{codes.ReasonCNAMELoop}), codes.ReasonCNAMELoop, false},
		{context.DeadlineExceeded, codes.ReasonTimeout, false},
		{context.Canceled, "", true},
		{&net.DNSError{IsTimeout: true, UnwrapErr: localError{}}, "", true},
	} {
		d, err := NewDialer(Config{
			Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, c.err },
			Dial:    new(dialed).dial,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.DialContext(t.Context(), "tcp", host+":443")
		wantError(t, err, codes.StageDNS, c.reason, c.local)
		if !errors.Is(err, c.err) {
			t.Errorf("%v does not wrap %v", err, c.err)
		}
	}
}

func TestDialerRefusesOtherPlaces(t *testing.T) {
	asked := new(dialed)
	d, err := NewDialer(Config{Resolve: resolves("22.1.0.1"), Dial: asked.dial})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"tcp", host + ":80"}, {"tcp", host}, {"udp", host + ":443"}, {"tcp", "22.1.0.1:443"},
		{"tcp", "[::1]:443"}, {"tcp", "127.0.0.1:443"}} {
		if _, err := d.DialContext(t.Context(), c[0], c[1]); err == nil {
			t.Errorf("%s %s: connected", c[0], c[1])
		}
	}
	if len(asked.addresses) > 0 {
		t.Errorf("dialled %v", asked.addresses)
	}
}

// A name that changes its address between two lookups, and every other way to lead us home, with real sockets:
// nothing arrives at the loopback interface.
func TestDialerRebinding(t *testing.T) {
	var arrived atomic.Int64
	var ports []string
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		defer listener.Close()
		_, port, _ := net.SplitHostPort(listener.Addr().String())
		ports = append(ports, port)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				arrived.Add(1)
				conn.Close()
			}
		}()
	}
	home := addresses("127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
		"2002:7f00:1::1", "::1%lo")
	lookups := 0
	resolve := func(context.Context, string) ([]netip.Addr, error) {
		lookups++
		if lookups%2 == 1 {
			return addresses("22.3.0.1"), nil // a good one, where nothing will be dialled for real
		}
		return home[lookups/2%len(home):][:1], nil
	}
	var dials []string
	real := func(ctx context.Context, network, address string) (net.Conn, error) {
		dials = append(dials, address)
		if address == "22.3.0.1:443" {
			return nil, refused()
		}
		return socketDial(ctx, network, address)
	}
	d, err := NewDialer(Config{Resolve: resolve, Dial: real, DialTimeout: time.Second, Manners: NoManners()})
	if err != nil {
		t.Fatal(err)
	}
	const fetches = 2000
	for i := range fetches {
		before := lookups
		if conn, err := d.DialContext(t.Context(), "tcp", host+":443"); err == nil {
			conn.Close()
			t.Fatal("connected")
		} else if i%2 == 1 && !errors.Is(err, ErrForbiddenAddr) {
			t.Fatalf("%v", err)
		}
		if lookups != before+1 {
			t.Fatalf("%d lookups for one connection", lookups-before)
		}
	}
	if slices.ContainsFunc(dials, func(a string) bool { return a != "22.3.0.1:443" }) || len(dials) != fetches/2 {
		t.Errorf("dialled %v", slices.Compact(slices.Sorted(slices.Values(dials))))
	}

	// The last guard alone, without those before it: real sockets, and the ports where a server listens.
	for _, addr := range home {
		for _, port := range append(ports, "443") {
			conn, err := socketDial(t.Context(), "tcp", net.JoinHostPort(addr.String(), port))
			if !errors.Is(err, ErrForbiddenAddr) {
				t.Errorf("%s: %v %v", addr, conn, err)
			}
		}
	}
	if arrived.Load() != 0 {
		t.Errorf("%d connections arrived at the loopback interface", arrived.Load())
	}
}

func TestNewDialerRefuses(t *testing.T) {
	if _, err := NewDialer(Config{}); err == nil {
		t.Error("no resolver, and no error")
	}
	if _, err := NewTransport(Config{Resolve: resolves(), UserAgent: "a\r\nb"}); err == nil {
		t.Error("a user agent of two lines, and no error")
	}
}
