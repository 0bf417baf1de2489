package simnet

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"stsscan/internal/codes"
)

// mailTruth adds the mail side to the truth about a domain, whether or not a scan asks for it.
func (p *population) mailTruth(f *fate, t *Truth) {
	switch t.Record {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		suspected := p.wildcard(f)
		t.WildcardSuspected = &suspected
	}
	p.reportTruth(f, t)
	m := p.mailOf(f)
	if f.story.record == playNoDomain {
		m = mail{kind: mailNone}
	}
	p.hostsTruth(f, m, t)
	t.Findings = append(t.Findings, nullMXFindings(m)...)
	p.daneTruth(f, m, t)
	p.delegationTruth(f, t)
	cover := p.coverageOf(f, m)
	if t.Policy == codes.PolicyValid && len(t.MX) > 0 {
		t.MXMatch, t.Mismatch = m.match(cover)
		p.unusedTruth(f, m, cover, t)
	}
	p.verdictTruth(m, cover, t)
	t.TLSRPTResult = f.story.result()
}

func (p *population) reportTruth(f *fate, t *Truth) {
	if f.story.record == playNoDomain {
		t.TLSRPT, t.TLSRPTReason = codes.RecordAbsent, codes.TLSRPTNXDomain
		return
	}
	s := p.reportOf(f)
	t.TLSRPT, t.TLSRPTReason = s.class, s.reason
	if s.rua != nil {
		t.RUA = s.rua(f.domain, f.draw)
	}
	if s.badRUA {
		t.Findings = append(t.Findings, codes.FindTLSRPTRUA)
	}
}

func (p *population) hostsTruth(f *fate, m mail, t *Truth) {
	t.MXKind = []codes.MXKind{
		mailMX: codes.MXHosts, mailImplicit: codes.MXImplicit, mailNull: codes.MXNull, mailPseudo: codes.MXPseudo,
		mailNone: codes.MXNone, mailServfail: codes.MXUnknown,
	}[m.kind]
	if m.kind == mailImplicit {
		m.hosts = []mxHost{{name: f.domain}}
	}
	ordered := slices.Clone(m.hosts)
	slices.SortStableFunc(ordered, func(a, b mxHost) int { // equal preferences are in order of name in the tables
		return int(a.preference) - int(b.preference)
	})
	for i, h := range ordered {
		t.MXHosts = append(t.MXHosts, fmt.Sprintf("%d %s", h.preference, h.name))
		host := p.fateOf(h.name)
		if m.kind == mailPseudo {
			t.Probes, t.TLSA = append(t.Probes, ""), append(t.TLSA, "")
			continue
		}
		t.TLSA = append(t.TLSA, string(p.tlsaOf(&host)))
		switch {
		case m.kind == mailImplicit && !p.isMailHost(&host):
			t.Probes = append(t.Probes, string(codes.STARTTLSNoConnection)) // a web server
		default:
			s := p.serverOf(&host)
			t.Probes = append(t.Probes, strings.TrimSuffix(string(s.starttls)+" "+string(s.tlsError), " "))
			if s.first != "" && t.FirstProbes == nil {
				t.FirstProbes = make([]string, len(ordered))
			}
			if s.first != "" {
				t.FirstProbes[i] = string(s.first)
			}
		}
	}
}

// hasNoALabel reports whether a pattern has a label that begins with xn-- and is none of Punycode (RFC 3492):
// notALabel is one, and hosts of domains with such names have them. A pattern that is no name has other faults.
func hasNoALabel(pattern string) bool {
	name := strings.ToLower(strings.TrimPrefix(pattern, "*."))
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Contains(name, "..") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		text, err := idna.Punycode.ToUnicode(label)
		again, _ := idna.Punycode.ToASCII(text)
		hidden := strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) })
		if strings.HasPrefix(label, "xn--") && (err != nil || again != label || hidden) {
			return true
		}
	}
	return false
}

// nullMXFindings is what is odd about the null MX.
func nullMXFindings(m mail) (found []codes.Finding) {
	if m.null != nil && m.null.preference != 0 {
		found = append(found, codes.FindNullMXPreference)
	}
	if m.null != nil && len(m.hosts) > 0 {
		found = append(found, codes.FindNullMXNotAlone)
	}
	return found
}

func (p *population) daneTruth(f *fate, m mail, t *Truth) {
	if m.kind == mailServfail {
		t.DANE = codes.DANEUnknown
		return
	}
	hosts := m.hosts
	switch m.kind {
	case mailImplicit:
		hosts = []mxHost{{name: f.domain}}
	case mailPseudo:
		hosts = nil
	}
	usable, unknown := 0, 0
	for _, h := range hosts {
		host := p.fateOf(h.name)
		switch p.tlsaOf(&host) {
		case codes.TLSAUsable:
			usable++
		case codes.TLSAUnknown:
			unknown++
		}
	}
	switch {
	case len(hosts) == 0, !signedByHash(f.zoneOf(f.domain)), usable+unknown == 0:
		t.DANE = codes.DANENone
	case usable == len(hosts):
		t.DANE = codes.DANEAll
	case usable > 0:
		t.DANE = codes.DANESome
	default:
		t.DANE = codes.DANEUnknown
	}
}

// delegationTruth is who the aliases of a valid record and its host lead to.
func (p *population) delegationTruth(f *fate, t *Truth) {
	if t.Record != codes.RecordValid {
		return
	}
	switch f.story.host {
	case playGood, playNXDomain, playNoData, playTruncate:
	default:
		return // the aliases of the host are not known
	}
	if f.story.hostAlias == aliasLoop || f.story.hostAlias == aliasLong {
		return
	}
	away := func(r role) bool {
		if f.operator == nil {
			return false
		}
		target, ok := f.operator.shape(r).target(f.domain)
		registered, _ := registeredDomain(target)
		return ok && registered != f.registered
	}
	record, host := away(roleRecord), away(roleHost)
	switch {
	case record && host:
		t.Delegation = codes.DelegationBoth
	case record:
		t.Delegation = codes.DelegationRecord
	case host:
		t.Delegation = codes.DelegationHost
	default:
		t.Delegation = codes.DelegationNone
	}
}

// match is how a policy with patterns covers the hosts.
func (m mail) match(c coverage) (codes.MXMatch, codes.Mismatch) {
	switch m.kind {
	case mailImplicit:
		return codes.MatchAll, ""
	case mailNull:
		return codes.MatchNullMX, ""
	case mailNone:
		return codes.MatchNoMX, ""
	case mailServfail:
		return codes.MatchUnknown, ""
	case mailPseudo:
		return codes.MatchNone, "" // there is no host that it could be a mismatch with
	}
	switch c {
	case coverAll, coverMore:
		return codes.MatchAll, ""
	case coverSome:
		return codes.MatchSome, ""
	case coverMTASTS:
		return codes.MatchNone, codes.MismatchMTASTSLabel
	case coverExtraLabel:
		return codes.MatchNone, codes.MismatchExtraLabel
	case coverTypo:
		return codes.MatchNone, codes.MismatchTypo
	}
	return codes.MatchNone, codes.MismatchDifferentDomain
}

// unusedTruth lists the patterns that no host needs.
func (p *population) unusedTruth(f *fate, m mail, c coverage, t *Truth) {
	var used []string
	switch {
	case m.kind == mailImplicit, m.kind == mailMX && (c == coverAll || c == coverSome):
		used = p.patternsOf(f, m, c)
	case m.kind == mailMX && c == coverMore:
		used = p.covering(f, m.operator, 0.11)
	case m.kind != mailMX && m.kind != mailPseudo:
		return // without hosts no pattern is known to be of use
	}
	for _, pattern := range t.MX {
		if !slices.Contains(used, strings.ToLower(pattern)) {
			t.MXUnused = append(t.MXUnused, pattern)
		}
	}
}
