package udpbatch

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what comes.
const patience = 20 * time.Second

// methods are the ways to use sockets that this system has.
func methods() []Method {
	if Auto.IsPortable() {
		return []Method{Portable}
	}
	return []Method{Segment, Batch, Portable}
}

// eachMethod runs a test for each method and each family of addresses.
func eachMethod(t *testing.T, test func(t *testing.T, m Method, host string)) {
	for _, m := range methods() {
		for _, host := range []string{"127.0.0.1", "::1"} {
			t.Run(fmt.Sprintf("%s %s", m, host), func(t *testing.T) { test(t, m, host) })
		}
	}
}

// A peer is a plain socket that a Conn is connected to.
type peer struct {
	conn *net.UDPConn
	addr netip.AddrPort
}

func listen(t *testing.T, host string) peer {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		if host != "127.0.0.1" {
			t.Skip(err) // no IPv6
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadBuffer(1 << 20)
	addr := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return peer{conn, netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())}
}

// read is the next datagram that comes to a peer, and its sender.
func (p peer) read(t *testing.T) ([]byte, netip.AddrPort) {
	t.Helper()
	b := make([]byte, MaxDatagram)
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	n, from, err := p.conn.ReadFromUDPAddrPort(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n], from
}

// want fails unless the messages come, each once, in their order, and nothing else.
func (p peer) want(t *testing.T, messages []byte, size int) {
	t.Helper()
	for ; len(messages) > 0; messages = messages[size:] {
		if b, _ := p.read(t); !bytes.Equal(b, messages[:size]) {
			t.Fatalf("%d octets arrived that begin %.8q, want %d that begin %.8q", len(b), b, size, messages[:size])
		}
	}
	_ = p.conn.SetReadDeadline(time.Now())
	if n, err := p.conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d octets more, error %v", n, err)
	}
}

func dial(t *testing.T, m Method, to peer) Conn {
	t.Helper()
	c, err := Dial(m, to.addr, NewBuffers(m))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// datagrams are n of one size, end to end, no two alike.
func datagrams(n, size int) (b []byte) {
	for i := range n {
		b = append(b, fmt.Sprintf("%-*d", size, i)...)
	}
	return b
}

// send sends all messages, in as many calls as that takes.
func send(t *testing.T, c Conn, messages []byte, size int) {
	t.Helper()
	until := time.Now().Add(patience)
	for len(messages) > 0 {
		n, err := c.Send(messages, size)
		if err != nil || time.Now().After(until) {
			t.Fatalf("%d octets are not sent, error %v", len(messages), err)
		}
		messages = messages[n*size:]
	}
}

// receive takes so many datagrams.
func receive(t *testing.T, c Conn, n int) (got [][]byte) {
	t.Helper()
	for until := time.Now().Add(patience); len(got) < n && time.Now().Before(until); {
		before := len(got)
		said, err := c.Receive(func(packets [][]byte) {
			for _, packet := range packets {
				got = append(got, bytes.Clone(packet))
			}
		})
		if err != nil || said != len(got)-before {
			t.Fatalf("%d datagrams of %d, %d delivered, error %v", said, n, len(got)-before, err)
		}
		if said == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return got
}

// What is sent arrives whole and in order, whatever the number and the size.
func TestConnSends(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		p := listen(t, host)
		c := dial(t, m, p)
		for _, n := range []int{1, 2, 17, MaxBatch} {
			// 64 of 1200 octets are more than one datagram can have: they cannot travel as one.
			for _, size := range []int{2, 50, 112, 1200, 60} {
				messages := datagrams(n, size)
				send(t, c, messages, size)
				p.want(t, messages, size)
			}
		}
	})
}

// What the peer sends is delivered whole and in order, whatever its sizes, and nothing from elsewhere.
func TestConnReceives(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		p, stranger := listen(t, host), listen(t, host)
		c := dial(t, m, p)
		if n, err := c.Receive(func([][]byte) { t.Error("delivered before anything came") }); n != 0 || err != nil {
			t.Fatalf("%d datagrams, error %v", n, err)
		}
		send(t, c, []byte("hello"), 5)
		_, from := p.read(t)
		var want [][]byte
		for i := range 3 * MaxBatch {
			size := []int{1, 0, 40, 40, 40, 12, 12, 1400, 1400, 300}[i%10]
			want = append(want, bytes.Repeat([]byte{byte(i)}, size))
		}
		want = append(want, make([]byte, 40_000))
		for _, b := range want {
			if _, err := p.conn.WriteToUDPAddrPort(b, from); err != nil {
				t.Fatal(err)
			}
			_, _ = stranger.conn.WriteToUDPAddrPort([]byte("stranger"), from)
		}
		wantAll(t, receive(t, c, len(want)), want)
		if n, err := c.Receive(func([][]byte) {}); n != 0 || err != nil {
			t.Errorf("%d datagrams more, error %v", n, err)
		}
	})
}

// Datagrams of one size that the kernel gets as one, which it may hand over as one, are delivered apart.
func TestConnReceivesTrains(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		p := listen(t, host)
		c := dial(t, m, p)
		send(t, c, []byte("hello"), 5)
		_, from := p.read(t)
		_ = p.conn.SetReadDeadline(time.Time{})
		s, err := NewServer(Auto, p.conn, 256, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		want := datagrams(MaxBatch, 90)
		for b := range slices.Chunk(want, 90) {
			s.Send(b, from)
		}
		s.Send([]byte("short"), from)
		s.Flush()
		wantAll(t, receive(t, c, MaxBatch+1), append(slices.Collect(slices.Chunk(want, 90)), []byte("short")))
	})
}

func wantAll(t *testing.T, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d datagrams, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("datagram %d is %d octets that begin %.8q, want %d that begin %.8q",
				i, len(got[i]), got[i], len(want[i]), want[i])
		}
	}
}

// That no process listens is an error of a later call, after which the Conn works on.
func TestConnRefused(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		p := listen(t, host)
		c := dial(t, m, p)
		p.conn.Close()
		var err error
		for until := time.Now().Add(patience); err == nil && time.Now().Before(until); time.Sleep(time.Millisecond) {
			if _, err = c.Send([]byte("lost"), 4); err == nil {
				_, err = c.Receive(func([][]byte) { t.Error("a datagram from a closed port") })
			}
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("error %v", err)
		}
		again, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(p.addr))
		if err != nil {
			t.Skip(err) // another process has the port
		}
		defer again.Close()
		// What earlier datagrams met may still be reported.
		for until := time.Now().Add(patience); time.Now().Before(until); {
			if n, err := c.Send([]byte("found"), 5); err == nil && n == 1 {
				break
			}
		}
		if b, _ := (peer{again, p.addr}).read(t); string(b) != "found" {
			t.Errorf("%q arrived", b)
		}
	})
}

func TestIsPortable(t *testing.T) {
	if !Portable.IsPortable() || Segment.IsPortable() {
		t.Error("portable is not, or segment is")
	}
}
