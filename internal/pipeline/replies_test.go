package pipeline

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// odd is one reply, and what both paths must make of it.
type odd struct {
	title  string
	reply  func(*dns.Msg) []byte
	record string
	reason string
}

func oddReplies() []odd {
	const good = `"v=STSv1; id=1;"`
	const zone = "odd.example. 60 IN SOA ns.example. hostmaster.example. 1 2 3 4 5"
	raw := func(change func(packet []byte) []byte, rcode int, lines ...string) func(*dns.Msg) []byte {
		return func(q *dns.Msg) []byte { return change(said(rcode, lines...)(q)) }
	}
	extra := func(rrs ...dns.RR) func(*dns.Msg) { return func(m *dns.Msg) { m.Extra = append(m.Extra, rrs...) } }
	chain := func(n int, last string) (lines []string) {
		from := "$"
		for i := range n {
			to := fmt.Sprintf("a%d.example.", i)
			lines, from = append(lines, from+" 60 IN CNAME "+to), to
		}
		if last != "" {
			lines = append(lines, from+" 60 IN TXT "+last)
		}
		return lines
	}
	every := make([]uint16, 8000)
	for i := range every {
		every[i] = uint16(100 + i)
	}
	const ok, nx = dns.RcodeSuccess, dns.RcodeNameError
	long := strings.Repeat("x", 255)
	return []odd{
		// The answer section.
		{"a record", said(ok, "$ 60 IN TXT "+good), "valid", ""},
		{"a record of upper-case owner", raw(upperOwner, ok, "$ 60 IN TXT "+good), "valid", ""},
		{"a record of another owner", said(ok, "other.example. 60 IN TXT "+good), "unknown", "malformed"},
		{"a record of class CH", said(ok, "$ 60 CH TXT "+good), "unknown", "malformed"},
		{"a record of another type", said(ok, "$ 60 IN A 22.1.0.1"), "unknown", "malformed"},
		{"a record among other types", said(ok, "$ 60 IN A 22.1.0.1", "$ 60 IN TXT "+good, "$ 60 IN RRSIG TXT 8 3 60 20300101000000 20200101000000 1 example. AAAA"), "valid", ""},
		{"a record beside one of another owner", said(ok, "$ 60 IN TXT "+good, "other.example. 60 IN TXT "+good), "valid", ""},
		{"a record in the authority section", said(ok, "!$ 60 IN TXT "+good), "absent", "nodata"},
		{"a record in the additional section", said(ok, "!"+zone, "+$ 60 IN TXT "+good), "absent", "nodata"},
		{"a record and a denial", said(ok, "$ 60 IN TXT "+good, "!"+zone), "valid", ""},
		{"a record and NXDOMAIN", said(nx, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"a record and REFUSED", said(dns.RcodeRefused, "$ 60 IN TXT "+good), "unknown", "refused"},
		{"a record and YXDOMAIN", said(dns.RcodeYXDomain, "$ 60 IN TXT "+good), "unknown", "rcode"},
		{"an unknown type beside the record", said(ok, "$ 60 IN TXT "+good, `$ 60 IN TYPE65300 \# 4 01020304`), "valid", ""},
		{"a TXT record of many strings", said(ok, `$ 60 IN TXT "v=STSv1; id" "=1" ";" ""`), "valid", ""},
		{"a TXT record of empty strings", said(ok, `$ 60 IN TXT "" "" ""`), "absent", "other_txt"},
		{"a TXT record of 255 full strings", said(ok, "$ 60 IN TXT"+strings.Repeat(` "`+long+`"`, 255)), "absent", "other_txt"},
		{"a record with 200 full strings behind it", said(ok, `$ 60 IN TXT "v=STSv1; id=1; a=" `+strings.Repeat(` "`+long+`"`, 200)), "valid", ""},
		{"400 TXT records and the record", said(ok, append(slices.Repeat([]string{`$ 60 IN TXT "other"`}, 400), "$ 60 IN TXT "+good)...), "valid", ""},
		{"octets that are no text", said(ok, `$ 60 IN TXT "v=STSv1; id=1\000\255;"`), "invalid", "id_invalid"},
		{"one record twice", said(ok, "$ 60 IN TXT "+good, "$ 60 IN TXT "+good), "multiple", ""},
		{"two lifetimes", said(ok, "$ 60 IN TXT "+good, `$ 5 IN TXT "other"`), "valid", ""},

		// Aliases.
		{"16 aliases", said(ok, chain(16, good)...), "valid", ""},
		{"17 aliases", said(ok, chain(17, good)...), "unknown", "cname_too_long"},
		{"200 aliases", said(ok, chain(200, good)...), "unknown", "cname_too_long"},
		{"aliases in disorder", said(ok, "a1.example. 60 IN TXT "+good, "a0.example. 60 IN CNAME a1.example.", "$ 60 IN CNAME a0.example."), "valid", ""},
		{"an alias to itself", said(ok, "$ 60 IN CNAME $"), "unknown", "cname_loop"},
		{"an alias in another case to itself", raw(upperOwner, ok, "$ 60 IN CNAME $"), "unknown", "cname_loop"},
		{"an alias beside the record", said(ok, "$ 60 IN CNAME a.example.", "$ 60 IN TXT "+good), "valid", ""},
		{"two aliases of one name", said(ok, "$ 60 IN CNAME a.example.", "$ 60 IN CNAME b.example.", "a.example. 60 IN TXT "+good), "valid", ""},
		{"a DNAME and the alias that it makes", said(ok, "example. 60 IN DNAME example.net.", "$ 60 IN CNAME a.example.net.", "a.example.net. 60 IN TXT "+good), "valid", ""},
		{"a DNAME alone", said(ok, "example. 60 IN DNAME example.net."), "unknown", "malformed"},
		{"an alias of odd labels", said(ok, `$ 60 IN CNAME a\.b\000\255.example.`, `a\.b\000\255.example. 60 IN TXT `+good), "valid", ""},
		{"an alias of odd labels that is asked for", said(ok, `$ 60 IN CNAME a\.b\000\255\012.odd.example.`), "absent", "nxdomain"},
		{"an alias to the longest name that is asked for", said(ok, "$ 60 IN CNAME "+longestName()), "absent", "nxdomain"},
		{"an alias to the root that is asked for", said(ok, "$ 60 IN CNAME ."), "absent", "nxdomain"},
		{"an alias to this machine", said(ok, "$ 60 IN CNAME localhost."), "absent", "nxdomain"},
		{"an alias to the root", said(ok, "$ 60 IN CNAME .", ". 60 IN TXT "+good), "valid", ""},
		{"an alias to the longest name", said(ok, "$ 60 IN CNAME "+longestName(), longestName()+" 60 IN TXT "+good), "valid", ""},
		{"an alias and NXDOMAIN", said(nx, "$ 60 IN CNAME gone.odd.example.", "!"+zone), "absent", "nxdomain"},
		{"an alias and NXDOMAIN, says the zone of the alias", said(nx, "$ 60 IN CNAME gone.example.net.", "!"+zone), "unknown", "malformed"},
		{"an alias of class CH", said(ok, "$ 60 CH CNAME a.example.", "a.example. 60 IN TXT "+good), "unknown", "malformed"},

		// The header.
		{"TC over TCP too", func(q *dns.Msg) []byte {
			packet := said(ok, "$ 60 IN TXT "+good)(q)
			packet[2] |= 0x02
			return packet
		}, "unknown", "truncated"},
		{"AD without a signature", saidWith(ok, func(m *dns.Msg) { m.AuthenticatedData = true }, "$ 60 IN TXT "+good), "valid", ""},
		{"CD, AA and Z", func(q *dns.Msg) []byte {
			packet := said(ok, "$ 60 IN TXT "+good)(q)
			packet[2] |= 0x04
			packet[3] |= 0x50
			return packet
		}, "valid", ""},
		{"recursion that is not available", func(q *dns.Msg) []byte {
			packet := said(ok, "$ 60 IN TXT "+good)(q)
			packet[3] &^= 0x80
			return packet
		}, "valid", ""},
		{"rcode 15", said(15), "unknown", "rcode"},
		{"rcode 9 and a denial", said(9, "!"+zone), "unknown", "rcode"},
		{"more answers than there are", raw(counted(6, 2), ok, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"60,000 answers announced", raw(counted(6, 60_000), nx), "unknown", "malformed"},
		{"fewer answers than there are", raw(counted(6, 0), ok, "$ 60 IN TXT "+good), "absent", "nodata"},
		{"octets behind the message", raw(func(packet []byte) []byte { return append(packet, make([]byte, 300)...) }, ok, "$ 60 IN TXT "+good), "valid", ""},
		{"a reply of 64 KiB of nothing behind a denial", raw(func(packet []byte) []byte { return append(packet, make([]byte, 65000-len(packet))...) }, nx, "!"+zone), "absent", "nxdomain"},

		// Names on the wire.
		{"an owner that points at itself", raw(func(packet []byte) []byte {
			end := questionEnd(packet)
			binary.BigEndian.PutUint16(packet[end:], 0xc000|uint16(end))
			return packet
		}, ok, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"an owner that points beyond the end", raw(func(packet []byte) []byte {
			binary.BigEndian.PutUint16(packet[questionEnd(packet):], 0xffff)
			return packet
		}, ok, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"an owner of a label type that there is not", raw(func(packet []byte) []byte {
			packet[questionEnd(packet)] = 0x80
			return packet
		}, ok, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"a TXT record shorter than its string", raw(func(packet []byte) []byte {
			packet[questionEnd(packet)+12]++
			return packet
		}, ok, "$ 60 IN TXT "+good), "unknown", "malformed"},
		{"a TXT record without a string", raw(func(packet []byte) []byte {
			end := questionEnd(packet) + 10
			return append(packet[:end:end], 0, 0)
		}, ok, "$ 60 IN TXT "+good), "absent", "other_txt"},

		// EDNS(0), RFC 6891.
		{"no OPT record", said(nx, "!"+zone), "absent", "nxdomain"},
		{"two OPT records", saidWith(nx, extra(options(), options()), "!"+zone), "absent", "nxdomain"},
		{"filtered, says the first of two OPT records", saidWith(nx, extra(options(15), options()), "!"+zone), "unknown", "filtered"},
		{"filtered, says the second of two OPT records", saidWith(nx, extra(options(), options(17)), "!"+zone), "unknown", "filtered"},
		{"an OPT record in the answer section", saidWith(ok, func(m *dns.Msg) { m.Answer = append(m.Answer, options()) }, "$ 60 IN TXT "+good), "valid", ""},
		{"8,000 extended errors", saidWith(nx, extra(options(every...)), "!"+zone), "absent", "nxdomain"},
		{"8,000 extended errors, filtered the last", saidWith(nx, extra(options(append(slices.Clone(every), 16)...)), "!"+zone), "unknown", "filtered"},
		{"an extended error with a text of 60,000 octets", saidWith(nx, extra(&dns.OPT{
			Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232}, Option: []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: 0, ExtraText: strings.Repeat("a\x00\xff", 20_000)}},
		}), "!"+zone), "absent", "nxdomain"},
		{"an OPT record with a name", saidWith(nx, extra(&dns.OPT{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeOPT, Class: 1232}}), "!"+zone), "absent", "nxdomain"},
		{"EDNS of version 1", saidWith(nx, extra(&dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232, Ttl: 1 << 16}}), "!"+zone), "absent", "nxdomain"},
		{"NSID, padding and unknown options", saidWith(nx, extra(&dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232}, Option: []dns.EDNS0{
			&dns.EDNS0_NSID{Nsid: "6e73"}, &dns.EDNS0_PADDING{Padding: make([]byte, 400)}, &dns.EDNS0_LOCAL{Code: 65001,
				Data: []byte{1}},
		}}), "!"+zone), "absent", "nxdomain"},

		// Denials.
		{"nothing", said(ok), "absent", "nodata"},
		{"nothing, and NXDOMAIN", said(nx), "absent", "nxdomain"},
		{"a referral", said(ok, "!example. 60 IN NS ns.example."), "unknown", "referral"},
		{"NODATA, says another zone", said(ok, "!example.org. 60 IN SOA a.root. b.root. 1 2 3 4 5"), "unknown", "malformed"},
		{"NXDOMAIN, says another zone", said(nx, "!example.org. 60 IN SOA a.root. b.root. 1 2 3 4 5"), "unknown", "malformed"},
		{"a denial of the root", said(nx, "!. 60 IN SOA a.root. b.root. 1 2 3 4 5"), "absent", "no_domain"},
		{"NXDOMAIN with 500 name servers", said(nx, append(slices.Repeat([]string{"!example. 60 IN NS ns.example."}, 500), "!"+zone)...), "absent", "nxdomain"},
		{"NXDOMAIN and NSEC3", said(nx, "!"+zone, "!b.example. 60 IN NSEC3 1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG"), "absent", "nxdomain"},
		{"NODATA and addresses", said(ok, "!"+zone, "+ns.example. 60 IN A 127.0.0.1"), "absent", "nodata"},
		{"a lifetime of a negative number", said(ok, "$ 2147483648 IN TXT "+good), "valid", ""},
	}
}

// differing are the fields in which two rows differ.
func differing(a, b *output.Row) (names []string) {
	one, other := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range one.NumField() {
		if !reflect.DeepEqual(one.Field(i).Interface(), other.Field(i).Interface()) {
			names = append(names, one.Type().Field(i).Name)
		}
	}
	return names
}

// What a reply means is the same whether the sieve reads it or a lookup does, and what it leaves in a row is
// bounded. Packets that answer no question are no replies, and change nothing.
func TestOddReplies(t *testing.T) {
	replies := oddReplies()
	script := scripted{replies: make(map[string]func(*dns.Msg) []byte)}
	for i, c := range replies {
		script.replies[fmt.Sprintf("d%d.odd.example", i)] = c.reply
	}
	engine, err := resolver.New(resolver.Config{Upstreams: []netip.AddrPort{script.listen(t)}, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()

	answers := make([]resolver.Answer, len(replies))
	next := 0
	var mu sync.Mutex
	err = engine.Sweep(t.Context(), func(into []resolver.Question) (n int, more bool) {
		for ; n < len(into) && next < len(replies); n++ {
			into[n] = resolver.Question{Label: mtasts.RecordLabel, Name: fmt.Sprintf("d%d.odd.example", next),
				Type: dns.TypeTXT, Tag: int64(next)}
			next++
		}
		return n, next < len(replies)
	}, func(some []resolver.Answer) {
		mu.Lock()
		defer mu.Unlock()
		for _, a := range some {
			answers[a.Tag] = a
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Engine: engine, Client: &mtasts.Client{Exchanger: engine, Transport: noHosts{}}}
	r := surveyorOf(t.Context(), config)
	for i, c := range replies {
		t.Run(c.title, func(t *testing.T) {
			name := domains.Name{Domain: fmt.Sprintf("d%d.odd.example", i), Rank: int64(i + 1), List: "odd"}
			first := survey.FirstAnswer{Answer: answers[i]}
			if first.Answer.Outcome == resolver.Reply {
				first.Reply = mtasts.ReadReply(name.Domain, first.Answer.Msg)
			}
			swept := rowFrom(t, r, &name, &first)
			alone := rowFrom(t, r, &name, nil)
			if swept.Record != c.record || swept.RecordReason != c.reason {
				t.Errorf("%s %s (%s), want %s %s", swept.Record, swept.RecordReason, swept.Rcode, c.record, c.reason)
			}
			for _, row := range []*output.Row{swept, alone} {
				row.LookupMS, row.Attempts = 0, 0
				wantBounded(t, row)
			}
			if !reflect.DeepEqual(swept, alone) {
				t.Errorf("the sieve and a lookup differ in %q", differing(swept, alone))
			}
		})
	}
}
