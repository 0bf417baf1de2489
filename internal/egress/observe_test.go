package egress

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// Each request is observed once, by its method and one word of a small set; one that was put off was not made.
func TestObserve(t *testing.T) {
	p := newPKI(t)
	cert := p.good(t)
	status := func(line string) func(net.Conn) {
		return overTLS(cert, says("HTTP/1.1 "+line+"\r\nContent-Length: 0\r\n\r\n"))
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		title, want string
		play        func(net.Conn)
		config      Config
		ctx         context.Context
	}{
		{title: "well", want: "2xx", play: status("200 OK")},
		{title: "early", want: "1xx", play: status("101 Switching Protocols")},
		{title: "redirect", want: "3xx", play: status("301 Moved")},
		{title: "missing", want: "4xx", play: status("404 Not Found")},
		{title: "broken", want: "5xx", play: status("599 x")},
		{title: "odd", want: "other", play: status("999 x")},
		{title: "no name", want: "dns", config: Config{Resolve: resolves()}},
		{title: "special-purpose", want: "dns", config: Config{Resolve: resolves("127.0.0.1")}},
		{title: "no way", want: "tcp", config: Config{NoIPv4: true}},
		{title: "no certificate", want: "tls", play: func(net.Conn) {}},
		{title: "no response", want: "http", play: overTLS(cert, func(net.Conn) {})},
		{title: "cancelled", want: "local", ctx: cancelled},
	} {
		var observed []string
		tt.config.Observe = func(method, result string, d time.Duration) {
			if observed = append(observed, method+" "+result); d < 0 || !slices.Contains(RequestResults(), result) {
				t.Errorf("%s: %s took %v", tt.title, result, d)
			}
		}
		if tt.play == nil {
			tt.play = func(net.Conn) {}
		}
		if tt.ctx == nil {
			tt.ctx = t.Context()
		}
		transport := reach(t, p, tt.config, tt.play)
		_, _ = fetch(t, tt.ctx, transport)
		if want := []string{http.MethodGet + " " + tt.want}; !slices.Equal(observed, want) {
			t.Errorf("%s: %q, want %q", tt.title, observed, want)
		}
	}
}

// What a request waits for its turn is no part of its time, and one that does not get its turn is none.
func TestObserveWithoutWaits(t *testing.T) {
	p := newPKI(t)
	var observed []time.Duration
	transport := reach(t, p, Config{
		Manners: Manners{HostConnections: -1, HostRate: 4, Queue: 1},
		Observe: func(_, _ string, d time.Duration) { observed = append(observed, d) },
	}, overTLS(p.good(t), says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
	var last Trace
	var whole time.Duration
	for range 5 { // four in any second
		last = Trace{}
		began := time.Now()
		if _, err := fetch(t, WithTrace(t.Context(), &last), transport); err != nil {
			t.Fatal(err)
		}
		whole = time.Since(began)
	}
	if len(observed) != 5 || observed[4] > whole-last.WaitTime {
		t.Errorf("observed %v; the last one waited %v of %v", observed, last.WaitTime, whole)
	}
	observed, transport.dialer.limiter = nil, limiter.New(Manners{HostRate: 0.001, Queue: -1}, 0)
	_, first := fetch(t, t.Context(), transport)
	_, second := fetch(t, t.Context(), transport)
	if e := new(Error); first != nil || !errors.As(second, &e) || !e.Later() || len(observed) != 1 {
		t.Errorf("%v, then %v, and %d were observed; want one of them, and one that was put off", first, second,
			len(observed))
	}
}

// The wait for the turn of a second handshake, without a name, is none of it either.
func TestObserveSecondHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPKI(t)
		refuses := choosy(p.good(t), new(atomic.Int64))
		var observed time.Duration
		transport, err := NewTransport(Config{
			Resolve: resolves("22.1.0.1"), Roots: p.roots(), Now: noon,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() { defer far.Close(); refuses(far) }()
				return near, nil
			},
			Manners: Manners{HostConnections: 1, HostRate: 1}, Connections: 1,
			Observe: func(_, _ string, d time.Duration) { observed = d },
		})
		if err != nil {
			t.Fatal(err)
		}
		var trace Trace
		_, err = fetch(t, WithTrace(t.Context(), &trace), transport)
		if err == nil || !trace.ClientLimit || trace.WaitTime != time.Second || observed != 0 {
			t.Errorf("%v; observed %v; it waited %v", err, observed, trace.WaitTime)
		}
	})
}

// A request to a slow host that is not connected to again is none.
func TestObserveNotAwaited(t *testing.T) {
	p := newPKI(t)
	observed := 0
	manners := NoManners()
	manners.SlowTime = time.Nanosecond
	transport := reach(t, p, Config{Manners: manners, Observe: func(string, string, time.Duration) { observed++ }},
		waitForEnd)
	ended, end := context.WithCancelCause(t.Context())
	defer transport.dialer.slow.Await(netip.MustParseAddr("22.1.0.1"), end)()
	<-ended.Done()
	ctx := WithEarlierTimeout(WithWholeTime(t.Context(), time.Minute, time.Minute), codes.StageHTTP, codes.ReasonTimeout)
	_, err := fetch(t, ctx, transport)
	if e := new(Error); !errors.As(err, &e) || !e.NotAwaited() || observed != 0 {
		t.Errorf("%v, and %d were observed", err, observed)
	}
}
