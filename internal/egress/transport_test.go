package egress

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"stsscan/internal/fault"
)

func deadline(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestRoundTrip(t *testing.T) {
	p := newPKI(t)
	var mu sync.Mutex
	var requests []*http.Request
	transport := reach(t, p, Config{UserAgent: "test (+mailto:a@example.com)"}, overTLS(p.good(t), func(conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		requests = append(requests, req)
		mu.Unlock()
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=b\r\n"+
			"Content-Length: %d\r\n\r\n%s", len(policy), policy)
		waitForEnd(conn)
	}))
	for range 2 {
		req := request(t, t.Context())
		req.Header.Set("Accept-Encoding", "identity")
		req.Header.Set("Cookie", "who=me")
		req.Header.Set("Referer", "https://internal.example/")
		req.Header.Set("User-Agent", "another client")
		req.Host = "other.example"
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 || string(body) != policy {
			t.Errorf("status %d, body %q, error %v", resp.StatusCode, body, err)
		}
		resp.Body.Close()
		if resp.Request != req || req.Header.Get("User-Agent") != "another client" {
			t.Error("the request was changed")
		}
	}
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	for _, req := range requests { // each the first on a connection of its own
		want := http.Header{"User-Agent": {"test (+mailto:a@example.com)"}, "Accept-Encoding": {"identity"},
			"Connection": {"close"}}
		if req.Host != host || req.RequestURI != "/.well-known/mta-sts.txt" || len(req.Header) != len(want) {
			t.Errorf("request %s %s %v", req.Host, req.RequestURI, req.Header)
		}
		for name := range want {
			if req.Header.Get(name) != want.Get(name) {
				t.Errorf("%s: %q", name, req.Header.Get(name))
			}
		}
	}
}

// A redirect, or another invitation to go elsewhere, is a response like others.
func TestRoundTripGoesNowhereElse(t *testing.T) {
	p := newPKI(t)
	for _, text := range []string{
		"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: http://mta-sts.example.com/.well-known/mta-sts.txt\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 307 Temporary\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nRefresh: 0; url=https://127.0.0.1/\r\nAlt-Svc: h2=\"127.0.0.1:443\"\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
	} {
		var connections atomic.Int64
		transport := reach(t, p, Config{}, func(conn net.Conn) {
			connections.Add(1)
			overTLS(p.good(t), says(text))(conn)
		})
		resp, err := fetch(t, t.Context(), transport)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if status := text[9:12]; resp.Status[:3] != status || connections.Load() != 1 {
			t.Errorf("%q: status %s, %d connections", text, resp.Status, connections.Load())
		}
		resp.Body.Close()
	}
}

// The body is the caller's to bound, and ends with the context of the request.
func TestBody(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	cert := p.good(t)
	endless := overTLS(cert, func(conn net.Conn) {
		readRequest(conn)
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for err == nil {
			_, err = io.WriteString(conn, "400\r\n"+strings.Repeat("x", 1024)+"\r\n")
		}
	})
	transport := reach(t, p, Config{}, endless)
	resp, err := fetch(t, t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, resp.Body, 1<<16+1); err != nil {
		t.Errorf("%d octets: %v", n, err)
	}
	resp.Body.Close() // and goleak sees that the server ends

	stuck := overTLS(cert, func(conn net.Conn) {
		readRequest(conn)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nversion")
		waitForEnd(conn)
	})
	transport = reach(t, p, Config{}, stuck)
	resp, err = fetch(t, deadline(t, 2*time.Second), transport)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); !fault.TimedOut(err) || string(body) != "version" {
		t.Errorf("body %q, error %v", body, err)
	}

	short := overTLS(cert, says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nversion"))
	transport = reach(t, p, Config{}, short)
	if resp, err = fetch(t, t.Context(), transport); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body cut short: %v", err)
	}
	packed := overTLS(cert, says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb"))
	transport = reach(t, p, Config{}, packed)
	if resp, err = fetch(t, t.Context(), transport); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "bomb" || resp.Uncompressed {
		t.Errorf("an encoded body was touched: %q %v", body, err)
	}
}

func TestRoundTripRefuses(t *testing.T) {
	asked := new(dialed)
	transport, err := NewTransport(Config{Resolve: resolves("22.1.0.1"), Dial: asked.dial, Roots: newPKI(t).roots()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, url, body string }{
		{"GET", "http://mta-sts.example.com/", ""},
		{"GET", "https://mta-sts.example.com:8443/", ""},
		{"GET", "https://127.0.0.1/", ""},
		{"GET", "https://[::1]/", ""},
		{"POST", "https://mta-sts.example.com/", ""},
		{"GET", "https://mta-sts.example.com/", "body"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.body == "" {
			req.Body = nil
		}
		if _, err := transport.RoundTrip(req); err == nil {
			t.Errorf("%s %s: no error", c.method, c.url)
		}
	}
	if len(asked.addresses) > 0 {
		t.Errorf("dialled %v", asked.addresses)
	}
}

// Proxies that the environment names are not asked.
func TestEnvironmentProxies(t *testing.T) {
	var asked atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			conn.Close()
		}
	}()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "http://"+listener.Addr().String())
	}
	p := newPKI(t)
	transport := reach(t, p, Config{}, overTLS(p.good(t), says("HTTP/1.1 204 No Content\r\n\r\n")))
	if _, err := fetch(t, t.Context(), transport); err != nil {
		t.Error(err)
	}
	if asked.Load() != 0 {
		t.Errorf("a proxy of the environment was asked %d times", asked.Load())
	}
}

// Many at a time, for the race detector.
func TestConcurrentFetches(t *testing.T) {
	p := newPKI(t)
	transport := reach(t, p, Config{Handshakes: 4}, overTLS(p.good(t),
		says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			var trace Trace
			resp, err := transport.RoundTrip(request(t, WithTrace(t.Context(), &trace)))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "ok" || trace.Cert == nil {
				t.Errorf("%q %v %+v", body, err, trace)
			}
		})
	}
	all.Wait()
}

func BenchmarkRoundTrip(b *testing.B) {
	p := newPKI(b)
	transport := reach(b, p, Config{}, overTLS(p.good(b), says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
	b.ReportAllocs()
	for b.Loop() {
		resp, err := transport.RoundTrip(request(b, b.Context()))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}
