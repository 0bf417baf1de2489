package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/codes"
)

func TestHTTPErrors(t *testing.T) {
	p := newPKI(t)
	cert := p.good(t)
	drip := func(octet string) func(net.Conn) {
		return func(conn net.Conn) {
			for readRequest(conn); ; time.Sleep(5 * time.Millisecond) {
				if _, err := io.WriteString(conn, octet); err != nil {
					return
				}
			}
		}
	}
	flood := func(start, text string) func(net.Conn) {
		return func(conn net.Conn) {
			readRequest(conn)
			_, err := io.WriteString(conn, start)
			for sent := 0; err == nil && sent < 64<<20; sent += len(text) {
				_, err = io.WriteString(conn, text)
			}
			if err == nil {
				t.Error("64 MiB of header were taken")
			}
		}
	}
	for title, c := range map[string]struct {
		play   func(net.Conn)
		reason codes.PolicyReason
	}{
		"silence":            {waitForEnd, codes.ReasonTimeout},
		"header drip":        {drip("x"), codes.ReasonTimeout},
		"end":                {func(c net.Conn) { readRequest(c) }, codes.ReasonReset},
		"end at once":        {func(net.Conn) {}, codes.ReasonReset},
		"end in the status":  {says("HTTP/1.1 20"), codes.ReasonMalformed}, // a status of two digits
		"end in a value":     {says("HTTP/1.1 200 OK\r\nContent-Type: te"), codes.ReasonReset},
		"end in a name":      {says("HTTP/1.1 200 OK\r\nContent-Ty"), codes.ReasonMalformed}, // a line without a colon
		"not HTTP":           {says("220 mail.example ESMTP\r\n\r\n"), codes.ReasonMalformed},
		"HTTP/0.9":           {says("version: STSv1\r\n\r\n"), codes.ReasonMalformed},
		"HTTP/2":             {says("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\r\n"), codes.ReasonMalformed},
		"bad status":         {says("HTTP/1.1 two hundred\r\n\r\n"), codes.ReasonMalformed},
		"bad field":          {says("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), codes.ReasonMalformed},
		"bad length":         {says("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), codes.ReasonMalformed},
		"two lengths":        {says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), codes.ReasonMalformed},
		"bad coding":         {says("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), codes.ReasonMalformed},
		"header flood":       {flood("HTTP/1.1 200 OK\r\n", "X-Padding: "+strings.Repeat("x", 500)+"\r\n"), codes.ReasonHeadersTooLarge},
		"one endless field":  {flood("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("x", 1000)), codes.ReasonHeadersTooLarge},
		"endless status":     {flood("HTTP/1.1 200 ", strings.Repeat("x", 1000)), codes.ReasonHeadersTooLarge},
		"early hints":        {flood("", "HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 500)+"\r\n\r\n"), codes.ReasonHeadersTooLarge},
		"just over 16 KiB":   {says("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 16<<10) + "\r\n\r\n"), codes.ReasonHeadersTooLarge},
		"a broken TLS layer": {func(c net.Conn) { readRequest(c); breakTLS(c) }, codes.ReasonMalformed},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			timeout := 5 * time.Second
			if c.reason == codes.ReasonTimeout {
				timeout = 100 * time.Millisecond
			}
			var ended sync.WaitGroup
			ended.Add(1)
			transport := reach(t, p, Config{HeaderTimeout: timeout}, func(conn net.Conn) {
				defer ended.Done()
				overTLS(cert, c.play)(conn)
			})
			_, err := fetch(t, t.Context(), transport)
			wantError(t, err, codes.StageHTTP, c.reason, false)
			ended.Wait() // the connection is closed
		})
	}
}

// breakTLS sends what is no record.
func breakTLS(conn net.Conn) {
	type netConner interface{ NetConn() net.Conn }
	if secured, ok := conn.(netConner); ok {
		_, _ = secured.NetConn().Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
		waitForEnd(secured.NetConn())
	}
}

// A server of TLS 1.3 may refuse after our side of the handshake is done.
func TestLateAlert(t *testing.T) {
	p := newPKI(t)
	cert := p.good(t)
	transport := reach(t, p, Config{}, func(conn net.Conn) {
		config := &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert}
		_ = tls.Server(conn, config).Handshake()
		waitForEnd(conn)
	})
	var trace Trace
	_, err := fetch(t, WithTrace(t.Context(), &trace), transport)
	wantError(t, err, codes.StageTLS, codes.PolicyReason(codes.TLSAlert), false)
	if trace.TLSError != codes.TLSAlert || trace.Cert == nil {
		t.Errorf("trace %+v", trace)
	}
}

// The deadline of the request holds at every stage, and a cancelled request is a fault of ours.
func TestRoundTripEndsWithItsContext(t *testing.T) {
	p := newPKI(t)
	cert := p.good(t)
	arrived := make(chan struct{}, 1) // at the stage that never ends
	hang := func(ctx context.Context, _ string) ([]netip.Addr, error) {
		arrived <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	silent := func(ctx context.Context, _, _ string) (net.Conn, error) {
		arrived <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	mute := func(heard func(net.Conn) bool) func(net.Conn) {
		return func(conn net.Conn) {
			if heard(conn) {
				arrived <- struct{}{}
				waitForEnd(conn)
			}
		}
	}
	for title, c := range map[string]struct {
		config Config
		play   func(net.Conn)
		silent bool
		stage  codes.Stage
		reason codes.PolicyReason
	}{
		"dns":  {config: Config{Resolve: hang}, stage: codes.StageDNS, reason: codes.ReasonTimeout},
		"tcp":  {silent: true, stage: codes.StageTCP, reason: codes.ReasonTimeout},
		"tls":  {play: mute(readHello), stage: codes.StageTLS, reason: codes.PolicyReason(codes.TLSHandshakeTimeout)},
		"http": {play: overTLS(cert, mute(readRequest)), stage: codes.StageHTTP, reason: codes.ReasonTimeout},
	} {
		t.Run(title, func(t *testing.T) {
			play := c.play
			if play == nil {
				play = waitForEnd
			}
			const never = time.Hour
			c.config.DialTimeout, c.config.HandshakeTimeout, c.config.HeaderTimeout = never, never, never
			transport := reach(t, p, c.config, play)
			if c.silent {
				transport.dialer.config.Dial = silent
			}
			_, err := fetch(t, deadline(t, time.Second), transport)
			wantError(t, err, c.stage, c.reason, false)
			var e *Error
			if errors.As(err, &e); !e.Timeout() {
				t.Errorf("%v is no time-out", err)
			}

			<-arrived
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-arrived
				cancel()
			}()
			_, err = fetch(t, ctx, transport)
			wantError(t, err, c.stage, "", true)
		})
	}
}

// A stingyConn can do a number of writes only.
type stingyConn struct {
	net.Conn
	left, writes int
	errno        syscall.Errno
}

func (c *stingyConn) Write(p []byte) (int, error) {
	if c.writes++; c.writes > c.left {
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", c.errno)}
	}
	return c.Conn.Write(p)
}

// What this machine could not send is not the host's silence. The first write is the ClientHello, the second
// all the rest.
func TestNotSent(t *testing.T) {
	p := newPKI(t)
	for _, c := range []struct {
		buffers int
		stage   codes.Stage
		errno   syscall.Errno
		reason  codes.PolicyReason // "": the fault is ours
	}{
		{0, codes.StageTLS, syscall.ENOBUFS, ""}, {1, codes.StageHTTP, syscall.ENOBUFS, ""}, {2, "", 0, ""},
		// A router has closed the way, and the server is silent.
		{0, codes.StageTLS, syscall.EACCES, codes.PolicyReason(codes.TLSHandshakeTimeout)}, {1, codes.StageHTTP, syscall.EPERM, codes.ReasonTimeout},
	} {
		transport := reach(t, p, Config{HandshakeTimeout: 100 * time.Millisecond, HeaderTimeout: 5 * time.Second},
			overTLS(p.good(t), says("HTTP/1.1 204 No Content\r\n\r\n")))
		if c.stage == codes.StageHTTP {
			transport.config.HeaderTimeout = 100 * time.Millisecond
		}
		dial := transport.dialer.config.Dial
		transport.dialer.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &stingyConn{Conn: conn, left: c.buffers, errno: c.errno}, err
		}
		_, err := fetch(t, t.Context(), transport)
		if c.stage == "" && err == nil {
			continue
		}
		wantError(t, err, c.stage, c.reason, c.reason == "")
		if !errors.Is(err, c.errno) {
			t.Error(err)
		}
	}
}

// A hungryConn can read a number of octets only.
type hungryConn struct {
	net.Conn
	left  int
	errno syscall.Errno
}

func (c *hungryConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", c.errno)}
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// What this machine could not receive is not the host's silence either; that the way has come to an end is a
// reset.
func TestNotReceived(t *testing.T) {
	p := newPKI(t)
	text := strings.Repeat("x", 32<<10)
	for _, c := range []struct {
		octets int
		errno  syscall.Errno
		stage  codes.Stage
		reason codes.PolicyReason // "": the fault is ours
	}{
		{0, syscall.ENOMEM, codes.StageTLS, ""}, {16 << 10, syscall.ENOBUFS, codes.StageBody, ""},
		{0, syscall.EACCES, codes.StageTLS, codes.PolicyReason(codes.TLSReset)}, {0, syscall.EHOSTUNREACH, codes.StageTLS, codes.PolicyReason(codes.TLSReset)},
	} {
		transport := reach(t, p, Config{}, overTLS(p.good(t), says("HTTP/1.1 200 OK\r\n\r\n"+text)))
		dial := transport.dialer.config.Dial
		transport.dialer.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			return &hungryConn{conn, c.octets, c.errno}, err
		}
		resp, err := fetch(t, t.Context(), transport)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		wantError(t, err, c.stage, c.reason, c.reason == "")
	}
}
