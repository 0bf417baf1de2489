package simnet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/proxy"
)

// serve puts a world on sockets for the length of a test.
func serve(t testing.TB, w *World) *Server {
	t.Helper()
	s, err := w.Listen(t.Context(), Addrs{DNS: "127.0.0.1:0", SOCKS: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// soon bounds what must not answer; the tests do not depend on how long it is.
const soon = 300 * time.Millisecond

func TestDNSOverSockets(t *testing.T) {
	w := openText(t, fmt.Sprintf(dnsWorld, strings.Repeat("x", 250))+`
-- policy/mta-sts.example.net --
`)
	s := serve(t, w)
	const answer = `NOERROR _mta-sts.example.com. TXT "v=STSv1; id=1;";`
	cases := []struct {
		network, name, want string // want "": an error
	}{
		{"udp", "hop.example.net", `NOERROR ad hop.example.net. CNAME end.example.net.; end.example.net. TXT "end";`},
		{"tcp", "hop.example.net", `NOERROR ad hop.example.net. CNAME end.example.net.; end.example.net. TXT "end";`},
		{"udp", "nowhere.example.com", "NXDOMAIN SOA of example.com."},
		{"udp", "_mta-sts.example.com", "NOERROR tc"}, // truncate
		{"tcp", "_mta-sts.example.com", answer},
		{"udp", "big.example.com", "NOERROR tc"}, // truncate-udp
		{"tcp", "big.example.com", ""},
		{"udp", "silent.example.com", ""},
		{"tcp", "silent.example.com", ""},
		{"udp", "garbage.example.com", ""},
		{"udp", "malformed.example.com", ""},
		{"tcp", "malformed.example.com", ""},
		{"udp", "filtered.example.net", "NXDOMAIN 17 (Filtered): ()"},
		{"udp", "broken.example.net", "SERVFAIL 22 (No Reachable Authority): ()"},
	}
	for _, c := range cases {
		exchange := &dns.Client{Net: c.network, Timeout: 5 * time.Second}
		if c.want == "" {
			exchange.Timeout = soon
		}
		reply, _, err := exchange.Exchange(question(c.name, dns.TypeTXT), s.DNS.String())
		switch {
		case c.want == "" && err == nil:
			t.Errorf("%s %s: %v, want an error", c.network, c.name, reply)
		case c.want != "" && err != nil:
			t.Errorf("%s %s: %v", c.network, c.name, err)
		case err == nil && summary(reply) != c.want:
			t.Errorf("%s %s: %s, want %s", c.network, c.name, summary(reply), c.want)
		}
	}
}

// A reply that is larger than the asker takes says so, and TCP has it all.
func TestDNSSize(t *testing.T) {
	var zone strings.Builder
	zone.WriteString("-- zone --\n")
	for i := range 40 {
		fmt.Fprintf(&zone, "big.example.com. TXT %q\n", fmt.Sprint(strings.Repeat("x", 100), i))
	}
	s := serve(t, openText(t, zone.String()))
	cases := []struct {
		network string
		edns    uint16 // 0: none
		limit   int    // octets of the reply; 0: all of it
	}{
		{"udp", 0, 512}, {"udp", 100, 512}, {"udp", 800, 800}, {"udp", 4096, 1232}, {"tcp", 0, 0}, {"tcp", 1232, 0},
	}
	for _, c := range cases {
		q := new(dns.Msg).SetQuestion("big.example.com.", dns.TypeTXT)
		if c.edns > 0 {
			q.SetEdns0(c.edns, false)
		}
		exchange := &dns.Client{Net: c.network, Timeout: 5 * time.Second, UDPSize: dns.MaxMsgSize}
		reply, _, err := exchange.Exchange(q, s.DNS.String())
		if err != nil {
			t.Errorf("%s, EDNS %d: %v", c.network, c.edns, err)
			continue
		}
		reply.Compress = true // as it was sent
		if c.limit == 0 && (reply.Truncated || len(reply.Answer) != 40) ||
			c.limit > 0 && (!reply.Truncated || reply.Len() > c.limit) {
			t.Errorf("%s, EDNS %d: truncated %t, %d octets, %d records", c.network, c.edns, reply.Truncated, reply.Len(),
				len(reply.Answer))
		}
	}
}

// A flood fills a message over TCP, the record last, and nothing over UDP.
func TestDNSFlood(t *testing.T) {
	s := serve(t, openText(t, "-- zone --\na.example.com. TXT \"the record\"\n-- faults --\na.example.com dns flood\n"))
	for network, least := range map[string]int{"udp": 0, "tcp": 4000} {
		exchange := &dns.Client{Net: network, Timeout: 5 * time.Second}
		reply, _, err := exchange.Exchange(question("a.example.com", dns.TypeTXT), s.DNS.String())
		if err != nil {
			t.Errorf("%s: %v", network, err)
			continue
		}
		n := len(reply.Answer)
		if reply.Truncated != (network == "udp") || n < least ||
			n > 0 && reply.Answer[n-1].(*dns.TXT).Txt[0] != "the record" {
			t.Errorf("%s: truncated %t, %d records", network, reply.Truncated, n)
		}
	}
}

// Bad packets get FORMERR where there is a question to answer, else nothing, and never stop the server.
func TestDNSBadPackets(t *testing.T) {
	s := serve(t, openDNS(t))
	conn, err := net.Dial("udp", s.DNS.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	good, err := question("end.example.net", dns.TypeTXT).Pack()
	if err != nil {
		t.Fatal(err)
	}
	reply := append([]byte(nil), good...)
	reply[2] |= 0x80
	cases := []struct {
		name   string
		packet []byte
		rcode  int // -1: no reply
	}{
		{"empty", nil, -1},
		{"one octet", []byte{1}, -1},
		{"less than a header", good[:11], -1},
		{"a reply", reply, -1},
		{"half a reply", reply[:20], -1},
		{"half a question", good[:20], dns.RcodeFormatError},
		{"a header alone", []byte{1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, dns.RcodeFormatError},
		{"a good one", good, dns.RcodeSuccess},
	}
	buf := make([]byte, 4096)
	for _, c := range cases {
		if _, err := conn.Write(c.packet); err != nil {
			t.Fatal(err)
		}
		if c.rcode < 0 {
			continue // a reply would be read by the next case
		}
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := conn.Read(buf)
		var m dns.Msg
		if err == nil {
			err = m.Unpack(buf[:n])
		}
		if err != nil || m.Rcode != c.rcode || m.Id != binary.BigEndian.Uint16(c.packet) {
			t.Errorf("%s: %v, %v", c.name, &m, err)
		}
	}
}

// A connection may carry several questions, and one that gets no answer does not hold up the next.
func TestDNSOverTCPGoesOn(t *testing.T) {
	s := serve(t, openDNS(t))
	conn, err := dns.Dial("tcp", s.DNS.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, name := range []string{"silent.example.com", "end.example.net", "hop.example.net"} {
		if err := conn.WriteMsg(question(name, dns.TypeTXT)); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for _, want := range []int{1, 2} {
		reply, err := conn.ReadMsg()
		if err != nil || len(reply.Answer) != want {
			t.Fatalf("%v, %v, want %d records", reply, err, want)
		}
	}
}

func TestListenAddresses(t *testing.T) {
	w := openDNS(t)
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:53", "127.0.0.1",
		"127.0.0.1:x", "22.1.0.1:0"} {
		for _, addrs := range []Addrs{{DNS: address}, {SOCKS: address}} {
			if s, err := w.Listen(t.Context(), addrs); err == nil {
				t.Errorf("%+v: listens on %v and %v", addrs, s.DNS, s.SOCKS)
				s.Close()
			}
		}
	}
	s, err := w.Listen(t.Context(), Addrs{SOCKS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.DNS != (netip.AddrPort{}) || s.SOCKS.Port() == 0 {
		t.Errorf("listens on %v and %v", s.DNS, s.SOCKS)
	}
	if _, err := w.Listen(t.Context(), Addrs{SOCKS: s.SOCKS.String()}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port in use: %v", err)
	}
}

// The end of the context, of the server and of the world each free the ports.
func TestListenEnds(t *testing.T) {
	ends := map[string]func(w *World, s *Server, cancel func()){
		"context": func(_ *World, _ *Server, cancel func()) { cancel() },
		"server":  func(_ *World, s *Server, _ func()) { s.Close(); s.Close() },
		"world":   func(w *World, _ *Server, _ func()) { w.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			w := openDNS(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := w.Listen(ctx, Addrs{DNS: "[::1]:0", SOCKS: "127.0.0.1:0"})
			if err != nil {
				s, err = w.Listen(ctx, Addrs{DNS: "127.0.0.1:0", SOCKS: "127.0.0.1:0"}) // no IPv6 here
			}
			if err != nil {
				t.Fatal(err)
			}
			end(w, s, cancel)
			s.running.Wait()
			if conn, err := net.Dial("tcp", s.SOCKS.String()); err == nil {
				conn.Close()
				t.Error("still listening")
			}
		})
	}
	w := openDNS(t)
	w.Close()
	if _, err := w.Listen(t.Context(), Addrs{DNS: "127.0.0.1:0"}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed world listens: %v", err)
	}
}

// Everything at once, for the race detector.
func TestManyAtOnce(t *testing.T) {
	w := openText(t, fmt.Sprintf(dnsWorld, "x")+"-- policy/mta-sts.example.net --\nversion: STSv1\n")
	s := serve(t, w)
	dialer, err := proxy.SOCKS5("tcp", s.SOCKS.String(), nil, proxy.Direct)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			memory, socks := client(w, 10*time.Second), clientWith(w, 10*time.Second, dialer.(proxy.ContextDialer).DialContext)
			for range 5 {
				reply, err := w.Exchange(t.Context(), question("hop.example.net", dns.TypeTXT))
				if err != nil || len(reply.Answer) != 2 {
					t.Errorf("exchange: %v, %v", reply, err)
				}
				for _, c := range []*http.Client{memory, socks} {
					if _, body, err := get(c, "mta-sts.example.net"); err != nil || string(body) != "version: STSv1\n" {
						t.Errorf("fetch: %q, %v", body, err)
					}
				}
				network := []string{"udp", "tcp"}[i%2]
				exchange := &dns.Client{Net: network, Timeout: 5 * time.Second}
				if _, _, err := exchange.Exchange(question("hop.example.net", dns.TypeTXT), s.DNS.String()); err != nil {
					t.Errorf("%s: %v", network, err)
				}
			}
		})
	}
	wg.Wait()
}
