package mtasts

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestReadTLSRPT(t *testing.T) {
	const good = "v=TLSRPTv1; rua=mailto:tls@example.com"
	for _, tt := range []struct {
		txts   []string
		class  codes.Record
		reason codes.TLSRPTReason
		rua    []RUA
	}{
		{[]string{good}, codes.RecordValid, "", []RUA{{"mailto:tls@example.com", codes.RUAMail, "example.com"}}},
		{[]string{good + ";"}, codes.RecordValid, "", []RUA{{"mailto:tls@example.com", codes.RUAMail, "example.com"}}},
		{[]string{"v=TLSRPTv1;rua=mailto:a@mail.example.co.uk,https://r.example.net/v1?x=1"}, codes.RecordValid, "",
			[]RUA{{"mailto:a@mail.example.co.uk", codes.RUAMail, "example.co.uk"}, {"https://r.example.net/v1?x=1", codes.RUAHTTPS, "example.net"}}},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com , mailto:b@example.com"}, codes.RecordValid, "",
			[]RUA{{"mailto:a@example.com", codes.RUAMail, "example.com"}, {"mailto:b@example.com", codes.RUAMail, "example.com"}}},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; rua=nonsense"}, codes.RecordValid, "", []RUA{{"mailto:a@example.com", codes.RUAMail, "example.com"}}}, // the first counts
		{[]string{"v=TLSRPTv1; x=y; " + good[len("v=TLSRPTv1; "):]}, codes.RecordValid, "", []RUA{{"mailto:tls@example.com", codes.RUAMail, "example.com"}}},
		{[]string{"v=TLSRPTv1 ; rua=mailto:tls@example.com"}, codes.RecordValid, "", []RUA{{"mailto:tls@example.com", codes.RUAMail, "example.com"}}}, // alone, by the ABNF

		{[]string{"v=spf1 -all", good}, codes.RecordValid, "", []RUA{{"mailto:tls@example.com", codes.RUAMail, "example.com"}}},
		{[]string{good, good}, codes.RecordMultiple, "", nil},
		{nil, codes.RecordAbsent, codes.TLSRPTNoData, nil},
		{[]string{"v=spf1 -all"}, codes.RecordAbsent, codes.TLSRPTOtherTXT, nil},
		{[]string{"v=TLSRPTv2; rua=mailto:a@example.com"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil},
		{[]string{"v=tlsrptv1; rua=mailto:a@example.com"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil},
		{[]string{"v=TLSRPTv1"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil},

		{[]string{"v=TLSRPTv1;"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil},
		{[]string{"v=TLSRPTv1; x=y"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil},
		{[]string{"v=TLSRPTv1; RUA=mailto:a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil}, // case-sensitive
		{[]string{"v=TLSRPTv1; rua=a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"a@example.com", codes.RUAOther, ""}}},
		{[]string{"v=TLSRPTv1; rua="}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, nil},
		{[]string{"v=TLSRPTv1; rua=http://r.example.com/"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"http://r.example.com/", codes.RUAOther, ""}}},
		{[]string{"v=TLSRPTv1; rua=mailto:example.com"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"mailto:example.com", codes.RUAMail, ""}}},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com!10m"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"mailto:a@example.com!10m", codes.RUAOther, ""}}},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; nonsense"}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{{"mailto:a@example.com", codes.RUAMail, "example.com"}}},
		{[]string{"v=TLSRPTv1; -x=y; rua=mailto:a@example.com"}, codes.RecordInvalid, codes.TLSRPTExtensionInvalid, []RUA{{"mailto:a@example.com", codes.RUAMail, "example.com"}}},
	} {
		if got := ReadTLSRPT(tt.txts); got.Class != tt.class || got.Reason != tt.reason || !slices.Equal(got.RUA, tt.rua) {
			t.Errorf("%q: %+v", tt.txts, got)
		}
	}
}

func TestLookupTLSRPT(t *testing.T) {
	const name = "_smtp._tls.example.com TXT"
	for _, tt := range []struct {
		name   string
		answer answer
		class  codes.Record
		reason codes.TLSRPTReason
		cnames []string
		ours   bool
	}{
		{"published", answer{rrs: []string{`_smtp._tls.example.com. 300 IN TXT "v=TLSRPTv1; " "rua=mailto:a@example.com"`}}, codes.RecordValid, "", nil, false},
		{"through an alias", answer{rrs: []string{"_smtp._tls.example.com. 300 IN CNAME r.example.net.", `r.example.net. 300 IN TXT "v=TLSRPTv1; rua=mailto:a@example.net"`}},
			codes.RecordValid, "", []string{"r.example.net"}, false},
		{"denied", answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}, codes.RecordAbsent, codes.TLSRPTNXDomain, nil, false},
		{"servfail", answer{rcode: dns.RcodeServerFailure}, codes.RecordUnknown, codes.TLSRPTServfail, nil, false},
		{"denied without an SOA", answer{}, codes.RecordAbsent, codes.TLSRPTNoData, nil, false},
		{"denied by another zone", answer{rrs: []string{soa("example.org")}}, codes.RecordUnknown, codes.TLSRPTOther, nil, false},
		{"referral", answer{rrs: []string{"!com. NS ns.example."}}, codes.RecordUnknown, codes.TLSRPTOther, nil, false},
		{"own fault", answer{err: ownFault{errors.New("no descriptors")}}, codes.RecordUnknown, codes.TLSRPTOther, nil, true},
	} {
		got, err := LookupTLSRPT(t.Context(), newZones(t, map[string]answer{name: tt.answer}), "example.com")
		if (err != nil) != tt.ours || got.Class != tt.class || got.Reason != tt.reason || !slices.Equal(got.CNAMEs, tt.cnames) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// Of more TXT records than are kept, the one that says where reports go is.
func TestTLSRPTEvidence(t *testing.T) {
	rrs := slices.Repeat([]string{`_smtp._tls.example.com. 300 IN TXT "v=STSv1; id=1"`}, 100)
	rrs = append(rrs, `_smtp._tls.example.com. 300 IN TXT "v=TLSRPTv1; rua=mailto:a@example.com"`)
	got, err := LookupTLSRPT(t.Context(), newZones(t, map[string]answer{"_smtp._tls.example.com TXT": {rrs: rrs}}), "example.com")
	if err != nil || got.Class != codes.RecordValid || got.Count != 101 || len(got.TXT) != 64 || !strings.HasPrefix(got.TXT[0], "v=TLSRPTv1") {
		t.Errorf("%s, %d of %d kept, first %q, %v", got.Class, len(got.TXT), got.Count, got.TXT[0], err)
	}
}

func FuzzReadTLSRPT(f *testing.F) {
	f.Add("v=TLSRPTv1; rua=mailto:tls@example.com,https://r.example.net/", "v=spf1")
	f.Add("v=TLSRPTv1;rua=mailto:%zz@\xff", "")
	f.Fuzz(func(t *testing.T, one, other string) {
		r := ReadTLSRPT([]string{one, other})
		if !slices.Contains(codes.Records(), r.Class) || (r.Reason != "") != (r.Class == codes.RecordInvalid || r.Class == codes.RecordAbsent) {
			t.Errorf("%+v", r)
		}
		if r.Class == codes.RecordValid && len(r.RUA) == 0 || len(r.RUA) > maxRUAs {
			t.Errorf("%+v", r)
		}
		for _, rua := range r.RUA {
			if !utf8.ValidString(rua.URI) || !utf8.ValidString(rua.Domain) || len(rua.URI) > 512 {
				t.Errorf("%+v", rua)
			}
		}
	})
}
