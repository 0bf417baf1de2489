package mtasts

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

func TestLookupMX(t *testing.T) {
	denied := answer{rrs: []string{soa("example.com")}}
	for _, tt := range []struct {
		name    string
		answers map[string]answer
		want    MX
		ours    bool
	}{
		{"two hosts", map[string]answer{"example.com MX": {ad: true, rrs: []string{
			"example.com. 600 IN MX 20 mx2.example.net.", "example.com. 300 IN MX 10 MX1.example.net.", "example.com. 300 IN MX 10 a.example.net."}}},
			MX{Kind: codes.MXHosts, Hosts: []MXHost{{"a.example.net", 10}, {"mx1.example.net", 10}, {"mx2.example.net", 20}},
				Count: 3, TTL: 300, Authenticated: true}, false},
		{"through an alias", map[string]answer{"example.com MX": {rrs: []string{
			"example.com. 300 IN CNAME other.example.", "other.example. 300 IN MX 10 mx.other.example."}}},
			MX{Kind: codes.MXHosts, Hosts: []MXHost{{"mx.other.example", 10}}, Count: 1, TTL: 300}, false},
		{"null MX (RFC 7505)", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 0 ."}}},
			MX{Kind: codes.MXNull, Count: 1, TTL: 300}, false},
		{"null MX with a preference", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 10 ."}}},
			MX{Kind: codes.MXNull, Count: 1, TTL: 300, Findings: []codes.Finding{codes.FindNullMXPreference}}, false},
		{"null MX beside a host", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 0 .", "example.com. 200 IN MX 5 mx.example.com."}}},
			MX{Kind: codes.MXHosts, Hosts: []MXHost{{"mx.example.com", 5}}, Count: 2, TTL: 200,
				Findings: []codes.Finding{codes.FindNullMXNotAlone}}, false},
		{"null MX beside no host", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 0 .", "example.com. 300 IN MX 5 localhost."}}},
			MX{Kind: codes.MXPseudo, Hosts: []MXHost{{"localhost", 5}}, Count: 2, TTL: 300,
				Findings: []codes.Finding{codes.FindNullMXNotAlone}}, false},
		{"null MX twice", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 0 .", "example.com. 300 IN MX 10 ."}}},
			MX{Kind: codes.MXNull, Count: 2, TTL: 300,
				Findings: []codes.Finding{codes.FindNullMXPreference, codes.FindNullMXNotAlone}}, false},
		{"a TTL with the top bit is 0", map[string]answer{"example.com MX": {rrs: []string{"example.com. 4294967295 IN MX 0 mx.example.com."}}},
			MX{Kind: codes.MXHosts, Hosts: []MXHost{{"mx.example.com", 0}}, Count: 1}, false},
		{"localhost", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 10 localhost."}}},
			MX{Kind: codes.MXPseudo, Hosts: []MXHost{{"localhost", 10}}, Count: 1, TTL: 300}, false},
		{"an address", map[string]answer{"example.com MX": {rrs: []string{"example.com. 300 IN MX 10 192.0.2.1."}}},
			MX{Kind: codes.MXPseudo, Hosts: []MXHost{{"192.0.2.1", 10}}, Count: 1, TTL: 300}, false},
		{"implicit", map[string]answer{"example.com MX": denied, "example.com AAAA": denied,
			"example.com A": {rrs: []string{"example.com. 300 IN A 192.0.2.1"}}},
			MX{Kind: codes.MXImplicit, Hosts: []MXHost{{"example.com", 0}}}, false},
		{"neither MX nor address", map[string]answer{"example.com MX": denied, "example.com A": denied, "example.com AAAA": denied},
			MX{Kind: codes.MXNone}, false},
		{"addresses unknown", map[string]answer{"example.com MX": denied, "example.com A": {rcode: dns.RcodeServerFailure}, "example.com AAAA": denied},
			MX{Kind: codes.MXUnknown, Reason: codes.RecordServfail}, false},
		{"no domain", map[string]answer{"example.com MX": {rcode: dns.RcodeNameError, rrs: []string{soa("com")}}}, MX{Kind: codes.MXNone}, false},
		{"servfail", map[string]answer{"example.com MX": {rcode: dns.RcodeServerFailure}}, MX{Kind: codes.MXUnknown, Reason: codes.RecordServfail}, false},
		{"referral", map[string]answer{"example.com MX": {rrs: []string{"!com. NS ns.example."}}}, MX{Kind: codes.MXUnknown, Reason: codes.RecordReferral}, false},
		{"denied by another zone", map[string]answer{"example.com MX": {rrs: []string{soa("example.org")}}},
			MX{Kind: codes.MXUnknown, Reason: codes.RecordMalformed}, false},
		{"neither MX nor address, without an SOA", map[string]answer{"example.com MX": {}, "example.com A": {}, "example.com AAAA": {}},
			MX{Kind: codes.MXNone}, false},
		{"no such name, without an SOA", map[string]answer{"example.com MX": {rcode: dns.RcodeNameError}}, MX{Kind: codes.MXNone}, false},
		{"timeout", map[string]answer{"example.com MX": {err: slowError{}}}, MX{Kind: codes.MXUnknown, Reason: codes.RecordTimeout}, false},
		{"own fault", map[string]answer{"example.com MX": {err: ownFault{errors.New("no descriptors")}}}, MX{Kind: codes.MXUnknown, Reason: codes.RecordOther}, true},
		{"own fault later", map[string]answer{"example.com MX": denied, "example.com A": {err: ownFault{errors.New("no descriptors")}}, "example.com AAAA": denied},
			MX{Kind: codes.MXUnknown, Reason: codes.RecordOther}, true},
	} {
		got, err := LookupMX(t.Context(), newZones(t, tt.answers), "example.com")
		if (err != nil) != tt.ours || err != nil && !fault.Ours(err) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got.Kind != tt.want.Kind || got.Reason != tt.want.Reason || !slices.Equal(got.Hosts, tt.want.Hosts) ||
			got.Count != tt.want.Count || got.TTL != tt.want.TTL || got.Authenticated != tt.want.Authenticated ||
			!slices.Equal(got.Findings, tt.want.Findings) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestPseudo(t *testing.T) {
	for name, want := range map[string]bool{
		"mx.example.com": false, "mx_1.example.com": false, "mx.xn--p1ai": false,
		".": true, "localhost": true, "mail.localhost": true, "0.0.0.0": true, "192.0.2.300": true, "::1": true,
		"~": true, "mx.invalid": true, "mail.local": true, "a..b": true, "": true,
	} {
		if got := (MXHost{Name: name}).Pseudo(); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestLookupPTR(t *testing.T) {
	for _, tt := range []struct {
		addr, key string
		answer    answer
		want      string
	}{
		{"192.0.2.25", "25.2.0.192.in-addr.arpa PTR", answer{rrs: []string{"25.2.0.192.in-addr.arpa. 300 IN PTR Probe.Example.net."}}, "probe.example.net"},
		{"::ffff:192.0.2.25", "25.2.0.192.in-addr.arpa PTR", answer{rrs: []string{"25.2.0.192.in-addr.arpa. 300 IN PTR probe.example.net."}}, "probe.example.net"},
		{"192.0.2.25", "25.2.0.192.in-addr.arpa PTR", answer{rcode: dns.RcodeNameError, rrs: []string{soa("192.in-addr.arpa")}}, ""},
		{"192.0.2.25", "25.2.0.192.in-addr.arpa PTR", answer{err: slowError{}}, ""},
		{"192.0.2.25", "25.2.0.192.in-addr.arpa PTR", answer{rrs: []string{`25.2.0.192.in-addr.arpa. 300 IN PTR no\032host.example.net.`}}, ""},
	} {
		zones := newZones(t, map[string]answer{tt.key: tt.answer})
		if got := LookupPTR(t.Context(), zones, netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.addr, got, tt.want)
		}
	}
}
