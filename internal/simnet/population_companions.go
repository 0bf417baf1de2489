package simnet

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// Names beside those of MTA-STS: TLS reports (RFC 8460, section 3), DANE (RFC 7672), and what a wildcard
// covers.
const (
	reportLabels = "_smtp._tls."
	tlsaLabels   = "_25._tcp."
)

// companionStep answers for a name of one of these, and for no other.
func (p *population) companionStep(name string, qtype uint16) (st step, ok bool) {
	if domain, found := strings.CutPrefix(name, reportLabels); found {
		f := p.fateOf(domain)
		return f.given(p.reportStep(&f, name, qtype)), true
	}
	if host, found := strings.CutPrefix(name, tlsaLabels); found {
		of, aliased := aliasedMail(host)
		if !aliased {
			of = host
		}
		f := p.fateOf(of)
		return f.given(p.tlsaStep(&f, aliased, name, qtype)), true
	}
	label, domain, found := strings.Cut(name, ".")
	if !found || !strings.HasPrefix(label, "_") || label+"." == recordLabel {
		return st, false
	}
	if f := p.fateOf(domain); p.wildcard(&f) {
		return step{zone: f.zoneOf(name), rrs: p.recordRRs(&f, name, qtype)}, true
	}
	return st, false
}

// wildcard reports whether the record of a domain is one that a wildcard gives to every name right below it.
func (p *population) wildcard(f *fate) bool {
	share := 0.002 // a guess
	if made(p.model) {
		share = 0.03
	}
	return f.bears && f.story.record == playGood && f.story.recordAlias == aliasOfOperator && f.story.by != byThird &&
		(f.operator == nil || f.operator.record == targetShape{}) && f.draw.chance(forWildcard, share)
}

// A reportStory is what a domain publishes at _smtp._tls.<domain>, and what a perfect observer concludes.
type reportStory struct {
	wild, errors float64 // of domains with a record, in percent
	play         dnsPlay
	txt          func(domain string, d draw) []string

	class  codes.Record
	reason codes.TLSRPTReason
	rua    func(domain string, d draw) []string // destinations that can be understood
	badRUA bool                                 // there is one that senders cannot use
}

func reportMail(domain string, d draw) []string {
	return pick(d, forReportText, []string{"mailto:tls-reports@" + domain}, []string{"mailto:tlsrpt@reports.example.net"},
		[]string{"https://reports.example.net/v1/tlsrpt"}, []string{"mailto:a@" + domain, "https://reports.example.net/v1/tlsrpt"})
}

func reportRecord(domain string, d draw) []string {
	return []string{"v=TLSRPTv1; rua=" + strings.Join(reportMail(domain, d), ",")}
}

func texts(ts ...string) func(string, draw) []string {
	return func(string, draw) []string { return ts }
}

// reportStories is the table. Shares in the wild: a measurement of September 2024 (ACM IMC 2025) has 70 % of
// the com domains with a record; what is wrong with records is a guess.
func reportStories() []reportStory {
	return []reportStory{
		{wild: 68, errors: 42, txt: reportRecord, class: codes.RecordValid, rua: reportMail},
		{wild: 1, errors: 5, txt: func(domain string, d draw) []string {
			return append(reportRecord(domain, d), "v=spf1 -all")
		}, class: codes.RecordValid, rua: reportMail},
		{wild: 29.3, errors: 20, play: playNXDomain, class: codes.RecordAbsent, reason: codes.TLSRPTNXDomain},
		{wild: 1, errors: 4, play: playNoData, class: codes.RecordAbsent, reason: codes.TLSRPTNoData},
		{wild: 0.1, errors: 3, txt: texts("v=spf1 -all"), class: codes.RecordAbsent, reason: codes.TLSRPTOtherTXT},
		{wild: 0.1, errors: 3, txt: texts("v=TLSRPT1; rua=mailto:a@example.net"), class: codes.RecordAbsent, reason: codes.TLSRPTBadVersion},
		{wild: 0.1, errors: 3, txt: texts("v=TLSRPTv1; rua=mailto:a@example.net", "v=TLSRPTv1; rua=mailto:b@example.net"), class: codes.RecordMultiple},
		{errors: 2, txt: texts("v=TLSRPTv1; rua=mailto:a@example.net; rua=https://reports.example.net/v1"), class: codes.RecordValid,
			rua: texts("mailto:a@example.net", "https://reports.example.net/v1")},
		{errors: 2, txt: texts("v=TLSRPTv1; rua=mailto:a@example.net; rua=:::"), class: codes.RecordValid,
			rua: texts("mailto:a@example.net", ":::"), badRUA: true},
		{errors: 2, txt: texts("v=TLSRPTv1; rua=mailto:a@[192.0.2.1]"), class: codes.RecordValid, rua: texts("mailto:a@[192.0.2.1]")},
		{errors: 2, txt: texts("v=TLSRPTv1; rua=mailto:a@example.net "), class: codes.RecordInvalid, reason: codes.TLSRPTFieldMalformed,
			rua: texts("mailto:a@example.net")},
		{wild: 0.1, errors: 3, txt: texts("v=TLSRPTv1; r=mailto:a@example.net;"), class: codes.RecordInvalid, reason: codes.TLSRPTRUAMissing},
		{wild: 0.2, errors: 3, txt: texts("v=TLSRPTv1; rua=a@example.net"), class: codes.RecordInvalid, reason: codes.TLSRPTRUAInvalid,
			rua: texts("a@example.net"), badRUA: true},
		{wild: 0.05, errors: 2, txt: texts("v=TLSRPTv1; rua=mailto:a@example.net; nonsense"), class: codes.RecordInvalid, reason: codes.TLSRPTFieldMalformed,
			rua: texts("mailto:a@example.net")},
		{wild: 0.05, errors: 2, txt: texts("v=TLSRPTv1; -x=y; rua=mailto:a@example.net"), class: codes.RecordInvalid, reason: codes.TLSRPTExtensionInvalid,
			rua: texts("mailto:a@example.net")},
		{errors: 2, play: playServfail, class: codes.RecordUnknown, reason: codes.TLSRPTServfail},
	}
}

// reportOf draws what a domain publishes. A domain without a record of MTA-STS hardly ever has one of TLSRPT:
// 0.02 %.
func (p *population) reportOf(f *fate) *reportStory {
	if len(reportLabels)+len(f.domain) > maxName {
		return &p.reports[2] // no such name can exist
	}
	if f.bears || f.draw.chance(forReportAlone, 0.0002) {
		return &p.reports[p.reportShares.at(f.draw.unit(forReport))]
	}
	return &p.reports[2]
}

func (p *population) reportStep(f *fate, name string, qtype uint16) step {
	zone := f.zoneOf(name)
	if f.story.record == playNoDomain {
		return step{rcode: dns.RcodeNameError, zone: zone}
	}
	story := p.reportOf(f)
	st := story.play.step(zone)
	if story.txt != nil && qtype == dns.TypeTXT {
		for _, text := range story.txt(f.domain, f.draw) {
			st.rrs = append(st.rrs, &dns.TXT{Hdr: header(name, dns.TypeTXT, ttlOf(f.draw)), Txt: characterStrings(text)})
		}
	}
	return st
}

// tlsaOf draws the TLSA records of an MX host: those of a third in signed zones (a guess). Those in zones that
// are not signed are not asked for.
func (p *population) tlsaOf(host *fate) codes.TLSA {
	d := host.draw
	switch {
	case !signedByHash(host.zoneOf(host.domain)):
		return codes.TLSAInsecure
	case host.story.record == playNoDomain || !d.chance(forTLSA, 0.35) || len(tlsaLabels)+len(host.domain) > maxName:
		return codes.TLSAAbsent
	case d.chance(forTLSAKind, 0.03):
		return codes.TLSAUnknown
	case d.chance(forTLSAKind, 0.15):
		return codes.TLSAUnusable
	}
	return codes.TLSAUsable
}

// tlsaStep answers for a name below that of an MX host or, aliased, below the name that one is an alias for:
// each such host has its records at one of the two.
func (p *population) tlsaStep(f *fate, aliased bool, name string, qtype uint16) step {
	st := step{zone: f.zoneOf(name)}
	class := p.tlsaOf(f)
	elsewhere := false
	if _, ok := mailAlias(f.domain); ok {
		elsewhere = aliased != f.draw.chance(forTLSAName, 0.6)
	}
	switch {
	case class == codes.TLSAInsecure && f.draw.chance(forTLSA, 0.1):
		return playNotImplemented.step(st.zone)
	case class == codes.TLSAAbsent, class == codes.TLSAInsecure, elsewhere:
		st.rcode = dns.RcodeNameError
	case class == codes.TLSAUnknown:
		st = playServfail.step(st.zone)
	case qtype == dns.TypeTLSA:
		rr := &dns.TLSA{Hdr: header(name, dns.TypeTLSA, ttlOf(f.draw)), Usage: 3, Selector: 1, MatchingType: 1}
		if class == codes.TLSAUnusable {
			rr.Usage = 1 // PKIX-EE is not for SMTP (RFC 7672, section 3.1.3)
		}
		for i := range 4 {
			rr.Certificate += fmt.Sprintf("%016x", f.draw.sub(forTLSAKind, i).bits(forTLSA))
		}
		st.rrs = []dns.RR{rr}
	}
	return st
}

// signedByHash says whether a zone of a generated world is signed: the top level is, and one zone in sixteen.
func signedByHash(zone string) bool {
	if !strings.Contains(zone, ".") {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(zone))
	return h.Sum32()%16 == 0
}
