package simnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/proxy"
)

func TestSOCKS(t *testing.T) {
	w := openText(t, `
-- zone --
mta-sts.example.com. A 22.1.0.1
mta-sts.example.net. AAAA 3ffe:5753:1::1
-- policy/mta-sts.example.com --
version: STSv1
-- policy/mta-sts.example.net --
version: STSv1
-- faults --
mta-sts.example.net body reset
`)
	s := serve(t, w)
	dialer, err := proxy.SOCKS5("tcp", s.SOCKS.String(), nil, proxy.Direct)
	if err != nil {
		t.Fatal(err)
	}
	dial := dialer.(proxy.ContextDialer).DialContext
	cases := []struct {
		address string
		want    string // part of the error; "": connected
	}{
		{"22.1.0.1:443", ""},
		{"[3ffe:5753:1::1]:443", ""},
		{"mta-sts.example.com:443", ""}, // a name, resolved in the world
		{"mta-sts.example.net:443", ""},
		{"nowhere.example.com:443", "host unreachable"},
		{"-.example..com:443", "host unreachable"},
		{"22.2.0.1:443", "connection refused"},
		{"22.1.0.1:80", "connection refused"},
		{"22.4.0.1:443", "host unreachable"},
		{"8.8.8.8:443", "host unreachable"}, // of no host here, and nothing leaves
		{"127.0.0.1:443", "host unreachable"},
		{"22.3.0.1:443", "i/o timeout"},
		{"22.5.0.1:443", ""}, // reset after the reply
	}
	for _, c := range cases {
		limit := 5 * time.Second
		if c.want == "i/o timeout" {
			limit = soon
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		conn, err := dial(ctx, "tcp", c.address)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.address, err, c.want)
		}
		if conn != nil {
			if c.address == "22.5.0.1:443" {
				if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: read %v, want a reset", c.address, err)
				}
			}
			conn.Close()
		}
		cancel()
	}

	c := clientWith(w, 5*time.Second, dial)
	resp, body, err := get(c, "mta-sts.example.com")
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != "version: STSv1\n" {
		t.Errorf("%v, %q, %v", resp, body, err)
	}
	if _, _, err = get(c, "mta-sts.example.net"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reading a body that is reset: %v", err)
	}
}

// The protocol by its octets (RFC 1928).
func TestSOCKSRequests(t *testing.T) {
	s := serve(t, openText(t, hostWorld+"good\n"))
	const hello = "\x05\x01\x00"
	cases := []struct {
		name, send, want string // want: all that is answered before the end
	}{
		{"SOCKS4", "\x04\x01\x01\xbb\x16\x01\x00\x01\x00", ""},
		{"no method without authentication", "\x05\x01\x02", "\x05\xff"},
		{"no method at all", "\x05\x00", "\x05\xff"},
		{"BIND", hello + "\x05\x02\x00\x01\x16\x01\x00\x01\x01\xbb", "\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"an unknown kind of address", hello + "\x05\x01\x00\x02", "\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"an empty name", hello + "\x05\x01\x00\x03\x00\x01\xbb", "\x05\x00\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"refused", hello + "\x05\x01\x00\x01\x16\x02\x00\x01\x01\xbb", "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"an end in the middle", hello + "\x05\x01", "\x05\x00"},
	}
	for _, c := range cases {
		conn, err := net.Dial("tcp", s.SOCKS.String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.WriteString(conn, c.send); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		conn.(*net.TCPConn).CloseWrite()
		// What the server leaves unread makes its end a reset.
		got, err := io.ReadAll(conn)
		if string(got) != c.want || err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %x, %v, want %x", c.name, got, err, c.want)
		}
		conn.Close()
	}
}
