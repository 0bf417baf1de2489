package simnet

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func openFetchWorld(b *testing.B) *World {
	b.Helper()
	w, err := Open(filepath.Join("testdata", "fetch.txtar"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.Close)
	return w
}

// One question as the sieve asks most: for a record that does not exist.
func BenchmarkExchange(b *testing.B) {
	w := openFetchWorld(b)
	q := question("_mta-sts.fetch-01.example.com", dns.TypeTXT)
	b.ReportAllocs()
	for b.Loop() {
		if reply, err := w.Exchange(b.Context(), q); err != nil || reply.Rcode != dns.RcodeNameError {
			b.Fatal(reply, err)
		}
	}
}

// The same from datagram to datagram, without the socket.
func BenchmarkDatagram(b *testing.B) {
	w := openFetchWorld(b)
	for name, owner := range map[string]string{"denial": "_mta-sts.fetch-01.example.com",
		"record": "_mta-sts.fetch-07.example.com"} {
		packet, err := question(owner, dns.TypeTXT).Pack()
		if err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, dns.MaxMsgSize)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w.datagram(packet, buf) == nil {
					b.Fatal("no reply")
				}
			}
		})
	}
}

// Questions over the sockets, sixteen at a time.
func BenchmarkUDP(b *testing.B) {
	s := serve(b, openFetchWorld(b))
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := dns.Dial("udp", s.DNS.String())
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		q := question("_mta-sts.fetch-01.example.com", dns.TypeTXT)
		for pb.Next() {
			if err := conn.WriteMsg(q); err != nil {
				b.Error(err)
			}
			conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := conn.ReadMsg(); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "questions/s")
}

// One policy, from the connection to the last octet, client included.
func BenchmarkFetch(b *testing.B) {
	w := openFetchWorld(b)
	c := client(w, time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		resp, _, err := get(c, "mta-sts.fetch-35.example.com")
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp, err)
		}
	}
}
