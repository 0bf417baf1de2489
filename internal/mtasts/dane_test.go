package mtasts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestUsable(t *testing.T) {
	h := strings.Repeat("ab", 32)
	for _, tt := range []struct {
		record TLSARecord
		want   bool
	}{
		{TLSARecord{3, 1, 1, h}, true},
		{TLSARecord{2, 0, 1, h}, true},
		{TLSARecord{3, 1, 2, h + h}, true},
		{TLSARecord{3, 0, 0, "30"}, true},
		{TLSARecord{0, 0, 1, h}, false}, // PKIX-TA: not for SMTP (RFC 7672, section 3.1.3)
		{TLSARecord{1, 1, 1, h}, false}, // PKIX-EE
		{TLSARecord{4, 1, 1, h}, false},
		{TLSARecord{3, 2, 1, h}, false},
		{TLSARecord{3, 1, 3, h}, false},
		{TLSARecord{3, 1, 1, h[2:]}, false},
		{TLSARecord{3, 1, 0, ""}, false},
	} {
		if got := tt.record.Usable(); got != tt.want {
			t.Errorf("%v: %v", tt.record, got)
		}
		back, err := ParseTLSA(tt.record.String())
		if err != nil || back != tt.record {
			t.Errorf("%v: %v, %v", tt.record, back, err)
		}
	}
	for _, bad := range []string{"", "3 1 1", "3 1 1 aa bb", "256 1 1 aa", "x 1 1 aa"} {
		if _, err := ParseTLSA(bad); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestLookupTLSA(t *testing.T) {
	type given = map[string]answer // what is not there is not asked for
	const host, cname = "mx.example.com A", "mx.example.com CNAME"
	const tlsa, target = "_25._tcp.mx.example.com TLSA", "_25._tcp.host.example.net TLSA"
	record := func(base string, usage int) string {
		return fmt.Sprintf("_25._tcp.%s. 300 IN TLSA %d 1 1 %s", base, usage, strings.Repeat("AB", 32))
	}
	good, pkix := record("mx.example.com", 3), record("mx.example.com", 1)
	signed := answer{ad: true, rrs: []string{"mx.example.com. 300 IN A 22.1.0.1"}}
	const chain = "mx.example.com. 300 IN CNAME host.example.net."
	alias := answer{ad: true, rrs: []string{chain, "host.example.net. 300 IN A 22.1.0.1"}}
	away := answer{rrs: alias.rrs}
	none := answer{ad: true, rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}
	denied := answer{ad: true, rcode: dns.RcodeNameError, rrs: []string{soa("example.net")}}
	nodata := answer{ad: true, rrs: []string{soa("example.com")}}
	many := answer{ad: true, rrs: append(slices.Repeat([]string{pkix}, 40), good)}
	elsewhere := answer{rrs: []string{soa("example.org")}}
	servfail := answer{rcode: dns.RcodeServerFailure}
	isAlias := answer{ad: true, rrs: []string{chain}} // to the question for the CNAME
	published := answer{ad: true, rrs: []string{good}}
	pkixAtEnd := answer{ad: true, rrs: []string{record("host.example.net", 1)}}
	unsignedAtEnd := answer{rrs: []string{record("host.example.net", 3)}}
	atEnd := answer{ad: true, rrs: []string{record("host.example.net", 3)}}
	notImplemented := answer{rcode: dns.RcodeNotImplemented}
	local := answer{err: ownFault{errors.New("no descriptors")}}
	for _, tt := range []struct {
		name    string
		answers given
		want    codes.TLSA
		count   int
		ours    bool
	}{
		{"usable", given{host: signed, tlsa: {ad: true, rrs: []string{pkix, good}}}, codes.TLSAUsable, 2, false},
		{"not usable", given{host: signed, tlsa: {ad: true, rrs: []string{pkix}}}, codes.TLSAUnusable, 1, false},
		{"usable behind many", given{host: signed, tlsa: many}, codes.TLSAUsable, 16, false},
		{"not authenticated", given{host: signed, tlsa: {rrs: []string{good}}}, codes.TLSAInsecure, 1, false},
		{"absent", given{host: signed, tlsa: none}, codes.TLSAAbsent, 0, false},
		{"denied without an SOA", given{host: signed, tlsa: {}}, codes.TLSAAbsent, 0, false},
		{"denied by another zone", given{host: signed, tlsa: elsewhere}, codes.TLSAUnknown, 0, false},
		{"bogus", given{host: signed, tlsa: servfail}, codes.TLSAUnknown, 0, false},
		{"not implemented", given{host: signed, tlsa: notImplemented}, codes.TLSAUnknown, 0, false},
		{"own fault", given{host: signed, tlsa: local}, codes.TLSAUnknown, 0, true},

		{"IPv6 alone", given{host: nodata, tlsa: published}, codes.TLSAUsable, 1, false},
		{"no such host", given{host: none}, codes.TLSAAbsent, 0, false},
		{"addresses that are not signed", given{host: {rrs: signed.rrs}}, codes.TLSAInsecure, 0, false},
		{"no addresses, not signed", given{host: {rcode: dns.RcodeNameError, rrs: none.rrs}}, codes.TLSAInsecure, 0, false},
		{"bogus addresses", given{host: servfail}, codes.TLSAUnknown, 0, false},
		{"own fault at the addresses", given{host: local}, codes.TLSAUnknown, 0, true},

		{"alias, at its end", given{host: alias, target: atEnd}, codes.TLSAUsable, 1, false},
		{"alias, not usable at its end", given{host: alias, target: pkixAtEnd}, codes.TLSAUnusable, 1, false},
		{"alias, at its own name", given{host: alias, target: denied, tlsa: published}, codes.TLSAUsable, 1, false},
		{"alias, insecure at its end", given{host: alias, target: unsignedAtEnd, tlsa: published},
			codes.TLSAUsable, 1, false},
		{"alias, nowhere", given{host: alias, target: denied, tlsa: none}, codes.TLSAAbsent, 0, false},
		{"alias, bogus at its end", given{host: alias, target: servfail}, codes.TLSAUnknown, 0, false},
		{"alias, bogus at its own name", given{host: alias, target: denied, tlsa: servfail}, codes.TLSAUnknown, 0, false},
		{"alias, own fault at its own name", given{host: alias, target: denied, tlsa: local}, codes.TLSAUnknown, 0, true},
		{"alias to what is not signed", given{host: away, cname: isAlias, tlsa: published},
			codes.TLSAUsable, 1, false},
		{"alias that is not signed", given{host: away, cname: {rrs: []string{chain}}}, codes.TLSAInsecure, 0, false},
		{"alias that is gone", given{host: away, cname: nodata}, codes.TLSAInsecure, 0, false},
		{"bogus alias", given{host: away, cname: servfail}, codes.TLSAUnknown, 0, false},
		{"own fault at the alias", given{host: away, cname: local}, codes.TLSAUnknown, 0, true},
	} {
		zones := newZones(t, tt.answers)
		got, err := LookupTLSA(t.Context(), zones, "mx.example.com")
		if (err != nil) != tt.ours || got.Class != tt.want || len(got.Records) != tt.count ||
			len(zones.asked) != len(tt.answers) {
			t.Errorf("%s: %+v, %v, asked %q", tt.name, got, err, zones.asked)
		}
	}
}

func TestSummarizeDANE(t *testing.T) {
	const usable, absent, unknown = codes.TLSAUsable, codes.TLSAAbsent, codes.TLSAUnknown
	for _, tt := range []struct {
		ad    bool
		hosts []codes.TLSA
		want  codes.DANE
	}{
		{true, []codes.TLSA{usable, usable}, codes.DANEAll},
		{true, []codes.TLSA{usable, absent}, codes.DANESome},
		{true, []codes.TLSA{usable, unknown}, codes.DANESome},
		{true, []codes.TLSA{absent, codes.TLSAInsecure, codes.TLSAUnusable}, codes.DANENone},
		{true, []codes.TLSA{absent, unknown}, codes.DANEUnknown},
		{true, []codes.TLSA{unknown}, codes.DANEUnknown},
		{true, nil, codes.DANENone},
		{false, []codes.TLSA{usable}, codes.DANENone}, // whose hosts they are is not known
	} {
		if got := SummarizeDANE(tt.ad, tt.hosts); got != tt.want {
			t.Errorf("%v %q: %s, want %s", tt.ad, tt.hosts, got, tt.want)
		}
	}
}

func TestLookupWildcard(t *testing.T) {
	const key = "_q7.example.com TXT"
	yes, no := new(true), new(false)
	for _, tt := range []struct {
		name   string
		answer answer
		want   *bool
		ours   bool
	}{
		{"a wildcard", answer{rrs: []string{`_q7.example.com. 300 IN TXT "v=STSv1; id=1;"`}}, yes, false},
		{"a wildcard of other things", answer{rrs: []string{`_q7.example.com. 300 IN TXT "v=spf1 -all"`}}, no, false},
		{"none", answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}, no, false},
		{"nodata", answer{rrs: []string{soa("example.com")}}, no, false},
		{"nodata without an SOA", answer{}, no, false},
		{"referral", answer{rrs: []string{"!com. NS ns.example."}}, nil, false},
		{"silence", answer{err: slowError{}}, nil, false},
		{"own fault", answer{err: ownFault{errors.New("no descriptors")}}, nil, true},
	} {
		got, err := LookupWildcard(t.Context(), newZones(t, map[string]answer{key: tt.answer}), "example.com", "q7")
		if (err != nil) != tt.ours || (got == nil) != (tt.want == nil) || got != nil && *got != *tt.want {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}
