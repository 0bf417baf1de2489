package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
)

func TestRetryAfter(t *testing.T) {
	for _, c := range []struct {
		status int
		text   string
		want   time.Duration
		ok     bool
	}{
		{429, "7", 7 * time.Second, true},
		{503, "7", 7 * time.Second, true},
		{503, " 120 ", 2 * time.Minute, true},
		{429, "Mon, 23 Nov 2026 12:01:00 GMT", time.Minute, true},
		{503, "Monday, 23-Nov-26 12:01:00 GMT", time.Minute, true},
		{503, "Mon, 23 Nov 2026 11:59:00 GMT", 0, false},
		{503, "0", 0, false},
		{429, "", tooManyWait, true},
		{429, "soon", tooManyWait, true},
		{429, "-7", tooManyWait, true},
		{429, "99999999999999999999", tooManyWait, true},
		{503, "", 0, false}, // a host that is broken, not one that has had enough
		{503, "soon", 0, false},
		{200, "7", 0, false},
		{404, "7", 0, false},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{}}
		if c.text != "" {
			resp.Header.Set("Retry-After", c.text)
		}
		if got, ok := retryAfter(resp, noon()); ok != c.ok || ok && got != c.want {
			t.Errorf("%d %q: %v %v, want %v %v", c.status, c.text, got, ok, c.want, c.ok)
		}
	}
}

// Connections end their turn when they are closed, whoever failed; an address that was put off is not the
// host's fault, and what the wait costs is not taken from the time of the host.
func TestDialerManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		takes, lookup := 3*time.Second, time.Duration(0)
		var failure error
		var inFlight, most atomic.Int64
		d, err := NewDialer(Config{
			Resolve: func(context.Context, string) ([]netip.Addr, error) {
				time.Sleep(lookup)
				return addresses("22.1.0.1"), nil
			},
			DialTimeout: time.Minute,
			Manners:     Manners{HostConnections: 1, HostRate: -1, Queue: 1, MaxWait: 10 * time.Second},
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				most.Store(max(most.Load(), inFlight.Add(1)))
				defer inFlight.Add(-1)
				select {
				case <-time.After(takes):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
				if failure != nil {
					return nil, failure
				}
				client, server := net.Pipe()
				server.Close()
				return client, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		dial := func(timeout time.Duration) (net.Conn, Trace, error) {
			var trace Trace
			conn, err := d.DialContext(WithTimeout(WithTrace(t.Context(), &trace), timeout), "tcp", host+":443")
			return conn, trace, err
		}
		first, trace, err := dial(4 * time.Second)
		if err != nil || trace.WaitTime != 0 || trace.ConnectTime != takes {
			t.Fatal(err, trace)
		}
		var all sync.WaitGroup
		all.Go(func() { // waits 6 s and dials for 3, and has 4
			second, trace, err := dial(4 * time.Second)
			if err != nil || trace.WaitTime != 6*time.Second || trace.ConnectTime != takes {
				t.Error(err, trace)
				return
			}
			second.Close()
		})
		synctest.Wait()
		var e *Error
		if _, trace, err := dial(4 * time.Second); !errors.As(err, &e) || !e.Later() || !e.Local() || e.Timeout() ||
			trace.Addr.IsValid() {
			t.Errorf("the queue is full: %v, trace %+v", err, trace)
		}
		time.Sleep(6 * time.Second)
		first.Close()
		all.Wait()

		failure = refused()
		_, _, err = dial(4 * time.Second)
		wantError(t, err, codes.StageTCP, codes.ReasonRefused, false)
		lookup = 2 * time.Second // of four, which leaves two
		_, _, err = dial(4 * time.Second)
		wantError(t, err, codes.StageTCP, codes.ReasonTimeout, false)
		if errors.As(err, &e); e.Later() {
			t.Errorf("%v: later", err)
		}
		if most.Load() != 1 {
			t.Errorf("%d connections at a time", most.Load())
		}
		if counts := d.limiter.Counts(); counts != (MannersCounts{Waited: 1, PutOff: 1}) {
			t.Errorf("%+v", counts)
		}
	})
}

// A host that asks for it is not asked again before its time. Its address gets half the rate.
func TestTransportRetryAfter(t *testing.T) {
	p := newPKI(t)
	var asked atomic.Int64
	ended := make(chan struct{})
	site := overTLS(p.good(t), says("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 900\r\nContent-Length: 0\r\n\r\n"))
	manners := Manners{Queue: 1, HostRate: 0.01, MaxRetryAfter: time.Hour}
	transport := reach(t, p, Config{Manners: manners}, func(conn net.Conn) {
		asked.Add(1)
		site(conn)
		close(ended)
	})
	resp, err := fetch(t, t.Context(), transport)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	var e *Error
	if _, err := fetch(t, t.Context(), transport); !errors.As(err, &e) || !e.Later() ||
		time.Until(e.Until()) < 800*time.Second {
		t.Errorf("%v, want a later time", err)
	}
	<-ended
	if counts := transport.Manners(); asked.Load() != 1 || counts.Held != 1 || counts.PutOff != 1 {
		t.Errorf("asked %d times, %+v", asked.Load(), counts)
	}
	// Another host there would wait 100 s at the usual rate, and waits 200 s.
	other := limiter.Request{Addr: netip.MustParseAddr("22.1.0.1"), Host: "other.example.com", Patience: 150 * time.Second}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, _, err := transport.dialer.limiter.Acquire(ctx, other); err != limiter.ErrLater || ctx.Err() != nil {
		t.Errorf("another host: %v", err)
	}
}

// The passes of the requests are the passes in which an address is left alone for ten minutes at most.
func TestTransportPasses(t *testing.T) {
	p := newPKI(t)
	cert := chain(issue(t, leafTemplate("*.example.com"), p.intermediate), p.intermediate)
	busy := overTLS(cert, func(conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n")
			waitForEnd(conn)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		transport, err := NewTransport(Config{
			Resolve: resolves("22.1.0.1"), Roots: p.roots(), Now: noon, Manners: Manners{HostRate: -1},
			Dial: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() { defer server.Close(); busy(server) }()
				return client, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, pass := range []int{1, 1, 2} {
			began := time.Now()
			for n := range 4 {
				ctx := WithPatience(WithPass(t.Context(), pass), time.Hour)
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://host-%d-%d.example.com/", i, n), nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			// The first three are asked at once, the fourth when the address is not held any more.
			want := []time.Duration{10 * time.Minute, 0, 10 * time.Minute}[i]
			if took := time.Since(began); took != want {
				t.Errorf("round %d, pass %d: held for %v, want %v", i, pass, took, want)
			}
		}
	})
}

// The time that a request has left ends the reading of its body, and closing the body ends the turn.
func TestTransportTimeout(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	ended := make(chan struct{})
	site := overTLS(p.good(t), func(conn net.Conn) {
		if readRequest(conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it")
			waitForEnd(conn)
		}
	})
	transport := reach(t, p, Config{Manners: Manners{HostConnections: 1, HostRate: -1, Queue: -1}}, func(conn net.Conn) {
		site(conn)
		close(ended)
	})
	resp, err := fetch(t, WithTimeout(t.Context(), 2*time.Second), transport)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if !fault.TimedOut(err) || string(body) != "half of it" {
		t.Errorf("%q, %v", body, err)
	}
	resp.Body.Close()
	<-ended
	again := limiter.Request{Addr: netip.MustParseAddr("22.1.0.1"), Host: host}
	if _, _, err := transport.dialer.limiter.Acquire(t.Context(), again); err != nil {
		t.Errorf("the permit was not released: %v", err)
	}
}
