package mtasts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A saidRecordReason is a resolver's error with a reason.
type saidRecordReason struct {
	reasonedError[codes.RecordReason]
}

func (e saidRecordReason) RecordReason() codes.RecordReason { return e.reason }

func saysRecord(reason codes.RecordReason) error {
	return fmt.Errorf("exchange: %w", saidRecordReason{reasonedError[codes.RecordReason]{io.EOF, reason}})
}

// oneLookup is what the DNS says about example.com, and what to make of it.
type oneLookup struct {
	name    string // the situation
	answers map[string]answer
	want    Lookup // Domain, Strict and Lenient are implied
	err     codes.Sentinel
	lenient bool // where the strict reading refuses it
}

// lookups use the name "@" for _mta-sts.example.com.
func lookups() []oneLookup {
	at := func(a answer) map[string]answer { return map[string]answer{"@ TXT": a} }
	rrs := func(lines ...string) map[string]answer { return at(answer{rrs: lines}) }
	rec := Record{ID: "1"}
	txt := `TXT "v=STSv1; id=1"`
	raw := []string{"v=STSv1; id=1"}
	found := func(more Lookup) Lookup {
		more.Class, more.Record, more.TTL = codes.RecordValid, rec, 3600
		if more.TXT == nil {
			more.TXT, more.TXTCount = raw, 1
		}
		return more
	}
	absent := func(reason codes.RecordReason, more Lookup) Lookup {
		more.Class, more.Reason = codes.RecordAbsent, reason
		return more
	}
	unknown := func(reason codes.RecordReason, more Lookup) Lookup {
		more.Class, more.Reason = codes.RecordUnknown, reason
		return more
	}
	dangling := []codes.Finding{codes.FindRecordCNAMEDangling}
	noSOA := []codes.Finding{codes.FindNegativeWithoutSOA}
	chain := func(n int) (lines, targets []string) {
		for i := range n {
			owner := "@"
			if i > 0 {
				owner = fmt.Sprintf("a%d.example.net.", i)
			}
			lines = append(lines, fmt.Sprintf("%s CNAME a%d.example.net.", owner, i+1))
			targets = append(targets, fmt.Sprintf("a%d.example.net", i+1))
		}
		return lines, targets
	}
	lines16, targets16 := chain(16)
	lines17, _ := chain(17)
	hops := func(n int) map[string]answer { // every reply is one alias
		m := map[string]answer{}
		lines, targets := chain(n)
		for i, line := range lines {
			owner := "@"
			if i > 0 {
				owner = targets[i-1]
			}
			m[owner+" TXT"] = answer{rrs: []string{line}}
		}
		m[fmt.Sprintf("a%d.example.net TXT", n)] = answer{rrs: []string{fmt.Sprintf("a%d.example.net. %s", n, txt)}}
		return m
	}
	return []oneLookup{
		{name: "a record", answers: rrs("@ " + txt), want: found(Lookup{})},
		{name: "a record in another case, authenticated, with an extended error", want: found(Lookup{Authenticated: true, EDE: []uint16{3, 22}}),
			answers: at(answer{rrs: []string{"_MTA-STS.EXAMPLE.com. " + txt}, ad: true, ede: []uint16{3, 22, 3}})},
		{name: "character-strings are joined with nothing between", want: found(Lookup{}), answers: rrs(`@ TXT "v=STS" "v1; i" "" "d=1"`)},
		{name: "the smallest TTL counts", answers: rrs("@ 7200 IN "+txt, `@ 3600 IN TXT "x"`),
			want: found(Lookup{TXT: []string{raw[0], "x"}, TXTCount: 2, Findings: []codes.Finding{codes.FindRecordOtherTXT}})},
		{name: "a TTL with the top bit is 0", answers: rrs("@ 2147483648 IN "+txt, `@ 3600 IN TXT "x"`),
			want: Lookup{Class: codes.RecordValid, Record: rec, TXT: []string{raw[0], "x"}, TXTCount: 2, Findings: []codes.Finding{codes.FindRecordOtherTXT}}},
		{name: "octets that are no text", answers: rrs(`@ TXT "\255\000\"\\;\009"`, "@ "+txt),
			want: found(Lookup{TXT: []string{"\xff\x00\"\\;\t", raw[0]}, TXTCount: 2, Findings: []codes.Finding{codes.FindRecordOtherTXT}})},
		{name: "other types and names in the answer do not count", want: found(Lookup{}),
			answers: rrs("@ "+txt, `@ SPF "v=STSv1; id=2"`, `example.com. TXT "v=STSv1; id=3"`, `@ CH TXT "v=STSv1; id=4"`)},
		{name: "two records", answers: rrs("@ "+txt, `@ TXT "v=STSv1; id=2"`), err: codes.ErrMultipleRecords,
			want: Lookup{Class: codes.RecordMultiple, TXT: []string{raw[0], "v=STSv1; id=2"}, TXTCount: 2, TTL: 3600}},
		{name: "a bad record", answers: rrs(`@ TXT "v=STSv1; id=a-b"`), err: codes.ErrRecordSyntax,
			want: Lookup{Class: codes.RecordInvalid, Reason: codes.RecordIDInvalid, TXT: []string{"v=STSv1; id=a-b"}, TXTCount: 1, TTL: 3600}},
		{name: "a record that the lenient reading takes", answers: rrs(`@ TXT "v=STSv1; id=1;;"`), err: codes.ErrRecordSyntax, lenient: true,
			want: Lookup{Class: codes.RecordInvalid, Reason: codes.RecordFieldMalformed, Record: rec, TXT: []string{"v=STSv1; id=1;;"}, TXTCount: 1, TTL: 3600,
				Findings: []codes.Finding{codes.FindRecordExtraDelimiter}}},
		{name: "a wildcard's SPF record", answers: rrs(`@ TXT "v=spf1 -all"`), err: codes.ErrNoRecord,
			want: absent(codes.RecordOtherTXT, Lookup{TXT: []string{"v=spf1 -all"}, TXTCount: 1, TTL: 3600})},
		{name: "an empty record", answers: rrs(`@ TXT ""`), err: codes.ErrNoRecord, want: absent(codes.RecordOtherTXT, Lookup{TXT: []string{""}, TXTCount: 1, TTL: 3600})},

		// Denials.
		{name: "the SOA of another zone", answers: rrs(soa("example.org")), err: codes.ErrDNS, want: unknown(codes.RecordMalformed, Lookup{Zone: "example.org"})},
		{name: "no such name, says another zone", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("ple.com")}}), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{Zone: "ple.com", Rcode: dns.RcodeNameError})},
		{name: "no such name, says a zone below it", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("a._mta-sts.example.com")}}), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{Zone: "a._mta-sts.example.com", Rcode: dns.RcodeNameError})},
		{name: "no such name, say two zones, one of them another", err: codes.ErrDNS,
			answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com"), soa("example.org")}}),
			want:    unknown(codes.RecordMalformed, Lookup{Zone: "example.com", Rcode: dns.RcodeNameError})},
		{name: "an alias to no such name, says the zone of the alias", err: codes.ErrDNS,
			answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{"@ CNAME a.example.net.", soa("example.com")}}),
			want:    unknown(codes.RecordMalformed, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "example.com", Rcode: dns.RcodeNameError})},
		{name: "an alias to nothing, says a third zone", err: codes.ErrDNS, answers: map[string]answer{
			"@ TXT":             {rrs: []string{"@ CNAME a.example.net.", soa("example.org")}},
			"a.example.net TXT": {rrs: []string{soa("example.org")}}},
			want: unknown(codes.RecordMalformed, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "example.org"})},
		{name: "no data", answers: rrs(soa("example.com")), err: codes.ErrNoRecord, want: absent(codes.RecordNoData, Lookup{Zone: "example.com"})},
		{name: "no such name", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("Example.COM")}, ad: true}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNXDomain, Lookup{Zone: "example.com", Rcode: dns.RcodeNameError, Authenticated: true})},
		{name: "no such domain", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("com")}}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNoDomain, Lookup{Zone: "com", Rcode: dns.RcodeNameError})},
		{name: "no such domain, says the root", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa(".")}}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNoDomain, Lookup{Zone: ".", Rcode: dns.RcodeNameError})},
		{name: "no such name, without an SOA", answers: at(answer{rcode: dns.RcodeNameError}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNXDomain, Lookup{Rcode: dns.RcodeNameError, Findings: noSOA})},
		{name: "nothing: NODATA of type 3", answers: rrs(), err: codes.ErrNoRecord, want: absent(codes.RecordNoData, Lookup{Findings: noSOA})},
		{name: "an alias, then nothing", err: codes.ErrNoRecord, answers: map[string]answer{
			"@ TXT": {rrs: []string{"@ CNAME a.example.net."}}, "a.example.net TXT": {}},
			want: absent(codes.RecordNoData, Lookup{CNAMEs: []string{"a.example.net"}, Findings: noSOA})},
		{name: "an alias to no such name, without an SOA", err: codes.ErrNoRecord,
			answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{"@ CNAME a.example.net."}}),
			want: absent(codes.RecordNXDomain, Lookup{CNAMEs: []string{"a.example.net"}, Rcode: dns.RcodeNameError,
				Findings: append(dangling, noSOA...)})},
		{name: "a denial beside foreign records", answers: rrs(`example.com. TXT "v=STSv1; id=1"`, soa("example.com")), err: codes.ErrNoRecord,
			want: absent(codes.RecordNoData, Lookup{Zone: "example.com"})},

		// Not known.
		{name: "servfail", answers: at(answer{rcode: dns.RcodeServerFailure, ede: []uint16{22}}), err: codes.ErrDNS,
			want: unknown(codes.RecordServfail, Lookup{Rcode: dns.RcodeServerFailure, EDE: []uint16{22}})},
		{name: "refused", answers: at(answer{rcode: dns.RcodeRefused}), err: codes.ErrDNS, want: unknown(codes.RecordRefused, Lookup{Rcode: dns.RcodeRefused})},
		{name: "refused by a filter", answers: at(answer{rcode: dns.RcodeRefused, ede: []uint16{17}}), err: codes.ErrDNS,
			want: unknown(codes.RecordRefused, Lookup{Rcode: dns.RcodeRefused, EDE: []uint16{17}})},
		{name: "another rcode", answers: at(answer{rcode: dns.RcodeFormatError}), err: codes.ErrDNS, want: unknown(codes.RecordRcode, Lookup{Rcode: dns.RcodeFormatError})},
		{name: "an extended rcode", answers: at(answer{rcode: dns.RcodeBadVers}), err: codes.ErrDNS, want: unknown(codes.RecordRcode, Lookup{Rcode: dns.RcodeBadVers})},
		{name: "servfail and records", answers: at(answer{rcode: dns.RcodeServerFailure, rrs: []string{"@ " + txt}}), err: codes.ErrDNS,
			want: unknown(codes.RecordServfail, Lookup{Rcode: dns.RcodeServerFailure})},
		{name: "a referral", answers: rrs("!example.com. NS ns1.example.com."), err: codes.ErrDNS, want: unknown(codes.RecordReferral, Lookup{})},
		{name: "an alias, then a referral", err: codes.ErrDNS, answers: map[string]answer{
			"@ TXT": {rrs: []string{"@ CNAME a.example.net."}}, "a.example.net TXT": {rrs: []string{"!net. NS ns1.example.net."}}},
			want: unknown(codes.RecordReferral, Lookup{CNAMEs: []string{"a.example.net"}})},
		{name: "other records than those asked for", answers: rrs(`other.example. TXT "v=STSv1; id=1"`), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{})},
		{name: "blocked", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}, ede: []uint16{15}}), err: codes.ErrDNS,
			want: unknown(codes.RecordFiltered, Lookup{Rcode: dns.RcodeNameError, EDE: []uint16{15}})},
		{name: "censored", answers: at(answer{rrs: []string{soa("example.com")}, ede: []uint16{3, 16}}), err: codes.ErrDNS,
			want: unknown(codes.RecordFiltered, Lookup{EDE: []uint16{3, 16}})},
		{name: "filtered", answers: at(answer{ede: []uint16{17}}), err: codes.ErrDNS, want: unknown(codes.RecordFiltered, Lookup{EDE: []uint16{17}})},
		{name: "denied with a harmless extended error", answers: at(answer{rrs: []string{soa("example.com")}, ede: []uint16{3, 18}}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNoData, Lookup{Zone: "example.com", EDE: []uint16{3, 18}})},
		{name: "filtered, among very many extended errors", answers: at(answer{rrs: []string{soa("example.com")}, ede: append(numbers(100, 3000), 17)}), err: codes.ErrDNS,
			want: unknown(codes.RecordFiltered, Lookup{EDE: append(numbers(100, 16), 17)})},
		{name: "truncated", answers: at(answer{tc: true, rrs: []string{"@ " + txt}}), err: codes.ErrDNS, want: unknown(codes.RecordTruncated, Lookup{})},
		{name: "a truncated denial", answers: at(answer{tc: true, rcode: dns.RcodeNameError}), err: codes.ErrDNS,
			want: unknown(codes.RecordTruncated, Lookup{Rcode: dns.RcodeNameError})},
		{name: "no such name, and here is what it has", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{"@ " + txt}}), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{Rcode: dns.RcodeNameError})},
		{name: "no reply and no error", answers: at(answer{raw: func(*dns.Msg) *dns.Msg { return nil }}), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{Rcode: -1})},
		{name: "a question for an answer", answers: at(answer{rrs: []string{"@ " + txt}, raw: func(m *dns.Msg) *dns.Msg { m.Response = false; return m }}), err: codes.ErrDNS,
			want: unknown(codes.RecordMalformed, Lookup{Rcode: -1})},
		{name: "the answer to another question", answers: at(answer{rrs: []string{"@ " + txt}, raw: func(m *dns.Msg) *dns.Msg { m.Question[0].Name = "a.example."; return m }}),
			err: codes.ErrDNS, want: unknown(codes.RecordMalformed, Lookup{Rcode: -1})},
		{name: "an answer without a question", want: found(Lookup{}),
			answers: at(answer{rrs: []string{"@ " + txt}, raw: func(m *dns.Msg) *dns.Msg { m.Question = nil; return m }})},

		// Errors of the Exchanger.
		{name: "silence", answers: at(answer{err: slowError{}}), err: codes.ErrDNS, want: unknown(codes.RecordTimeout, Lookup{Rcode: -1})},
		{name: "past the deadline", answers: at(answer{err: fmt.Errorf("ask: %w", context.DeadlineExceeded)}), err: codes.ErrDNS, want: unknown(codes.RecordTimeout, Lookup{Rcode: -1})},
		{name: "an unreadable message", answers: at(answer{err: fmt.Errorf("ask: %w", dns.ErrBuf)}), err: codes.ErrDNS, want: unknown(codes.RecordMalformed, Lookup{Rcode: -1})},
		{name: "another error", answers: at(answer{err: io.EOF}), err: codes.ErrDNS, want: unknown(codes.RecordOther, Lookup{Rcode: -1})},
		{name: "an error that explains itself", answers: at(answer{err: saysRecord(codes.RecordTruncated)}), err: codes.ErrDNS, want: unknown(codes.RecordTruncated, Lookup{Rcode: -1})},
		{name: "an error that claims what no error can know", answers: at(answer{err: saysRecord(codes.RecordNXDomain)}), err: codes.ErrDNS, want: unknown(codes.RecordOther, Lookup{Rcode: -1})},
		{name: "an error of this package's kind", answers: at(answer{err: failure(ErrNoPolicy, "x", nil)}), err: codes.ErrDNS, want: unknown(codes.RecordOther, Lookup{Rcode: -1})},

		// Aliases.
		{name: "aliases in one reply, in no order", want: found(Lookup{CNAMEs: []string{"a.example.net", "b.example.org"}}),
			answers: rrs("b.example.org. "+txt, "A.example.net. CNAME B.example.ORG.", "@ CNAME a.Example.net.")},
		{name: "a DNAME and its alias", want: found(Lookup{CNAMEs: []string{"_mta-sts.example.net"}}),
			answers: rrs("example.com. DNAME example.net.", "@ CNAME _mta-sts.example.net.", "_mta-sts.example.net. "+txt)},
		{name: "aliases one by one", answers: hops(2), want: found(Lookup{CNAMEs: []string{"a1.example.net", "a2.example.net"}})},
		{name: "one reply that is not authenticated is enough", want: found(Lookup{CNAMEs: []string{"a.example.net"}}), answers: map[string]answer{
			"@ TXT":             {rrs: []string{"@ CNAME a.example.net."}},
			"a.example.net TXT": {rrs: []string{"a.example.net. " + txt}, ad: true}}},
		{name: "a truncated alias is still an alias", want: found(Lookup{CNAMEs: []string{"a.example.net"}}), answers: map[string]answer{
			"@ TXT":             {tc: true, rrs: []string{"@ CNAME a.example.net."}},
			"a.example.net TXT": {rrs: []string{"a.example.net. " + txt}}}},
		{name: "records that the chain does not lead to", answers: rrs("@ CNAME a.example.net.", "b.example.net. "+txt, soa("example.net")), err: codes.ErrNoRecord,
			want: absent(codes.RecordNoData, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "example.net"})},
		{name: "records at the name itself come before its alias", answers: rrs("@ CNAME a.example.net.", "@ "+txt), want: found(Lookup{})},
		{name: "of two aliases the first counts", answers: rrs("@ CNAME a.example.net.", "@ CNAME b.example.net.", "a.example.net. "+txt),
			want: found(Lookup{CNAMEs: []string{"a.example.net"}})},
		{name: "an alias to no such name", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{"@ CNAME a.example.net.", soa("example.net")}}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNXDomain, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "example.net", Rcode: dns.RcodeNameError, Findings: dangling})},
		{name: "an alias to a domain that is gone", answers: at(answer{rcode: dns.RcodeNameError, rrs: []string{"@ CNAME a.example.net.", soa("net")}}), err: codes.ErrNoRecord,
			want: absent(codes.RecordNXDomain, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "net", Rcode: dns.RcodeNameError, Findings: dangling})},
		{name: "an alias, then no such name", err: codes.ErrNoRecord, answers: map[string]answer{
			"@ TXT":             {rrs: []string{"@ CNAME a.example.net."}},
			"a.example.net TXT": {rcode: dns.RcodeNameError, rrs: []string{soa("example.net")}}},
			want: absent(codes.RecordNXDomain, Lookup{CNAMEs: []string{"a.example.net"}, Zone: "example.net", Rcode: dns.RcodeNameError, Findings: dangling})},
		{name: "the SOA of another zone denies nothing", answers: map[string]answer{
			"@ TXT":             {rrs: []string{"@ CNAME a.example.net.", soa("example.com")}},
			"a.example.net TXT": {rrs: []string{"a.example.net. " + txt}}},
			want: found(Lookup{CNAMEs: []string{"a.example.net"}})},
		{name: "an alias to a name that fails", answers: at(answer{rcode: dns.RcodeServerFailure, rrs: []string{"@ CNAME a.example.net."}}), err: codes.ErrDNS,
			want: unknown(codes.RecordServfail, Lookup{CNAMEs: []string{"a.example.net"}, Rcode: dns.RcodeServerFailure})},
		{name: "an alias, then silence", err: codes.ErrDNS, answers: map[string]answer{
			"@ TXT": {rrs: []string{"@ CNAME a.example.net."}, ad: true}, "a.example.net TXT": {err: slowError{}}},
			want: unknown(codes.RecordTimeout, Lookup{CNAMEs: []string{"a.example.net"}, Authenticated: true})},
		{name: "an alias to itself", answers: rrs("@ CNAME @"), err: codes.ErrDNS, want: unknown(codes.RecordCNAMELoop, Lookup{CNAMEs: []string{"_mta-sts.example.com"}})},
		{name: "a loop in one reply", answers: rrs("@ CNAME a.example.net.", "a.example.net. CNAME b.example.net.", "b.example.net. CNAME A.EXAMPLE.net."), err: codes.ErrDNS,
			want: unknown(codes.RecordCNAMELoop, Lookup{CNAMEs: []string{"a.example.net", "b.example.net", "a.example.net"}})},
		{name: "a loop over replies", err: codes.ErrDNS, answers: map[string]answer{
			"@ TXT": {rrs: []string{"@ CNAME a.example.net."}}, "a.example.net TXT": {rrs: []string{"a.example.net. CNAME @"}}},
			want: unknown(codes.RecordCNAMELoop, Lookup{CNAMEs: []string{"a.example.net", "_mta-sts.example.com"}})},
		{name: "16 aliases", answers: rrs(append(lines16, "a16.example.net. "+txt)...), want: found(Lookup{CNAMEs: targets16})},
		{name: "16 aliases one by one", answers: hops(16), want: found(Lookup{CNAMEs: targets16})},
		{name: "17 aliases", answers: rrs(append(lines17, "a17.example.net. "+txt)...), err: codes.ErrDNS, want: unknown(codes.RecordCNAMETooLong, Lookup{CNAMEs: targets16})},
		{name: "17 aliases one by one", answers: hops(17), err: codes.ErrDNS, want: unknown(codes.RecordCNAMETooLong, Lookup{CNAMEs: targets16})},
		{name: "an alias to the root", err: codes.ErrNoRecord, want: absent(codes.RecordNoData, Lookup{CNAMEs: []string{"."}, Zone: "."}),
			answers: rrs("@ CNAME .", soa("."))},
		{name: "an alias to a name of odd octets", err: codes.ErrNoRecord, want: absent(codes.RecordNoData, Lookup{CNAMEs: []string{`\255\.x.example.net`}, Zone: "example.net"}),
			answers: rrs(`@ CNAME \255\.X.example.net.`, soa("example.net"))},
	}
}

// numbers are n of them, from the first on.
func numbers(first uint16, n int) (all []uint16) {
	for i := range n {
		all = append(all, first+uint16(i))
	}
	return all
}

// questions fills in the name that "@" stands for.
func (l oneLookup) questions() map[string]answer {
	const owner = "_mta-sts.example.com"
	answers := map[string]answer{}
	for key, a := range l.answers {
		rrs := make([]string, len(a.rrs))
		for i, rr := range a.rrs {
			if rest, ok := strings.CutPrefix(rr, "@ "); ok {
				rr = owner + ". " + rest
			}
			rrs[i] = strings.Replace(rr, "CNAME @", "CNAME "+owner+".", 1)
		}
		a.rrs = rrs
		answers[strings.Replace(key, "@", owner, 1)] = a
	}
	return answers
}

func TestLookupRecord(t *testing.T) {
	for _, tt := range lookups() {
		want := tt.want
		want.Domain = "example.com"
		want.Strict = tt.err == ""
		want.Lenient = want.Strict || tt.lenient
		answers := tt.questions()
		ex := newZones(t, answers)
		got, err := LookupRecord(t.Context(), ex, "example.com")
		if wantOne(t, err) != tt.err || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", tt.name, err, got, want)
		}
		if len(ex.asked) > 17 {
			t.Errorf("%s: %d questions", tt.name, len(ex.asked))
		}

		// The same from the first reply on.
		first, ok := answers["_mta-sts.example.com TXT"]
		if !ok || first.err != nil || first.raw != nil {
			continue
		}
		ex = newZones(t, answers)
		got, err = ReadReply("example.com", first.reply(t, RecordQuestion("example.com"))).Lookup(t.Context(), ex)
		if wantOne(t, err) != tt.err || !reflect.DeepEqual(got, want) {
			t.Errorf("from the reply: %s: %v\n got %+v\nwant %+v", tt.name, err, got, want)
		}
		if slices.Contains(ex.asked, "_mta-sts.example.com TXT") {
			t.Errorf("from the reply: %s: the first question is asked again", tt.name)
		}
	}
}

func TestRecordQuestion(t *testing.T) {
	q := RecordQuestion("example.com")
	want := dns.Question{Name: "_mta-sts.example.com.", Qtype: dns.TypeTXT, Qclass: dns.ClassINET}
	opt := q.IsEdns0()
	switch {
	case len(q.Question) != 1 || q.Question[0] != want:
		t.Errorf("question %v", q.Question)
	case !q.RecursionDesired || !q.AuthenticatedData || q.CheckingDisabled || q.Response:
		t.Errorf("header %v", q.MsgHdr)
	case opt == nil || opt.UDPSize() != 1232 || opt.Do():
		t.Errorf("EDNS0 %v", opt)
	}
}

// sayingFault is a fault of the observer with a reason, as package resolver's.
type sayingFault struct {
	error
	reason codes.RecordReason
}

func (f sayingFault) Unwrap() error                    { return f.error }
func (f sayingFault) RecordReason() codes.RecordReason { return f.reason }

// A fault of the observer is passed on, with the class beside it.
func TestLookupOwnFault(t *testing.T) {
	broken := ownFault{errors.New("no descriptors")}
	_, err := LookupRecord(t.Context(), newZones(t, map[string]answer{"_mta-sts.example.com TXT": {err: broken}}),
		"example.com")
	if wantOne(t, err) != codes.ErrDNS || !fault.Ours(err) || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}

	// Whatever it says of itself: a lookup without a reply finds nothing absent.
	for _, reason := range []codes.RecordReason{"", codes.RecordNoData, codes.RecordIDMissing, codes.RecordTimeout} {
		saying := sayingFault{broken, reason}
		l, err := LookupRecord(t.Context(), newZones(t, map[string]answer{"_mta-sts.example.com TXT": {err: saying}}),
			"example.com")
		if wantOne(t, err) != codes.ErrDNS || !fault.Ours(err) || l.Class != codes.RecordUnknown {
			t.Errorf("a fault that says %q: %v, class %s", reason, err, l.Class)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, cause := range []error{io.EOF, slowError{}, context.Canceled} {
		stopped := newZones(t, map[string]answer{"_mta-sts.example.com TXT": {err: cause}})
		l, err := LookupRecord(ctx, stopped, "example.com")
		if wantOne(t, err) != codes.ErrDNS || !errors.Is(err, context.Canceled) || !fault.Ours(err) ||
			l.Class != codes.RecordUnknown {
			t.Errorf("cancelled, and %v: %v, %s", cause, err, l.Class)
		}
	}

	// A deadline is the domain's own.
	silent := newZones(t, map[string]answer{"_mta-sts.example.com TXT": {err: context.DeadlineExceeded}})
	_, err = LookupRecord(t.Context(), silent, "example.com")
	if fault.Ours(err) {
		t.Errorf("past the deadline: %v", err)
	}
}

func TestLookupEvidenceIsBounded(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprintf(`@ TXT "other %d"`, i)
	}
	many[99] = `@ TXT "v=STSv1; id=1"`
	big := `@ TXT ` + strings.Repeat(`"`+strings.Repeat("x", 250)+`" `, 60) // 15,000 octets
	for name, tt := range map[string]struct {
		rrs   []string
		kept  int
		count int
		first string
	}{
		"many records": {many, 64, 100, "v=STSv1; id=1"},
		"long records": {[]string{big, strings.Replace(big, "x", "y", 1), `@ TXT "v=STSv1; id=1"`}, 2, 3, "v=STSv1; id=1"},
		"just enough":  {many[36:], 64, 64, "other 36"},
	} {
		answers := oneLookup{answers: map[string]answer{"@ TXT": {rrs: tt.rrs}}}.questions()
		l, err := LookupRecord(t.Context(), newZones(t, answers), "example.com")
		if err != nil || l.Record.ID != "1" || len(l.TXT) != tt.kept || l.TXTCount != tt.count || l.TXT[0] != tt.first {
			t.Errorf("%s: %v, id %q, %d of %d kept, first %.20q", name, err, l.Record.ID, len(l.TXT), l.TXTCount, l.TXT[0])
		}
	}
}
