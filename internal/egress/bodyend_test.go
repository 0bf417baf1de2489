package egress

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// A body without a length is complete only after close_notify (RFC 9112, section 9.8): without it the policy is
// read, and not by the letter. With a length, or in chunks, the end of the connection says nothing.
func TestEndOfBody(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	const old = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	toEnd := head + "\r\n" + policy
	sized := fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(policy), policy)
	chunked := fmt.Sprintf("%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", head, len(policy), policy)

	notified := func(secured *tls.Conn, _ net.Conn) { _ = secured.CloseWrite(); waitForEnd(secured) }
	ended := func(secured *tls.Conn, raw net.Conn) { endWrite(raw); waitForEnd(secured) }
	both := func(secured *tls.Conn, raw net.Conn) { _ = secured.CloseWrite(); endWrite(raw); waitForEnd(secured) }
	within := func(secured *tls.Conn, raw net.Conn) { // a record, of which some octets come
		_, _ = raw.Write([]byte{23, 3, 3, 0, 100, 1, 2, 3})
		endWrite(raw)
		waitForEnd(secured)
	}
	for _, c := range []struct {
		title    string
		response string
		end      func(*tls.Conn, net.Conn)
		reason   codes.PolicyReason // of stage body; none: a valid policy
		strict   bool
	}{
		{"close_notify, and the connection stays", toEnd, notified, "", true},
		{"close_notify, then the end", toEnd, both, "", true},
		{"the end alone", toEnd, ended, "", false},
		{"the end within a record", toEnd, within, codes.ReasonTruncated, false},
		{"HTTP/1.0, close_notify", old + policy, both, "", true},
		{"HTTP/1.0, the end alone", old + policy, ended, "", false},
		{"a length, the end alone", sized, ended, "", true},
		{"chunks, the end alone", chunked, ended, "", true},
		{"no last chunk, the end alone", chunked[:len(chunked)-len("0\r\n\r\n")], ended, codes.ReasonTruncated, false},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s, %s", c.title, tls.VersionName(version)), func(t *testing.T) {
				t.Parallel()
				p := newPKI(t)
				config := &tls.Config{Certificates: []tls.Certificate{p.good(t)}, MaxVersion: version}
				transport := reach(t, p, Config{}, func(raw net.Conn) {
					secured := tls.Server(raw, config)
					if secured.Handshake() == nil && readRequest(secured) {
						_, _ = io.WriteString(secured, c.response)
						c.end(secured, raw)
					}
				})
				f, err := mtasts.FetchPolicy(t.Context(), transport, "example.com")
				if f.Reason != c.reason || (err == nil) != (c.reason == "") {
					t.Fatalf("%s: %s (%v), want %s", f.Stage, f.Reason, err, c.reason)
				}
				cut := c.reason == "" && !c.strict
				if f.Strict != c.strict || f.Lenient != (c.reason == "") ||
					slices.Contains(f.Findings, codes.FindTruncationPossible) != cut {
					t.Errorf("strict %v, lenient %v, findings %q", f.Strict, f.Lenient, f.Findings)
				}
			})
		}
	}
}

// endWrite ends our side of the connection: a FIN.
func endWrite(conn net.Conn) { _ = conn.(*net.TCPConn).CloseWrite() }
