package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// ask returns the reply to a question, unpacked by miekg/dns.
func ask(t *testing.T, a *answers, m *dns.Msg) (*dns.Msg, kind) {
	t.Helper()
	asked, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	b := append(make([]byte, 0, maxReply+512), asked...)
	q, ok := a.read(b)
	if !ok {
		t.Fatalf("%s: no question", m.Question[0].Name)
	}
	k := a.kindOf(q)
	b = b[:reply(b, q, k)]
	if len(b) > maxReply {
		t.Errorf("%s: %d octets", m.Question[0].Name, len(b))
	}
	if end := q.end; !bytes.Equal(b[header:end], asked[header:end]) || !bytes.Equal(b[:2], asked[:2]) {
		t.Errorf("%s: id and question are not echoed octet for octet", m.Question[0].Name)
	}
	r := new(dns.Msg)
	if err := r.Unpack(b); err != nil {
		t.Fatalf("%s: %v", m.Question[0].Name, err)
	}
	// Unpack forgives counts that are wrong.
	for at, rrs := range map[int][]dns.RR{6: r.Answer, 8: r.Ns, 10: r.Extra} {
		if n := binary.BigEndian.Uint16(b[at:]); int(n) != len(rrs) {
			t.Errorf("%s: the header says %d records at %d, there are %d", m.Question[0].Name, n, at, len(rrs))
		}
	}
	same, err := r.Pack()
	if err != nil || len(same) == 0 {
		t.Errorf("%s: cannot be packed same: %v", m.Question[0].Name, err)
	}
	if !r.Response || !r.RecursionDesired || !r.RecursionAvailable ||
		r.Truncated || r.Authoritative || r.AuthenticatedData {
		t.Errorf("%s: header %v", m.Question[0].Name, r.MsgHdr)
	}
	return r, k
}

func TestAnswers(t *testing.T) {
	a := newAnswers(shares{positive: 0.1, servfail: 0.1, nodata: 0.2, noDomain: 0.2}, 1)
	longest := strings.Repeat("a.", 119) + "bb.com." // with _mta-sts before it 255 octets on the wire
	seen := make(map[kind]int)
	const n = 20_000
	for i := range n {
		domain := fmt.Sprintf("Domain-%d.Example.NET.", i)
		if i == 0 {
			domain = longest
		}
		m := new(dns.Msg).SetQuestion("_mta-sts."+domain, dns.TypeTXT)
		edns := i%2 == 0
		if edns {
			m.SetEdns0(1232, i%4 == 0)
		}
		r, k := ask(t, a, m)
		seen[k]++
		wantRcode, owner := dns.RcodeSuccess, ""
		switch k {
		case nxdomain, nodata:
			owner = domain
			if k == nxdomain {
				wantRcode = dns.RcodeNameError
			}
		case noDomain:
			wantRcode, owner = dns.RcodeNameError, domain[strings.LastIndexByte(domain[:len(domain)-1], '.')+1:]
		case servfail:
			wantRcode = dns.RcodeServerFailure
		case positive:
			if len(r.Answer) != 1 || r.Answer[0].Header().Name != "_mta-sts."+domain || r.Answer[0].(*dns.TXT).Txt[0] != record {
				t.Fatalf("%s: answer %v", domain, r.Answer)
			}
		}
		if r.Rcode != wantRcode || (len(r.Answer) > 0) != (k == positive) {
			t.Fatalf("%s, kind %d: %v", domain, k, r)
		}
		switch {
		case owner == "" && len(r.Ns) > 0, owner != "" && len(r.Ns) != 1:
			t.Fatalf("%s, kind %d: authority %v", domain, k, r.Ns)
		case owner != "":
			if soa, ok := r.Ns[0].(*dns.SOA); !ok || soa.Hdr.Name != owner || soa.Minttl != 900 {
				t.Fatalf("%s, kind %d: authority %v, want an SOA of %s", domain, k, r.Ns, owner)
			}
		}
		opt := r.IsEdns0()
		if (opt != nil) != edns || edns && (opt.Do() != (i%4 == 0) || opt.UDPSize() != 1232) || len(r.Extra) > 1 {
			t.Fatalf("%s: additional %v", domain, r.Extra)
		}
	}
	for k, share := range map[kind]float64{positive: 0.1, servfail: 0.1, nodata: 0.2, noDomain: 0.2, nxdomain: 0.4} {
		if got := float64(seen[k]) / n; math.Abs(got-share) > 0.02 {
			t.Errorf("kind %d: share %.3f, want about %.1f", k, got, share)
		}
	}
}

// The answer for a domain does not depend on letter case or on earlier questions. It does depend on the seed.
func TestAnswersAreTheSame(t *testing.T) {
	s := shares{positive: 0.25, servfail: 0.25, nodata: 0.25}
	first, same, other := newAnswers(s, 1), newAnswers(s, 1), newAnswers(s, 2)
	differ := 0
	for i := range 1000 {
		name := fmt.Sprintf("_mta-sts.domain-%d.example.", i)
		_, k := ask(t, first, new(dns.Msg).SetQuestion(name, dns.TypeTXT))
		if _, l := ask(t, same, new(dns.Msg).SetQuestion(strings.ToUpper(name), dns.TypeTXT)); l != k {
			t.Fatalf("%s: kind %d, in upper case %d", name, k, l)
		}
		if _, l := ask(t, other, new(dns.Msg).SetQuestion(name, dns.TypeTXT)); l != k {
			differ++
		}
	}
	if differ < 500 {
		t.Errorf("%d of 1000 domains differ for another seed", differ)
	}
}

// Only the record's own name exists, and a Policy Host belongs to the zone of its domain.
func TestOtherNames(t *testing.T) {
	a := newAnswers(shares{positive: 1}, 1)
	for name, owner := range map[string]string{
		"example.com.":                  "example.com.",
		"mta-sts.example.com.":          "example.com.",
		"_mta-sts.example.com.":         "example.com.",
		"_smtp._tls.example.com.":       "_smtp._tls.example.com.",
		"_mta-sts.mta-sts.example.com.": "mta-sts.example.com.",
		".":                             ".",
	} {
		r, k := ask(t, a, new(dns.Msg).SetQuestion(name, dns.TypeA))
		if k != nxdomain || len(r.Ns) != 1 || r.Ns[0].Header().Name != owner {
			t.Errorf("%s: kind %d, authority %v", name, k, r.Ns)
		}
	}
}

func TestMalformed(t *testing.T) {
	a := newAnswers(shares{}, 1)
	good, err := new(dns.Msg).SetQuestion("_mta-sts.example.com.", dns.TypeTXT).Pack()
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := a.read(good); !ok {
		t.Fatal("a question is none")
	}
	for n := range good {
		if _, ok := a.read(good[:n]); ok {
			t.Errorf("%d octets of %d are a question", n, len(good))
		}
	}
	for what, damage := range map[string]func(b []byte){
		"a response":         func(b []byte) { b[2] |= 0x80 },
		"a notify":           func(b []byte) { b[2] |= 4 << 3 },
		"two questions":      func(b []byte) { b[5] = 2 },
		"no question":        func(b []byte) { b[5] = 0 },
		"an answer":          func(b []byte) { b[7] = 1 },
		"class CHAOS":        func(b []byte) { b[len(b)-1] = 3 },
		"a pointer":          func(b []byte) { b[header] = 0xc0 },
		"a label too long":   func(b []byte) { b[header] = 64 },
		"a label to nowhere": func(b []byte) { b[header] = 60 },
	} {
		b := bytes.Clone(good)
		damage(b)
		if _, ok := a.read(b); ok {
			t.Errorf("%s is a question", what)
		}
	}
}

// A label or name that is too long makes no question, even if all its octets are there.
func TestTooLong(t *testing.T) {
	a := newAnswers(shares{}, 1)
	three := strings.Repeat("\x3f"+strings.Repeat("a", 63), 3)
	for labels, want := range map[string]bool{
		three + "\x3d" + strings.Repeat("a", 61): true, // 255 octets with the root
		three + "\x3e" + strings.Repeat("a", 62): false,
		"\x3f" + strings.Repeat("a", 63):         true,
		"\x40" + strings.Repeat("a", 64):         false,
	} {
		b := "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + "\x00\x00\x10\x00\x01"
		if _, ok := a.read([]byte(b)); ok != want {
			t.Errorf("a name of %d octets: %t, want %t", len(labels)+1, ok, want)
		}
	}
}

// The reply leaves out an additional record that is not an OPT, and does not count it.
func TestOtherAdditional(t *testing.T) {
	m := new(dns.Msg).SetQuestion("_mta-sts.example.com.", dns.TypeTXT)
	header := dns.RR_Header{Name: ".", Rrtype: dns.TypeA, Class: dns.ClassINET}
	m.Extra = []dns.RR{&dns.A{Hdr: header, A: []byte{192, 0, 2, 1}}}
	if r, _ := ask(t, newAnswers(shares{}, 1), m); len(r.Extra) > 0 {
		t.Errorf("additional %v", r.Extra)
	}
}

// Replies of equal length leave in one send, so negative ones must be equally long.
func TestEqualLength(t *testing.T) {
	if len(domainSOA) != len(tldSOA) {
		t.Errorf("the SOA of domains has %d octets, that of top-level domains %d", len(domainSOA), len(tldSOA))
	}
}

func FuzzRead(f *testing.F) {
	m := new(dns.Msg).SetQuestion("_mta-sts.example.com.", dns.TypeTXT)
	m.SetEdns0(1232, true)
	b, err := m.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	a := newAnswers(shares{positive: 0.2, nodata: 0.2, noDomain: 0.2, servfail: 0.2}, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(make([]byte, 0, len(b)+maxReply), b...)
		q, ok := a.read(b)
		if !ok {
			return
		}
		id := binary.BigEndian.Uint16(b)
		for k := nxdomain; k < kinds; k++ {
			c := append(make([]byte, 0, cap(b)), b...)
			r := new(dns.Msg)
			if err := r.Unpack(c[:reply(c, q, k)]); err != nil || r.Id != id {
				t.Errorf("kind %d: %v", k, err)
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	a := newAnswers(shares{nodata: 0.1, noDomain: 0.1}, 1)
	m := new(dns.Msg).SetQuestion("_mta-sts.an-example.com.", dns.TypeTXT)
	m.SetEdns0(1232, false)
	asked, err := m.Pack()
	if err != nil {
		b.Fatal(err)
	}
	packet := make([]byte, maxReply)
	b.ReportAllocs()
	for b.Loop() {
		copy(packet, asked)
		q, _ := a.read(packet[:len(asked)])
		reply(packet[:len(asked)], q, a.kindOf(q))
	}
}
