package dnswire

import (
	"encoding/binary"
	"encoding/hex"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"
)

const asked = "_mta-sts.example.com"

// reply is the wire form of what make makes of a reply to the question for the TXT records of asked.
func reply(t testing.TB, make func(m *dns.Msg)) []byte {
	m := new(dns.Msg).SetReply(txt(asked))
	make(m)
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// questionEnd is the end of the question section in a reply for asked.
const questionEnd = HeaderSize + len(asked) + 2 + 4

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
	o := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: UDPSize}}
	for _, code := range codes {
		o.Option = append(o.Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: "why"})
	}
	return o
}

// A denialCase is a reply, and the zone of the denial that it is; "-": it is none, or none that is read here.
type denialCase struct {
	rcode     int
	authority []dns.RR
	extra     []dns.RR
	zone      string
}

func denialCases() map[string]denialCase {
	const nx, ok, other = dns.RcodeNameError, dns.RcodeSuccess, "-"
	rrs := func(rrs ...dns.RR) []dns.RR { return rrs }
	com, edns := rrs(soa("com.")), rrs(opt())
	chaos := soa("com.")
	chaos.Header().Class = dns.ClassCHAOS
	cookie := opt()
	cookie.Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: strings.Repeat("ab", 16)}}
	var many []uint16
	for code := range uint16(100) {
		many = append(many, 100+code)
	}
	address := &dns.A{Hdr: dns.RR_Header{Name: "a.com.", Rrtype: dns.TypeA, Class: 1}, A: net.IPv4(192, 0, 2, 1)}
	return map[string]denialCase{
		"nxdomain":                 {nx, com, edns, "com"},
		"nxdomain of the root":     {nx, rrs(soa(".")), edns, "."},
		"nxdomain of the zone":     {nx, rrs(soa("example.com.")), nil, "example.com"},
		"nxdomain, upper case":     {nx, rrs(soa("EXAMPLE.com.")), edns, "example.com"},
		"nxdomain without SOA":     {nx, nil, edns, ""},
		"nxdomain, header alone":   {nx, nil, nil, ""},
		"nxdomain, other errors":   {nx, com, rrs(opt(19, 22, 22)), "com"},
		"nodata":                   {ok, rrs(soa("example.com.")), edns, "example.com"},
		"nodata of the very name":  {ok, rrs(soa(asked + ".")), edns, asked},
		"nodata without SOA":       {ok, nil, edns, ""},
		"very many errors":         {nx, com, rrs(opt(many...)), "com"},
		"prohibited is not so":     {nx, com, rrs(opt(18)), "com"},
		"filtered among very many": {nx, com, rrs(opt(append(many, 17)...)), other},
		"blocked":                  {nx, com, rrs(opt(15)), other},
		"censored":                 {nx, com, rrs(opt(16)), other},
		"filtered":                 {ok, com, rrs(opt(3, 17)), other},
		"cookie":                   {nx, com, rrs(cookie), other},
		"NS beside":                {nx, append(rrs(ns("com.")), com...), edns, other},
		"referral":                 {ok, rrs(ns("com.")), edns, other},
		"servfail":                 {dns.RcodeServerFailure, nil, edns, other},
		"bad version":              {dns.RcodeBadVers, com, edns, other},
		"SOA from elsewhere":       {nx, rrs(soa("example.org.")), edns, other},
		"SOA of a sibling":         {nx, rrs(soa("ple.com.")), edns, other},
		"SOA from below":           {nx, rrs(soa("a." + asked + ".")), edns, other},
		"two SOAs":                 {nx, rrs(soa("com."), soa("com.")), edns, other},
		"two SOAs alone":           {nx, rrs(soa("com."), soa("com.")), nil, other},
		"SOA of another class":     {nx, rrs(chaos), edns, other},
		"SOA with an escaped name": {nx, rrs(soa(`a\.b.com.`)), edns, other},
		"glue":                     {nx, com, rrs(address), other},
		"glue beside":              {nx, com, rrs(address, opt()), other},
	}
}

func (c *denialCase) wire(t testing.TB, compress bool) []byte {
	return reply(t, func(m *dns.Msg) { m.Rcode, m.Ns, m.Extra, m.Compress = c.rcode, c.authority, c.extra, compress })
}

func TestReadDenial(t *testing.T) {
	for title, c := range denialCases() {
		for _, compress := range []bool{false, true} {
			wire := c.wire(t, compress)
			d, ok := readDenial(t, wire, questionEnd)
			if ok != (c.zone != "-") {
				t.Errorf("%s (compressed: %v): a denial %v", title, compress, ok)
			}
			if !ok {
				continue
			}
			if d.NXDOMAIN != (c.rcode == dns.RcodeNameError) || d.Zone("", asked) != c.zone || d.Authenticated {
				t.Errorf("%s (compressed: %v): %+v of the zone %q, want %q", title, compress, d, d.Zone("", asked), c.zone)
			}
			if label, name, _ := strings.Cut(asked, "."); d.Zone(label, name) != c.zone {
				t.Errorf("%s: with a label %q, want %q", title, d.Zone(label, name), c.zone)
			}
		}
	}
}

// A reply that ends early, has more than it says, answers, or is truncated is no denial.
func TestReadDenialOfOthers(t *testing.T) {
	for title, c := range denialCases() {
		wire := c.wire(t, true)
		for n := questionEnd; n < len(wire); n++ {
			if d, ok := readDenial(t, wire[:n], questionEnd); ok {
				t.Errorf("%s: %d of %d octets are %+v", title, n, len(wire), d)
			}
		}
		if d, ok := readDenial(t, append(wire, 0), questionEnd); ok {
			t.Errorf("%s: with an octet more it is %+v", title, d)
		}
	}
	alias := &dns.CNAME{Hdr: dns.RR_Header{Name: asked + ".", Rrtype: dns.TypeCNAME, Class: 1}, Target: "gone.com."}
	for title, make := range map[string]func(m *dns.Msg){
		"truncated": func(m *dns.Msg) { m.Truncated = true },
		"an alias":  func(m *dns.Msg) { m.Answer = []dns.RR{alias} },
	} {
		wire := reply(t, func(m *dns.Msg) { m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa("com.")}; make(m) })
		if d, ok := readDenial(t, wire, questionEnd); ok {
			t.Errorf("%s: %+v", title, d)
		}
	}
	bare := reply(t, func(m *dns.Msg) { m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa("com.")} })
	tail := append(slices.Clone(bare), 0)
	length := tail[questionEnd+5+8:] // behind owner, type, class and TTL
	binary.BigEndian.PutUint16(length, binary.BigEndian.Uint16(length)+1)
	loop := slices.Clone(bare)
	binary.BigEndian.PutUint16(loop[questionEnd:], 0xc000|uint16(questionEnd))
	for title, wire := range map[string][]byte{
		"an octet within the SOA record": tail, "a name that points at itself": loop,
	} {
		if d, ok := readDenial(t, wire, questionEnd); ok {
			t.Errorf("%s: %+v", title, d)
		}
	}
}

// Names and options that are longer or shorter than can be are not read.
func TestReadDenialOfBrokenRecords(t *testing.T) {
	label := "\x3f" + strings.Repeat("a", MaxLabel)
	shorter := "\x3d" + label[1:62]
	record := func(names string) string {
		size := binary.BigEndian.AppendUint16(nil, uint16(len(names)+20))
		return "\xc0\x0c\x00\x06\x00\x01\x00\x00\x00\x01" + string(size) + names + strings.Repeat("\x00", 20)
	}
	option := func(octets string) string {
		return "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00" + string(rune(len(octets))) + octets
	}
	for _, c := range []struct {
		title, authority, additional string
		denial                       bool
	}{
		{"names as long as can be", record(strings.Repeat(label, 3) + shorter + "\x00\x00"), "", true},
		{"a name too long", record(strings.Repeat(label, 4) + "\x00\x00"), "", false},
		{"a label too long", record("\x40" + strings.Repeat("a", 64) + "\x00\x00"), "", false},
		{"an extended error", "", option("\x00\x0f\x00\x02\x00\x16"), true},
		{"an extended error of an octet", "", option("\x00\x0f\x00\x01\x00\x00\x0f\x00\x02\x00\x16"), false},
		{"an option that ends early", "", option("\x00\x0f\x00\x04\x00\x16"), false},
		{"half an option", "", option("\x00\x0f\x00"), false},
	} {
		wire := reply(t, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError })
		wire[9], wire[11] = byte(min(len(c.authority), 1)), byte(min(len(c.additional), 1))
		if d, ok := readDenial(t, append(wire, c.authority+c.additional...), questionEnd); ok != c.denial {
			t.Errorf("%s: a denial %v, %+v", c.title, ok, d)
		}
	}
}

// readDenial reads a denial, and fails unless the library reads the same.
func readDenial(t interface{ Fatalf(string, ...any) }, wire []byte, end int) (Denial, bool) {
	d, ok := ReadDenial(wire, end)
	if !ok {
		return d, false
	}
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil {
		t.Fatalf("%+v, and not at all by the library (%v):\n%s", d, err, hex.Dump(wire))
	}
	zone := ""
	for _, rr := range m.Ns {
		zone = strings.ToLower(rr.(*dns.SOA).Hdr.Name)
	}
	if zone != "." {
		zone = strings.TrimSuffix(zone, ".")
	}
	var ede []uint16
	if o := m.IsEdns0(); o != nil {
		for _, option := range o.Option {
			if code := option.(*dns.EDNS0_EDE).InfoCode; !slices.Contains(ede, code) && len(ede) < MostEDE {
				ede = append(ede, code)
			}
		}
	}
	name := strings.ToLower(strings.TrimSuffix(m.Question[0].Name, "."))
	rcode := dns.RcodeSuccess
	if d.NXDOMAIN {
		rcode = dns.RcodeNameError
	}
	if m.Rcode != rcode || m.AuthenticatedData != d.Authenticated || m.Truncated || d.Zone("", name) != zone ||
		!slices.Equal(d.EDE, ede) || zone != "" && !dns.IsSubDomain(dns.Fqdn(zone), dns.Fqdn(name)) ||
		len(m.Answer) > 0 || len(m.Ns) != int(binary.BigEndian.Uint16(wire[8:])) ||
		len(m.Extra) != int(binary.BigEndian.Uint16(wire[10:])) || len(m.Extra) > 1 {
		t.Fatalf("%+v of the zone %q, by the library\n%v\n%s", d, d.Zone("", name), m, hex.Dump(wire))
	}
	return d, true
}

// What is read of any reply is what its parsed form says.
func TestReadDenialProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		wire := reply(t, func(m *dns.Msg) {
			m.Rcode = rapid.SampledFrom([]int{0, 3, 3, 2}).Draw(r, "rcode")
			m.AuthenticatedData = rapid.Bool().Draw(r, "ad")
			m.Compress = rapid.Bool().Draw(r, "compress")
			if rapid.IntRange(0, 3).Draw(r, "authority") > 0 {
				owners := []string{".", "com.", "COM.", "Example.com.", asked + ".", "example.org.", "xcom.", `\000.com.`}
				m.Ns = append(m.Ns, soa(rapid.SampledFrom(owners).Draw(r, "owner")))
			}
			if rapid.Bool().Draw(r, "edns") {
				codes := rapid.SampledFrom([]uint16{0, 3, 14, 15, 17, 18, 22})
				m.Extra = append(m.Extra, opt(rapid.SliceOfN(codes, 0, 3).Draw(r, "ede")...))
			}
		})
		for range rapid.IntRange(0, 2).Draw(r, "flips") {
			wire[rapid.IntRange(questionEnd-1, len(wire)-1).Draw(r, "at")] = rapid.Byte().Draw(r, "octet")
		}
		readDenial(r, wire, questionEnd)
	})
}

func FuzzReadDenial(f *testing.F) {
	for _, c := range denialCases() {
		f.Add(c.wire(f, false))
		f.Add(c.wire(f, true))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		end := QuestionEnd(packet)
		switch {
		case end < 0:
		case isPlain(packet[HeaderSize : end-4]):
			readDenial(t, packet, end)
		default: // the library writes such a name otherwise
			if d, ok := ReadDenial(packet, end); ok {
				d.Zone("", strings.Repeat("a", end-4-HeaderSize))
			}
		}
	})
}

// isPlain reports whether a name on the wire has nothing that would be escaped.
func isPlain(name []byte) bool {
	for off := 0; name[off] != 0; off += 1 + int(name[off]) {
		if slices.ContainsFunc(name[off+1:off+1+int(name[off])], func(b byte) bool { return !isPlainOctet(b) }) {
			return false
		}
	}
	return true
}

func BenchmarkReadDenial(b *testing.B) {
	c := denialCases()["nxdomain"]
	wire := c.wire(b, true)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ReadDenial(wire, questionEnd); !ok {
			b.Fatal("no denial")
		}
	}
}
