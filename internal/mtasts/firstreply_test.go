package mtasts

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// full are records of one owner, made by line, as many as a message of 64 KiB holds, which come last.
func full(owner string, octets int, line func(i int) string, last ...string) answer {
	var a answer
	for i := range (63<<10 - 512*len(last)) / (octets + 12) {
		a.rrs = append(a.rrs, owner+". 300 IN "+line(i))
	}
	for _, l := range last {
		a.rrs = append(a.rrs, owner+". 300 IN "+l)
	}
	return a
}

// long is a TXT record whose strings are n octets together.
func long(begin string, n int) string {
	text := begin + strings.Repeat("y", n-len(begin))
	var b strings.Builder
	b.WriteString("TXT")
	for ; len(text) > 255; text = text[255:] {
		b.WriteString(" \"" + text[:255] + "\"")
	}
	return b.String() + " \"" + text + "\""
}

// live is the size of what keep returns, in octets, without what only made it.
func live(keep func(i int) any) int {
	const times = 40
	var before, after runtime.MemStats
	kept := make([]any, times)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		kept[i] = keep(i)
	}
	runtime.GC()
	runtime.GC() // pools are emptied in two steps
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(kept)
	return (int(after.HeapAlloc) - int(before.HeapAlloc)) / times
}

// Of a reply of 64 KiB no more waits than a row keeps, and what is said of the record is said of all of it.
func TestFirstReplyIsSmall(t *testing.T) {
	const owner, record = "_mta-sts.example.com", `TXT "v=STSv1; id=1"`
	short := func(int) string { return `TXT "x"` }
	var extensions strings.Builder
	for i := range 8000 {
		fmt.Fprintf(&extensions, "%04x=1;", i)
	}
	for _, tt := range []struct {
		name   string
		reply  answer
		class  codes.Record
		reason codes.RecordReason
		kept   int // TXT records
		most   int // octets
	}{
		{"short texts", full(owner, 2, short), codes.RecordAbsent, codes.RecordOtherTXT, 64, 4 << 10},
		{"short texts before a record", full(owner, 2, short, record), codes.RecordValid, "", 64, 4 << 10},
		{"short texts before two records", full(owner, 2, short, record, record), codes.RecordMultiple, "", 64, 4 << 10},
		{"texts of 1 KiB before a record", full(owner, 1028, func(int) string { return long("x", 1<<10) }, record), codes.RecordValid, "", 16, 20 << 10},
		{"very many records", full(owner, 20, func(i int) string { return record }), codes.RecordMultiple, "", 64, 6 << 10},
		{"a record of 60 KiB", answer{rrs: []string{owner + ". 300 IN " + long("v=STSv1; id=1; x=", 60<<10)}}, codes.RecordValid, "", 0, 3 << 10},
		{"two records of 30 KiB", full(owner, 30<<10, func(int) string { return long("v=STSv1; id=1; x=", 30<<10) }), codes.RecordMultiple, "", 0, 3 << 10},
		{"8,000 fields", answer{rrs: []string{owner + ". 300 IN " + long("v=STSv1; id=1;"+extensions.String()+"x=", 60<<10)}}, codes.RecordValid, "", 0, 8 << 10},
		{"aliases that lead nowhere", full(owner, 40, func(i int) string { return fmt.Sprintf("CNAME a%d.example.net.", i) }), "", "", 0, 4 << 10},
		{"an alias among texts", full("_mta-sts.example.org", 2, short, "CNAME a.example.net."), "", "", 0, 4 << 10},
	} {
		wire, err := tt.reply.reply(t, RecordQuestion("example.com")).Pack()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		read := func() *FirstReply {
			m := new(dns.Msg)
			if err := m.Unpack(wire); err != nil {
				t.Fatal(err)
			}
			return ReadReply("example.com", m)
		}
		if got := live(func(int) any { return read() }); got > tt.most {
			t.Errorf("%s: %d octets are kept of %d, more than %d", tt.name, got, len(wire), tt.most)
		}
		first := read()
		if got := first.Octets(); got > tt.most {
			t.Errorf("%s: %d octets are counted", tt.name, got)
		}
		if tt.class == "" {
			continue
		}
		l, _ := first.Lookup(t.Context(), nil)
		if l.Class != tt.class || l.Reason != tt.reason || len(l.TXT) != tt.kept || l.TXTCount != len(tt.reply.rrs) {
			t.Errorf("%s: %s %s, %d of %d TXT records", tt.name, l.Class, l.Reason, len(l.TXT), l.TXTCount)
		}
		if tt.class == codes.RecordValid && (l.Record.ID != "1" || tt.kept > 0 && l.TXT[0] != "v=STSv1; id=1") {
			t.Errorf("%s: record %q, first text %.40q", tt.name, l.Record, l.TXT[0])
		}
	}
}

// The same of everything else that is asked about a domain.
func TestLookupsAreSmall(t *testing.T) {
	const domain = "example.com"
	tlsa := "_25._tcp." + domain
	tls := "_smtp._tls." + domain
	for _, tt := range []struct {
		name   string
		key    string
		reply  answer
		lookup func(Exchanger) any
		most   int
	}{
		{"MX hosts", domain + " MX", full(domain, 20, func(i int) string { return fmt.Sprintf("MX %d m%d.example.net.", i, i) }),
			func(ex Exchanger) any { mx, _ := LookupMX(t.Context(), ex, domain); return mx }, 4 << 10},
		{"a TLSA record of 60 KiB", tlsa + " TLSA", answer{rrs: []string{tlsa + ". 300 IN TLSA 3 1 0 " + strings.Repeat("ab", 60<<10)}},
			func(ex Exchanger) any { r, _ := LookupTLSA(t.Context(), ex, domain); return r }, 4 << 10},
		{"a TLSRPT record of 60 KiB", tls + " TXT", answer{rrs: []string{tls + ". 300 IN " + long("v=TLSRPTv1; rua=mailto:a@example.com,https://", 60<<10)}},
			func(ex Exchanger) any { r, _ := LookupTLSRPT(t.Context(), ex, domain); return r }, 4 << 10},
		{"TLSRPT among texts", tls + " TXT", full(tls, 2, func(int) string { return `TXT "x"` }, `TXT "v=TLSRPTv1; rua=mailto:a@example.com"`),
			func(ex Exchanger) any { r, _ := LookupTLSRPT(t.Context(), ex, domain); return r }, 6 << 10},
	} {
		wire, err := tt.reply.reply(t, question(strings.Fields(tt.key)[0]+".",
			dns.StringToType[strings.Fields(tt.key)[1]])).Pack()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := live(func(int) any { return tt.lookup(&echo{wire: wire}) }); got > tt.most {
			t.Errorf("%s: %d octets are kept of %d, more than %d", tt.name, got, len(wire), tt.most)
		}
	}
}
