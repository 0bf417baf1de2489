package starttls_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// A script is a connection to a server whose replies are given.
type script struct {
	net.Conn // nil
	replies  *strings.Reader
}

func newScript(replies string) script { return script{replies: strings.NewReader(replies)} }

func (s script) Read(p []byte) (int, error)      { return s.replies.Read(p[:min(len(p), 1)]) } // one reply at a time
func (s script) Write(p []byte) (int, error)     { return len(p), nil }
func (s script) Close() error                    { return nil }
func (s script) LocalAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(22, 0, 0, 1)} }
func (s script) SetDeadline(time.Time) error     { return nil }
func (s script) SetReadDeadline(time.Time) error { return nil }

// A scriptDialer leads to hosts mx<i>.example.com, each with an address of its own; i decides what they say.
type scriptDialer struct {
	dialled int
	certs   int // how many certificates the hosts share
}

func (d *scriptDialer) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	d.dialled++
	i := hostNumber(host)
	if i%3 == 2 {
		return newScript("554 no\r\n"), hostAddr(i), nil
	}
	return newScript("220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n"), hostAddr(i), nil
}

func (d *scriptDialer) Secure(ctx context.Context, conn net.Conn, host string) (net.Conn, starttls.Peer, error) {
	return newScript("221 bye\r\n"), d.peer(hostNumber(host)), nil
}

// peer makes a new Peer at each call, as a handshake does.
func (d *scriptDialer) peer(i int) starttls.Peer {
	cert := i % d.certs
	return starttls.Peer{
		TLSVersion: []string{"1.2", "1.3"}[i/d.certs%2],
		CertSHA256: fmt.Sprintf("%064x", cert),
		NotAfter:   time.Date(2027, 1, 1, 0, 0, cert, 0, time.UTC),
	}
}

func hostNumber(host string) (i int) {
	_, _ = fmt.Sscanf(host, "mx%d.example.com", &i)
	return i
}

func hostAddr(i int) netip.Addr {
	if i%2 == 0 {
		return netip.AddrFrom4([4]byte{22, byte(i >> 16), byte(i >> 8), byte(i)})
	}
	return netip.AddrFrom16([16]byte{0x26, 0, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)})
}

// A host that was probed costs 128 octets at most, whatever its name is and whatever was seen of it. The number
// of hosts is one with which a map has just grown, which is when it is emptiest.
func TestProbedHostIsSmall(t *testing.T) {
	const hosts, most = 60_000, 128
	dialer := &scriptDialer{certs: 100}
	p := starttls.New(starttls.Config{Dialer: dialer})
	before := heap()
	for i := range hosts {
		if _, err := p.Probe(t.Context(), fmt.Sprintf("mx%d.example.com", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / hosts
	t.Logf("%d octets a host", each)
	if each > most {
		t.Errorf("%d octets a host, want %d at most", each, most)
	}
	runtime.KeepAlive(p)
}

// heap is what is in use, in octets.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first left to finalizers
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// All that a probe saw is kept, and no host is talked to twice.
func TestProbeKept(t *testing.T) {
	dialer := &scriptDialer{certs: 7}
	p := starttls.New(starttls.Config{Dialer: dialer})
	const hosts = 100
	for range 2 {
		for i := range hosts {
			want := starttls.Result{Class: codes.STARTTLSOK, Addr: hostAddr(i), Peer: dialer.peer(i)}
			if i%3 == 2 {
				want = starttls.Result{Class: codes.STARTTLSRefused, Addr: hostAddr(i), Code: 554}
			}
			if got, err := p.Probe(t.Context(), fmt.Sprintf("mx%d.example.com", i), nil); err != nil || got != want {
				t.Errorf("%d: %+v, %v; want %+v", i, got, err, want)
			}
		}
	}
	if dialer.dialled != hosts {
		t.Errorf("%d connections to %d hosts", dialer.dialled, hosts)
	}
}
