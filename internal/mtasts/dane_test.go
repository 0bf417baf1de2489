package mtasts

import (
	"errors"
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
	good := "_25._tcp.mx.example.com. 300 IN TLSA 3 1 1 " + strings.Repeat("AB", 32)
	pkix := "_25._tcp.mx.example.com. 300 IN TLSA 1 1 1 " + strings.Repeat("AB", 32)
	for _, tt := range []struct {
		name   string
		answer answer
		want   codes.TLSA
		count  int
		ours   bool
	}{
		{"usable", answer{ad: true, rrs: []string{pkix, good}}, codes.TLSAUsable, 2, false},
		{"not usable", answer{ad: true, rrs: []string{pkix}}, codes.TLSAUnusable, 1, false},
		{"usable behind many", answer{ad: true, rrs: append(slices.Repeat([]string{pkix}, 40), good)}, codes.TLSAUsable, 16, false},
		{"not authenticated", answer{rrs: []string{good}}, codes.TLSAInsecure, 1, false},
		{"absent", answer{ad: true, rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}, codes.TLSAAbsent, 0, false},
		{"denied without an SOA", answer{}, codes.TLSAAbsent, 0, false},
		{"denied by another zone", answer{rrs: []string{soa("example.org")}}, codes.TLSAUnknown, 0, false},
		{"bogus", answer{rcode: dns.RcodeServerFailure}, codes.TLSAUnknown, 0, false},
		{"own fault", answer{err: ownFault{errors.New("no descriptors")}}, codes.TLSAUnknown, 0, true},
	} {
		got, err := LookupTLSA(t.Context(), newZones(t, map[string]answer{"_25._tcp.mx.example.com TLSA": tt.answer}), "mx.example.com")
		if (err != nil) != tt.ours || got.Class != tt.want || len(got.Records) != tt.count {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
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
		{false, []codes.TLSA{usable}, codes.DANENone}, // nobody knows whose hosts they are
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
