package main

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// A bedDNS is the name server of a bed. Every domain below example.com has a
// record; the addresses of its hosts are for a test to say, for each question
// anew.
type bedDNS struct {
	dns netip.AddrPort

	// addrs gives the addresses of a host, mta-sts or mx, of a domain: of the
	// nth question for those of one family, from 0.
	addrs func(host, domain string, ipv6 bool, nth int) []netip.Addr

	mu    sync.Mutex
	asked map[dns.Question]int
}

// serveBedDNS serves until the test ends.
func serveBedDNS(t *testing.T) *bedDNS {
	t.Helper()
	b := &bedDNS{asked: make(map[dns.Question]int)}
	packets, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:53")))
	if err != nil {
		t.Fatal(err)
	}
	_ = packets.SetReadBuffer(8 << 20)
	b.dns = packets.LocalAddr().(*net.UDPAddr).AddrPort()
	server := &dns.Server{PacketConn: packets, Handler: b}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ActivateAndServe()
	}()
	t.Cleanup(func() {
		packets.Close()
		<-done
	})
	return b
}

// resolve says what addresses hosts have, from now on.
func (b *bedDNS) resolve(addrs func(host, domain string, ipv6 bool, nth int) []netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.addrs = addrs
}

// ServeDNS answers one question.
func (b *bedDNS) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	reply := new(dns.Msg).SetReply(q)
	reply.RecursionAvailable = true
	reply.Answer = b.answer(q.Question[0])
	if len(reply.Answer) == 0 {
		reply.Ns = []dns.RR{&dns.SOA{
			Hdr: rrHeader("example.com.", dns.TypeSOA), Ns: "ns.example.com.", Mbox: "hostmaster.example.com.",
		}}
	}
	_ = w.WriteMsg(reply)
}

func rrHeader(name string, qtype uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: qtype, Class: dns.ClassINET}
}

func (b *bedDNS) answer(q dns.Question) (rrs []dns.RR) {
	b.mu.Lock()
	nth, addrs := b.asked[q], b.addrs
	b.asked[q]++
	b.mu.Unlock()
	label, domain, _ := strings.Cut(strings.TrimSuffix(strings.ToLower(q.Name), "."), ".")
	switch {
	case q.Qtype == dns.TypeTXT && label == "_mta-sts":
		return []dns.RR{&dns.TXT{Hdr: rrHeader(q.Name, q.Qtype), Txt: []string{"v=STSv1; id=1;"}}}
	case q.Qtype == dns.TypeMX && domain == "example.com":
		return []dns.RR{&dns.MX{Hdr: rrHeader(q.Name, q.Qtype), Preference: 10, Mx: "mx." + q.Name}}
	case label != "mta-sts" && label != "mx":
		return nil
	case q.Qtype == dns.TypeA:
		for _, addr := range addrs(label, domain, false, nth) {
			rrs = append(rrs, &dns.A{Hdr: rrHeader(q.Name, q.Qtype), A: addr.AsSlice()})
		}
	case q.Qtype == dns.TypeAAAA:
		for _, addr := range addrs(label, domain, true, nth) {
			rrs = append(rrs, &dns.AAAA{Hdr: rrHeader(q.Name, q.Qtype), AAAA: addr.AsSlice()})
		}
	}
	return rrs
}

// questions is how many were asked about hosts of one kind.
func (b *bedDNS) questions(host string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for q, times := range b.asked {
		if strings.HasPrefix(q.Name, host+".") {
			n += times
		}
	}
	return n
}
