package resolver

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
	"stsscan/internal/udpbatch"
)

// denier says NXDOMAIN to everything, at little cost.
func denier(b *testing.B) netip.AddrPort {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	_ = conn.SetReadBuffer(4 << 20)
	tail := []byte("\x03com\x00" +
		"\x00\x06\x00\x01\x00\x00\x03\x84\x00\x1c\x01a\xc0\x00\x01b\xc0\x00" + "12341234123412341234")
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			end := n - 11 // the OPT record
			reply := append(buffer[:end], tail...)
			soa := reply[end:]
			at := uint16(end) | 0xc000
			binary.BigEndian.PutUint16(soa[17:], at) // the names end in com
			binary.BigEndian.PutUint16(soa[21:], at)
			reply[2], reply[3] = 0x81, 0x83
			reply[9], reply[11] = 1, 0
			_, _ = conn.WriteToUDPAddrPort(reply, from)
		}
	}()
	b.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func BenchmarkExchange(b *testing.B) {
	r, err := New(Config{Upstreams: []netip.AddrPort{denier(b)}, Retries: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	q := txt(asked)
	b.ReportAllocs()
	b.SetParallelism(50)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if m, err := r.Exchange(b.Context(), q); err != nil || m.Rcode != dns.RcodeNameError {
				b.Errorf("%v\n%v", err, m)
				return
			}
		}
	})
}

func BenchmarkSweep(b *testing.B) {
	for _, sockets := range []udpbatch.Method{udpbatch.Segment, udpbatch.Batch, udpbatch.Portable} {
		b.Run(string(sockets), func(b *testing.B) {
			r, err := New(Config{Upstreams: []netip.AddrPort{denier(b)}, Retries: 2, InFlight: 1000, Sockets: sockets, Lanes: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			b.ReportAllocs()
			left, denied := b.N, 0
			err = r.Sweep(b.Context(), func(into []Question) (int, bool) {
				n := min(left, len(into))
				for i := range into[:n] {
					into[i] = Question{Label: "_mta-sts", Name: "example.com", Type: dns.TypeTXT}
				}
				left -= n
				return n, left > 0
			}, func(answers []Answer) {
				for i := range answers {
					if answers[i].Outcome == NXDOMAIN && answers[i].Zone == "com" {
						denied++
					}
				}
			})
			if err != nil || denied != b.N {
				b.Errorf("%d of %d denied, error %v", denied, b.N, err)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	wire := replies()["nxdomain"].wire
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := dnswire.ReadDenial(wire, questionSize()); !ok {
				b.Fatal("not plain")
			}
		}
	})
	b.Run("message", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readMessage(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
}
