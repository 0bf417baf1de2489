package egress

import (
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// A socks is a SOCKS5 proxy (RFC 1928) that gives one reply to every request.
type socks struct {
	url     *url.URL
	asked   atomic.Value // of string: the last request in hexadecimal
	listen  net.Listener
	clients atomic.Int64
}

// newSOCKS starts a proxy; play gets the connection after the request was read.
func newSOCKS(t *testing.T, play func(conn net.Conn)) *socks {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	s := &socks{url: &url.URL{Scheme: "socks5", Host: listener.Addr().String()}, listen: listener}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.clients.Add(1)
			go func() {
				defer conn.Close()
				greeting := make([]byte, 3)
				if _, err := io.ReadFull(conn, greeting); err != nil {
					return
				}
				_, _ = conn.Write([]byte{5, 0})
				request := make([]byte, 64)
				n, err := conn.Read(request)
				if err != nil {
					return
				}
				s.asked.Store(hex.EncodeToString(request[:n]))
				play(conn)
			}()
		}
	}()
	return s
}

// replies answers the request with a code and nothing else.
func replies(code byte) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
		waitForEnd(conn)
	}
}

func TestProxy(t *testing.T) {
	p := newPKI(t)
	// CONNECT to the literal address, port 443
	const v4, v6 = "050100011601000101bb", "050100043ffe00000000000000000000000000" + "0101bb"
	site := overTLS(p.good(t), says("HTTP/1.1 204 No Content\r\n\r\n"))
	served := func(conn net.Conn) {
		_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		site(conn)
	}
	for title, c := range map[string]struct {
		play   func(net.Conn)
		addr   string
		asked  string
		stage  codes.Stage
		reason codes.PolicyReason
		local  bool
	}{
		"served":              {play: served, addr: "22.1.0.1", asked: v4},
		"served over IPv6":    {play: served, addr: "3ffe::1", asked: v6},
		"refused":             {replies(5), "22.1.0.1", v4, codes.StageTCP, codes.ReasonRefused, false},
		"host unreachable":    {replies(4), "22.1.0.1", v4, codes.StageTCP, codes.ReasonUnreachable, false},
		"network unreachable": {replies(3), "22.1.0.1", v4, codes.StageTCP, codes.ReasonUnreachable, false},
		"TTL expired":         {replies(6), "22.1.0.1", v4, codes.StageTCP, codes.ReasonTimeout, false},
		"general failure":     {replies(1), "22.1.0.1", v4, codes.StageTCP, codes.ReasonOther, false},
		"not allowed":         {replies(2), "22.1.0.1", v4, codes.StageTCP, codes.ReasonUnreachable, false},
		"address type":        {replies(8), "22.1.0.1", v4, codes.StageTCP, codes.ReasonUnreachable, false},
		"unknown reply":       {replies(42), "22.1.0.1", v4, codes.StageTCP, codes.ReasonOther, false},
		"unknown command":     {replies(7), "22.1.0.1", v4, codes.StageTCP, "", true}, // it makes no connection
		"silence":             {waitForEnd, "22.1.0.1", v4, codes.StageTCP, codes.ReasonTimeout, false},
		"end":                 {func(net.Conn) {}, "22.1.0.1", v4, codes.StageTCP, codes.ReasonOther, false},
		"no SOCKS": {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); waitForEnd(c) },
			"22.1.0.1", v4, codes.StageTCP, "", true},
		"reset after the reply": {func(c net.Conn) {
			_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
			_ = c.(*net.TCPConn).SetLinger(0)
		}, "22.1.0.1", v4, codes.StageTLS, codes.PolicyReason(codes.TLSReset), false},
		"forbidden": {play: served, addr: "127.0.0.1", stage: codes.StageDNS, reason: codes.ReasonForbiddenAddress},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			proxy := newSOCKS(t, c.play)
			timeout := 5 * time.Second
			if title == "silence" {
				timeout = time.Second
			}
			transport := reach(t, p, Config{Proxy: proxy.url, Resolve: resolves(c.addr), DialTimeout: timeout}, nil)
			_, err := fetch(t, WithLastTry(t.Context()), transport)
			if c.stage != "" {
				wantError(t, err, c.stage, c.reason, c.local)
			} else if err != nil {
				t.Error(err)
			}
			if asked, _ := proxy.asked.Load().(string); asked != c.asked {
				t.Errorf("the proxy was asked %q, want %q", asked, c.asked)
			}
		})
	}
}

// What a proxy says may be about the address, or about all of them: each reply by the rule for addresses that
// are out of reach.
func TestProxyOutOfReach(t *testing.T) {
	p := newPKI(t)
	for title, c := range map[string]struct {
		play func(net.Conn)
		want string
	}{
		"refused": {replies(5), "refused"}, "general failure": {replies(1), "other"}, "not allowed": {replies(2), "unsettled"},
		"network unreachable": {replies(3), "unsettled"}, "host unreachable": {replies(4), "unsettled"},
		"address type": {replies(8), "unsettled"}, "unknown reply": {replies(42), "unsettled"}, "end": {func(net.Conn) {}, "unsettled"},
		"unknown command": {replies(7), "fault"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			transport := reach(t, p, Config{Proxy: newSOCKS(t, c.play).url}, nil)
			if _, err := fetch(t, t.Context(), transport); blameOf(err) != c.want {
				t.Errorf("%s, want %s: %v", blameOf(err), c.want, err)
			}
			transport = reach(t, p, Config{Proxy: newSOCKS(t, c.play).url}, nil)
			for i := range manyNetworks {
				_, _ = transport.dialer.connect(t.Context(), host, netip.AddrFrom4([4]byte{22, byte(i), 0, 1}))
			}
			want := strings.ReplaceAll(c.want, "unsettled", "ours")
			if _, err := fetch(t, t.Context(), transport); blameOf(err) != want {
				t.Errorf("%d networks later %s, want %s: %v", manyNetworks, blameOf(err), want, err)
			}
		})
	}
}

// A proxy that is not there is our own fault.
func TestProxyAbsent(t *testing.T) {
	proxy := newSOCKS(t, waitForEnd)
	proxy.listen.Close()
	p := newPKI(t)
	for _, timeout := range []time.Duration{5 * time.Second, 1} { // 1 ns: it does not answer in time
		transport := reach(t, p, Config{Proxy: proxy.url, DialTimeout: timeout}, nil)
		_, err := fetch(t, t.Context(), transport)
		wantError(t, err, codes.StageTCP, "", true)
	}
}

func TestProxyURLs(t *testing.T) {
	for text, ok := range map[string]bool{
		"socks5://127.0.0.1:1080": true, "socks5://proxy.example": true, "socks5://a:b@[::1]:9050/": true,
		"socks5h://127.0.0.1:1080": false, "http://127.0.0.1:3128": false, "127.0.0.1:1080": false, "socks5://": false,
		"socks5://127.0.0.1/path": false, "": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			u = &url.URL{Path: text}
		}
		if _, err := NewDialer(Config{Resolve: resolves(), Proxy: u}); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := NewDialer(Config{Resolve: resolves(), Proxy: &url.URL{Scheme: "socks5", Host: "127.0.0.1:1"},
		Dial: new(dialed).dial}); err == nil {
		t.Error("a proxy and a dial function, and no error")
	}
}
