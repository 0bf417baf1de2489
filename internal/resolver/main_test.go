package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"stsscan/internal/dnswire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long an attempt waits in tests for an answer that comes, and brevity for one that does not. Where
// an attempt may meet either, it waits for fairness, since a busy machine takes longer than brevity to answer.
const (
	patience = 20 * time.Second
	fairness = time.Second
	brevity  = 100 * time.Millisecond
)

// A play is how a test server meets a question over UDP: it sends what it likes, in its own time.
type play func(q *dns.Msg, send func(packet []byte))

// A server is a name server on a port of the loopback interface, and a way to count what it was asked.
type server struct {
	addr  netip.AddrPort
	asked atomic.Int64
	udp   *net.UDPConn
	tcp   net.Listener
}

// serve starts a server that plays over UDP, and over TCP when tcp is not nil.
func serve(t testing.TB, udp play, tcp func(net.Conn)) *server {
	t.Helper()
	conn, listener, err := listen(tcp != nil)
	for tries := 0; err != nil && tries < 20; tries++ { // the port may be taken over TCP
		conn, listener, err = listen(tcp != nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return start(t, conn, listener, udp, tcp)
}

// serveAt starts a server without TCP at an address.
func serveAt(t testing.TB, addr netip.AddrPort, udp play) (*server, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	return start(t, conn, nil, udp, nil), nil
}

// serveApart starts a server without TCP on a port that no system gives to a socket that asks for any, so that it is
// still free after the server is closed.
func serveApart(t testing.TB, udp play) *server {
	t.Helper()
	for {
		port := uint16(20_000 + rand.IntN(10_000))
		s, err := serveAt(t, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port), udp)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func start(t testing.TB, conn *net.UDPConn, listener net.Listener, udp play, tcp func(net.Conn)) *server {
	s := &server{addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), udp: conn, tcp: listener}
	if tcp != nil {
		go func() {
			for {
				c, err := s.tcp.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); tcp(c) }()
			}
		}()
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			q := new(dns.Msg)
			if err := q.Unpack(buffer[:n]); err != nil {
				t.Errorf("the resolver sent what is no message: %v", err)
				continue
			}
			if q.Question[0].Name != "." { // a probe
				s.asked.Add(1)
			}
			udp(q, func(packet []byte) { _, _ = conn.WriteToUDPAddrPort(packet, from) })
		}
	}()
	t.Cleanup(s.close)
	return s
}

// listen opens one port of the loopback interface over UDP, and over TCP too.
func listen(both bool) (*net.UDPConn, net.Listener, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	if !both {
		return conn, nil, nil
	}
	listener, err := net.Listen("tcp", conn.LocalAddr().String())
	if err != nil {
		conn.Close()
	}
	return conn, listener, err
}

func (s *server) close() {
	s.udp.Close()
	if s.tcp != nil {
		s.tcp.Close()
	}
}

// plays of well-behaved and of other servers.
func silence(*dns.Msg, func([]byte)) {}

func rcode(code int) play {
	return func(q *dns.Msg, send func([]byte)) { send(packed(new(dns.Msg).SetRcode(q, code))) }
}

func good(q *dns.Msg, send func([]byte)) { send(packed(answer(q))) }

func cut(q *dns.Msg, send func([]byte)) {
	m := new(dns.Msg).SetReply(q)
	m.Truncated = true
	send(packed(m))
}

// answer is a TXT record that repeats the name asked for.
func answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	name := q.Question[0].Name
	m.Answer = []dns.RR{&dns.TXT{
		Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60},
		Txt: []string{"answer for " + strings.TrimSuffix(name, ".")},
	}}
	return m
}

// packed is the wire form of m, whose packing cannot fail.
func packed(m *dns.Msg) []byte {
	wire, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return wire
}

// tcpGood answers the questions of one connection.
func tcpGood(c net.Conn) {
	q, err := tcpQuestion(c)
	if err != nil {
		return
	}
	_ = tcpSend(c, packed(answer(q)))
}

func tcpQuestion(c net.Conn) (*dns.Msg, error) {
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	wire := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, wire); err != nil {
		return nil, err
	}
	q := new(dns.Msg)
	return q, q.Unpack(wire)
}

func tcpSend(c net.Conn, wire []byte) error {
	_, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...))
	return err
}

// open opens a Resolver for the test.
func open(t testing.TB, c Config, servers ...*server) *Resolver {
	t.Helper()
	for _, s := range servers {
		c.Upstreams = append(c.Upstreams, s.addr)
	}
	if c.Timeout == 0 {
		c.Timeout = patience
	}
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// txt is the question for the TXT records of name.
func txt(name string) *dns.Msg {
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeTXT)
	q.AuthenticatedData = true
	return q.SetEdns0(dnswire.UDPSize, false)
}

// wantAnswer fails unless the reply is that of answer.
func wantAnswer(t *testing.T, m *dns.Msg, err error, name string) {
	t.Helper()
	if err != nil {
		t.Fatalf("Exchange: %v", err)
	}
	if len(m.Answer) != 1 || m.Answer[0].(*dns.TXT).Txt[0] != "answer for "+name {
		t.Fatalf("the reply is another's:\n%v", m)
	}
}

func deadline(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
