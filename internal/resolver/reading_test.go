package resolver

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"

	"stsscan/internal/dnswire"
)

const asked = "_mta-sts.example.com"

// reply is the wire form of what make makes of a reply to the question for the TXT records of asked.
func reply(make func(m *dns.Msg)) []byte {
	m := new(dns.Msg).SetReply(txt(asked))
	m.Id = 0
	make(m)
	return packed(m)
}

func soa(owner string) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
		Ns:  "ns1.example.net.", Mbox: "hostmaster.example.net.", Serial: 1, Refresh: 2, Retry: 3, Expire: 4, Minttl: 5,
	}
}

func ns(owner string) dns.RR {
	return &dns.NS{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeNS, Class: dns.ClassINET}, Ns: "a.example."}
}

func opt(codes ...uint16) *dns.OPT {
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: dnswire.UDPSize}}
	for _, code := range codes {
		o.Option = append(o.Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: "why"})
	}
	return o
}

// replies are what a resolver may say, with what the sieve makes of it and whether the short way suffices.
func replies() map[string]struct {
	wire    []byte
	outcome Outcome
	zone    string
	short   bool
} {
	type c = struct {
		wire    []byte
		outcome Outcome
		zone    string
		short   bool
	}
	denied := func(code int, ns []dns.RR, extra ...dns.RR) []byte {
		return reply(func(m *dns.Msg) { m.Rcode, m.Ns, m.Extra = code, ns, extra })
	}
	const nx, ok = dns.RcodeNameError, dns.RcodeSuccess
	com := []dns.RR{soa("com.")}
	escaped := soa(`a\.b.com.`)
	var many []uint16
	for code := range uint16(100) {
		many = append(many, 100+code)
	}
	chaos := soa("com.")
	chaos.Header().Class = dns.ClassCHAOS
	cookie := opt()
	cookie.Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: strings.Repeat("ab", 16)}}
	return map[string]c{
		"nxdomain":                 {denied(nx, com, opt()), NXDOMAIN, "com", true},
		"nxdomain of the root":     {denied(nx, []dns.RR{soa(".")}, opt()), NXDOMAIN, ".", true},
		"nxdomain of the zone":     {denied(nx, []dns.RR{soa("example.com.")}), NXDOMAIN, "example.com", true},
		"nxdomain, upper case":     {denied(nx, []dns.RR{soa("EXAMPLE.com.")}, opt()), NXDOMAIN, "example.com", true},
		"nxdomain without SOA":     {denied(nx, nil, opt()), NXDOMAIN, "", true},
		"nxdomain, header alone":   {denied(nx, nil), NXDOMAIN, "", true},
		"nxdomain, other error":    {denied(nx, com, opt(dns.ExtendedErrorCodeStaleNXDOMAINAnswer, 22, 22)), NXDOMAIN, "com", true},
		"nxdomain, NS beside":      {denied(nx, append([]dns.RR{ns("com.")}, com...), opt()), NXDOMAIN, "com", false},
		"nxdomain, cookie":         {denied(nx, com, cookie), NXDOMAIN, "com", false},
		"nodata":                   {denied(ok, []dns.RR{soa("example.com.")}, opt()), NODATA, "example.com", true},
		"nodata of the very name":  {denied(ok, []dns.RR{soa(asked + ".")}, opt()), NODATA, asked, true},
		"nodata, authenticated":    {reply(func(m *dns.Msg) { m.AuthenticatedData, m.Ns = true, com }), NODATA, "com", true},
		"nodata without SOA":       {denied(ok, nil, opt()), NODATA, "", true},
		"nodata, header alone":     {denied(ok, nil), NODATA, "", true},
		"nodata, cookie":           {denied(ok, nil, cookie), NODATA, "", false},
		"nodata of another zone":   {denied(ok, []dns.RR{soa("example.org.")}, opt()), Reply, "example.org", false},
		"referral":                 {denied(ok, []dns.RR{ns("com.")}, opt()), Reply, "", false},
		"blocked":                  {denied(nx, com, opt(dns.ExtendedErrorCodeBlocked)), Reply, "com", false},
		"censored":                 {denied(nx, com, opt(dns.ExtendedErrorCodeCensored)), Reply, "com", false},
		"filtered":                 {denied(ok, com, opt(3, dns.ExtendedErrorCodeFiltered)), Reply, "com", false},
		"very many errors":         {denied(nx, com, opt(many...)), NXDOMAIN, "com", true},
		"filtered among very many": {denied(nx, com, opt(append(many, dns.ExtendedErrorCodeFiltered)...)), Reply, "com", false},
		"prohibited is not so":     {denied(nx, com, opt(dns.ExtendedErrorCodeProhibited)), NXDOMAIN, "com", true},
		"truncated":                {reply(func(m *dns.Msg) { m.Rcode, m.Ns, m.Truncated = nx, com, true }), Reply, "com", false},
		"servfail":                 {denied(dns.RcodeServerFailure, nil, opt()), Reply, "", false},
		"bad version":              {denied(dns.RcodeBadVers, com, opt()), Reply, "com", false},
		"SOA from elsewhere":       {denied(nx, []dns.RR{soa("example.org.")}, opt()), Reply, "example.org", false},
		"SOA of a sibling":         {denied(nx, []dns.RR{soa("ple.com.")}, opt()), Reply, "ple.com", false},
		"SOA from below":           {denied(nx, []dns.RR{soa("a." + asked + ".")}, opt()), Reply, "a." + asked, false},
		"two SOAs":                 {denied(nx, []dns.RR{soa("com."), soa("com.")}, opt()), Reply, "com", false},
		"SOA of another class":     {denied(nx, []dns.RR{chaos}, opt()), NXDOMAIN, "com", false},
		"SOA with an escaped name": {denied(nx, []dns.RR{escaped}, opt()), Reply, `a\.b.com`, false},
		"an answer":                {packed(answer(txt(asked))), Reply, "", false},
		"nxdomain after an alias": {reply(func(m *dns.Msg) {
			m.Rcode, m.Ns = nx, com
			m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: asked + ".", Rrtype: dns.TypeCNAME, Class: 1},
				Target: "gone.com."}}
		}), Reply, "com", false},
		"glue without need": {reply(func(m *dns.Msg) {
			m.Rcode, m.Ns = nx, com
			m.Extra = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: "a.com.", Rrtype: dns.TypeA, Class: 1},
				A: net.IPv4(192, 0, 2, 1)}}
		}), NXDOMAIN, "com", false},
	}
}

// end of the question section in a reply for asked.
func questionSize() int { return dnswire.HeaderSize + len(asked) + 2 + 4 }

// denialOf is the reading of a denial of label.name.
func denialOf(d *dnswire.Denial, label, name string) reading {
	rd := reading{outcome: NODATA, zone: d.Zone(label, name), ede: d.EDE, authenticated: d.Authenticated}
	if d.NXDOMAIN {
		rd.outcome, rd.rcode = NXDOMAIN, dns.RcodeNameError
	}
	return rd
}

// both reads a reply the short way and the long way, which must agree. ok says that the long way could read it.
func both(t interface{ Fatalf(string, ...any) }, wire []byte) (long reading, short, ok bool) {
	long, err := readMessage(wire)
	d, short := dnswire.ReadDenial(wire, questionSize())
	if !short {
		return long, short, err == nil
	}
	if err != nil {
		t.Fatalf("read the short way, and not at all the long way (%v):\n%s", err, hex.Dump(wire))
	}
	quick := denialOf(&d, "", asked)
	like := long
	like.msg = nil
	if !reflect.DeepEqual(quick, like) {
		t.Fatalf("short way %+v\nlong way  %+v\n%s", quick, like, hex.Dump(wire))
	}
	return long, true, true
}

func TestReading(t *testing.T) {
	for title, c := range replies() {
		for _, compress := range []bool{false, true} {
			m := new(dns.Msg)
			if err := m.Unpack(c.wire); err != nil {
				t.Fatal(err)
			}
			m.Compress = compress
			long, short, ok := both(t, packed(m))
			if len(long.ede) > dnswire.MostEDE+1 {
				t.Errorf("%s: %d extended errors are kept", title, len(long.ede))
			}
			if !ok || long.outcome != c.outcome || long.zone != c.zone || short != c.short {
				t.Errorf("%s (compressed: %v): outcome %d, zone %q, short way %v; want %d, %q, %v", title, compress,
					long.outcome, long.zone, short, c.outcome, c.zone, c.short)
			}
		}
	}
}

// A record where none belongs is left to the long way.
func TestReadingOfMore(t *testing.T) {
	denied := replies()["nxdomain, header alone"].wire
	bare := reply(func(m *dns.Msg) { m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa("com.")} })
	tail := append([]byte(nil), bare...)
	length := tail[questionSize()+5+8:] // behind owner, type, class and TTL
	binary.BigEndian.PutUint16(length, binary.BigEndian.Uint16(length)+1)
	loop := append([]byte(nil), bare...)
	binary.BigEndian.PutUint16(loop[questionSize():], 0xc000|uint16(questionSize()))
	for title, wire := range map[string][]byte{
		"octets behind nothing":          append(denied, 0),
		"octets behind the records":      append(bare, 1, 2, 3),
		"an octet within the SOA record": append(tail, 0),
		"a name that points at itself":   loop,
	} {
		if long, short, _ := both(t, wire); short {
			t.Errorf("%s: read the short way as %+v", title, long)
		}
	}
}

// A reply that is cut short is no denial.
func TestReadingOfAPart(t *testing.T) {
	for title, c := range replies() {
		for n := questionSize(); n < len(c.wire); n++ {
			if rd, _, ok := both(t, c.wire[:n]); ok {
				t.Fatalf("%s: %d of %d octets read as outcome %d", title, n, len(c.wire), rd.outcome)
			}
		}
	}
}

// The outcome of a reply is what its parsed form says.
func TestReadingProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire := reply(func(m *dns.Msg) {
			m.Rcode = rapid.SampledFrom([]int{0, 0, 0, 2, 3, 3, 3, 5}).Draw(t, "rcode")
			m.AuthenticatedData = rapid.Bool().Draw(t, "ad")
			m.Truncated = rapid.IntRange(0, 9).Draw(t, "tc") == 0
			m.Compress = rapid.Bool().Draw(t, "compress")
			for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "authority") {
				owner := rapid.SampledFrom([]string{".", "com.", "COM.", "example.com.", "Example.com.", asked + ".",
					"example.org.", "xcom.", `\000.com.`}).Draw(t, "owner")
				if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
					m.Ns = append(m.Ns, &dns.NS{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeNS, Class: 1}, Ns: "a.example."})
				} else {
					m.Ns = append(m.Ns, soa(owner))
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "answers") == 0 {
				m.Answer = answer(txt(asked)).Answer
			}
			if rapid.Bool().Draw(t, "edns") {
				o := opt(rapid.SliceOfN(rapid.SampledFrom([]uint16{0, 3, 14, 15, 16, 17, 18, 22}), 0, 3).Draw(t, "ede")...)
				m.Rcode += rapid.SampledFrom([]int{0, 0, 0, 16}).Draw(t, "extension")
				m.Extra = append(m.Extra, o)
			}
		})
		for range rapid.IntRange(0, 2).Draw(t, "flips") {
			at := rapid.IntRange(questionSize()-1, len(wire)-1).Draw(t, "at")
			wire[at] = rapid.Byte().Draw(t, "octet")
		}
		both(t, wire)
	})
}

// The question that the sieve packs is the one that miekg/dns packs.
func TestAskEqualsPack(t *testing.T) {
	for _, name := range []string{asked, "a", "A.Example", "xn--bcher-kva.example",
		strings.Repeat("a23456789.", 25) + "abc"} {
		for _, qtype := range []uint16{dns.TypeTXT, dns.TypeA, dns.TypeSOA} {
			var byHand dnswire.Query
			var byLibrary asker
			if err := byHand.Ask(name, qtype); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			q := txt(name)
			q.Question[0].Qtype = qtype
			if err := byLibrary.pack(q); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !reflect.DeepEqual(byHand, byLibrary.query) {
				t.Errorf("%s:\n%+v\n%+v", name, byHand, byLibrary.query)
			}
			for _, edns := range []bool{true, false, false, true} {
				byHand.UseEDNS(edns)
				m := new(dns.Msg)
				if err := m.Unpack(byHand.Message()); err != nil || (m.IsEdns0() != nil) != edns {
					t.Errorf("%s, EDNS %v: %v\n%v", name, edns, err, m)
				}
			}
		}
	}
}

// FuzzReading: what is accepted is a reply to the question, and its reading never panics nor depends on the way.
func FuzzReading(f *testing.F) {
	for _, c := range replies() {
		f.Add(c.wire)
	}
	for _, forge := range forgeries() {
		f.Add(forge(txt(asked)))
	}
	var q dnswire.Query
	if err := q.Ask(asked, dns.TypeTXT); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		if !dnswire.IsReply(packet, 0, q.Question()) {
			return
		}
		m := new(dns.Msg)
		if err := m.Unpack(packet); err != nil {
			return
		}
		if binary.BigEndian.Uint16(packet) != 0 || !m.Response || m.Opcode != dns.OpcodeQuery || len(m.Question) != 1 ||
			m.Question[0] != (dns.Question{Name: asked + ".", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}) {
			t.Fatalf("accepted:\n%v", m)
		}
		both(t, packet)
	})
}
