package mtasts

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestReadTLSRPT(t *testing.T) {
	const good = "v=TLSRPTv1; rua=mailto:tls@example.com"
	const other, mail, https = codes.RUAOther, codes.RUAMail, codes.RUAHTTPS
	tls, a, b := RUA{"mailto:tls@example.com", mail, "example.com"}, RUA{"mailto:a@example.com", mail, "example.com"},
		RUA{"mailto:b@example.com", mail, "example.com"}
	web := RUA{"https://r.example.net/x", https, "example.net"}
	for _, tt := range []struct {
		txts   []string
		class  codes.Record
		reason codes.TLSRPTReason
		rua    []RUA
		bad    bool
	}{
		{[]string{good}, codes.RecordValid, "", []RUA{tls}, false},
		{[]string{good + ";"}, codes.RecordValid, "", []RUA{tls}, false},
		{[]string{good + " \t;\t "}, codes.RecordValid, "", []RUA{tls}, false},
		{[]string{"v=TLSRPTv1;rua=mailto:a@mail.example.co.uk,https://r.example.net/v1?x=1"}, codes.RecordValid, "",
			[]RUA{{"mailto:a@mail.example.co.uk", mail, "example.co.uk"}, {"https://r.example.net/v1?x=1", https, "example.net"}}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com , mailto:b@example.com"}, codes.RecordValid, "", []RUA{a, b}, false},
		{[]string{"v=TLSRPTv1; x=y; " + good[len("v=TLSRPTv1; "):]}, codes.RecordValid, "", []RUA{tls}, false},
		{[]string{"v=TLSRPTv1 ; rua=mailto:tls@example.com"}, codes.RecordValid, "", []RUA{tls}, false}, // alone, by the ABNF

		// Every field rua counts, and each destination is judged.
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; rua=https://r.example.net/x"}, codes.RecordValid, "", []RUA{a, web}, false},
		{[]string{"v=TLSRPTv1; rua=https://r.example.net/x; x=y; rua=mailto:b@example.com,mailto:a@example.com;"}, codes.RecordValid, "", []RUA{web, b, a}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; rua=:::"}, codes.RecordValid, "", []RUA{a, {":::", other, ""}}, true},
		{[]string{"v=TLSRPTv1; rua=:::; rua=mailto:a@example.com"}, codes.RecordValid, "", []RUA{{":::", other, ""}, a}, true},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com,http://r.example.net/x"}, codes.RecordValid, "", []RUA{a, {"http://r.example.net/x", other, ""}}, true},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com,"}, codes.RecordValid, "", []RUA{a}, true},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; rua="}, codes.RecordValid, "", []RUA{a}, true},
		{[]string{"v=TLSRPTv1; rua=:::; rua=a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{":::", other, ""}, {"a@example.com", other, ""}}, true},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; rua=mailto:b@example.com; nonsense"}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{a, b}, false},

		// White space at the end, and no delimiter before it.
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com "}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{a}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com\t"}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{a, b}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; x=y "}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{a}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; "}, codes.RecordValid, "", []RUA{a}, false},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com ;"}, codes.RecordValid, "", []RUA{a}, false},
		{[]string{"v=TLSRPTv1; rua= mailto:a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{" mailto:a@example.com", other, ""}}, true},

		{[]string{"v=spf1 -all", good}, codes.RecordValid, "", []RUA{tls}, false},
		{[]string{good, good}, codes.RecordMultiple, "", nil, false},
		{nil, codes.RecordAbsent, codes.TLSRPTNoData, nil, false},
		{[]string{"v=spf1 -all"}, codes.RecordAbsent, codes.TLSRPTOtherTXT, nil, false},
		{[]string{"v=TLSRPTv2; rua=mailto:a@example.com"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil, false},
		{[]string{"v=tlsrptv1; rua=mailto:a@example.com"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil, false},
		{[]string{"v=TLSRPTv1"}, codes.RecordAbsent, codes.TLSRPTBadVersion, nil, false},

		{[]string{"v=TLSRPTv1;"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil, false},
		{[]string{"v=TLSRPTv1; x=y"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil, false},
		{[]string{"v=TLSRPTv1; RUA=mailto:a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAMissing, nil, false}, // case-sensitive
		{[]string{"v=TLSRPTv1; rua=a@example.com"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"a@example.com", other, ""}}, true},
		{[]string{"v=TLSRPTv1; rua="}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, nil, true},
		{[]string{"v=TLSRPTv1; rua=http://r.example.com/"}, codes.RecordInvalid, codes.TLSRPTRUAInvalid, []RUA{{"http://r.example.com/", other, ""}}, true},
		{[]string{"v=TLSRPTv1; rua=mailto:a@example.com; nonsense"}, codes.RecordInvalid, codes.TLSRPTFieldMalformed, []RUA{a}, false},
		{[]string{"v=TLSRPTv1; -x=y; rua=mailto:a@example.com"}, codes.RecordInvalid, codes.TLSRPTExtensionInvalid, []RUA{a}, false},
	} {
		got := ReadTLSRPT(tt.txts)
		if got.Class != tt.class || got.Reason != tt.reason || !slices.Equal(got.RUA, tt.rua) || got.BadRUA != tt.bad {
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
		if (err != nil) != tt.ours || got.Class != tt.class || got.Reason != tt.reason ||
			!slices.Equal(got.CNAMEs, tt.cnames) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// Of more TXT records than are kept, the one that says where reports go is.
func TestTLSRPTEvidence(t *testing.T) {
	rrs := slices.Repeat([]string{`_smtp._tls.example.com. 300 IN TXT "v=STSv1; id=1"`}, 100)
	rrs = append(rrs, `_smtp._tls.example.com. 300 IN TXT "v=TLSRPTv1; rua=mailto:a@example.com"`)
	got, err := LookupTLSRPT(t.Context(), newZones(t, map[string]answer{"_smtp._tls.example.com TXT": {rrs: rrs}}),
		"example.com")
	if err != nil || got.Class != codes.RecordValid || got.Count != 101 || len(got.TXT) != 64 ||
		!strings.HasPrefix(got.TXT[0], "v=TLSRPTv1") {
		t.Errorf("%s, %d of %d kept, first %q, %v", got.Class, len(got.TXT), got.Count, got.TXT[0], err)
	}
}

func FuzzReadTLSRPT(f *testing.F) {
	f.Add("v=TLSRPTv1; rua=mailto:tls@example.com,https://r.example.net/", "v=spf1")
	f.Add("v=TLSRPTv1;rua=mailto:%zz@\xff", "")
	f.Add("v=TLSRPTv1; rua=mailto:a@[192.0.2.1]; rua=:::", "")
	f.Add("v=TLSRPTv1; rua=mailto:?to=a@example.com%2Cb@example.com; x=y", "")
	grammar := tlsrptGrammar()
	f.Fuzz(func(t *testing.T, one, other string) {
		r := ReadTLSRPT([]string{one, other})
		hasReason := r.Class == codes.RecordInvalid || r.Class == codes.RecordAbsent
		if !slices.Contains(codes.Records(), r.Class) || (r.Reason != "") != hasReason {
			t.Errorf("%+v", r)
		}
		if r.Class == codes.RecordValid && len(r.RUA) == 0 && !r.BadRUA || len(r.RUA) > maxRUAs ||
			r.Reason == codes.TLSRPTRUAInvalid && !r.BadRUA {
			t.Errorf("%+v", r)
		}
		for _, rua := range r.RUA {
			if !utf8.ValidString(rua.URI) || !utf8.ValidString(rua.Domain) || len(rua.URI) > 512 {
				t.Errorf("%+v", rua)
			}
		}
		// Alone, a record of the grammar is valid or has no usable destination, and the other way round; white space
		// after it changes that.
		alone := ReadTLSRPT([]string{one})
		byLetter := grammar.MatchString(one)
		switch alone.Class {
		case codes.RecordValid:
			if !byLetter && !alone.BadRUA {
				t.Errorf("%q is valid, and not by the grammar", one)
			}
			spaced := ReadTLSRPT([]string{one + "\t"})
			delimited := strings.HasSuffix(strings.TrimRight(one, wsp), ";")
			if (spaced.Class == codes.RecordValid) != delimited {
				t.Errorf("%q, and white space: %s", one, spaced.Class)
			}
		case codes.RecordInvalid:
			if byLetter && alone.Reason != codes.TLSRPTRUAInvalid {
				t.Errorf("%q is by the grammar, and %s", one, alone.Reason)
			}
		}
	})
}

// tlsrptGrammar is the ABNF of RFC 8460, section 3, for records with a rua, with URIs of any characters that
// they may have.
func tlsrptGrammar() *regexp.Regexp {
	const (
		delim     = `[ \t]*;[ \t]*`
		uri       = `[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@$&'()*+=-]|%[0-9A-Fa-f]{2})*`
		rua       = `rua=` + uri + `(?:[ \t]*,[ \t]*` + uri + `)*`
		extension = `[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+`
		field     = `(?:` + rua + `|` + extension + `)`
	)
	return regexp.MustCompile(`^v=TLSRPTv1(?:` + delim + field + `)*` + delim + rua + `(?:` + delim + field + `)*(?:` +
		delim + `)?$`)
}
