package simnet

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// mailTruth adds the mail side to the truth about a domain. It says what is so
// for every domain, asked or not.
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

// unusedTruth lists the patterns that were not written for a host.
func (p *population) unusedTruth(f *fate, m mail, c coverage, t *Truth) {
	var used []string
	switch {
	case m.kind == mailImplicit, m.kind == mailMX && (c == coverAll || c == coverSome):
		used = p.patternsOf(f, m, c)
	case m.kind == mailMX && c == coverMore:
		used = p.covering(f, m.operator, 0.11)
	case m.kind != mailMX && m.kind != mailPseudo:
		return // without hosts nobody says which patterns are of use
	}
	for _, pattern := range t.MX {
		if !slices.Contains(used, strings.ToLower(pattern)) {
			t.MXUnused = append(t.MXUnused, pattern)
		}
	}
}

// verdictTruth says what a sender experiences: by names alone, and when the
// servers are probed too.
func (p *population) verdictTruth(m mail, c coverage, t *Truth) {
	switch t.Record {
	case codes.RecordAbsent:
		t.Verdict = codes.VerdictNoSTS
	case codes.RecordUnknown:
		t.Verdict = codes.VerdictUnknown
	case codes.RecordInvalid, codes.RecordMultiple:
		t.Verdict = codes.VerdictBroken
	}
	if t.Record == codes.RecordValid {
		t.Verdict = p.policyVerdict(t, t.MXMatch, "")
	}
	t.VerdictProbed = t.Verdict
	if t.Verdict != codes.VerdictEnforceOK && t.Verdict != codes.VerdictEnforcePartial && t.Verdict != codes.VerdictTestingOK {
		return
	}
	good, bad, silent := 0, 0, 0
	for i, probe := range t.Probes {
		if t.MXMatch == codes.MatchSome && strings.HasSuffix(t.MXHosts[i], " "+m.hosts[len(m.hosts)-1].name) {
			continue // it is the last one that is not covered
		}
		word, _, _ := strings.Cut(probe, " ")
		switch codes.STARTTLS(word) {
		case codes.STARTTLSOK:
			good++
		case codes.STARTTLSCertificate, codes.STARTTLSHandshake, codes.STARTTLSNotOffered, codes.STARTTLSRejected:
			bad++
		default:
			silent++
		}
	}
	fails := "none"
	switch {
	case bad > 0 && good+silent == 0:
		fails = "all"
	case bad > 0:
		fails = "some"
	}
	t.VerdictProbed = p.policyVerdict(t, t.MXMatch, fails)
}

// policyVerdict is the verdict about a valid record; fails is which of the
// covered hosts are seen to fail: "", none, some or all.
func (p *population) policyVerdict(t *Truth, match codes.MXMatch, fails string) codes.Verdict {
	switch {
	case t.Policy == codes.PolicyUnknown, t.limited():
		return codes.VerdictUnknown
	case t.Policy != codes.PolicyValid:
		return codes.VerdictBroken
	case t.Mode == codes.ModeNone:
		return codes.VerdictValidNone
	case match == codes.MatchUnknown:
		return codes.VerdictUnknown
	case match == codes.MatchNone && t.Mode == codes.ModeEnforce, fails == "all" && t.Mode == codes.ModeEnforce:
		return codes.VerdictEnforceRefused
	case t.Mode == codes.ModeEnforce && (match == codes.MatchSome || fails == "some"):
		return codes.VerdictEnforcePartial
	case t.Mode == codes.ModeEnforce:
		return codes.VerdictEnforceOK
	case match == codes.MatchNone, match == codes.MatchSome, fails == "all", fails == "some":
		return codes.VerdictTestingWouldFail
	}
	return codes.VerdictTestingOK
}
