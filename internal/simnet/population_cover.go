package simnet

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// A coverage is how the patterns of a policy relate to the MX hosts: the classes of the IMC 2025 study, drawn
// for each domain.
type coverage uint8

const (
	coverAll        coverage = iota // every MX host is covered
	coverMore                       // and hosts that are no MX
	coverSome                       // some MX hosts are covered
	coverStale                      // the hosts of a former provider
	coverDomain                     // hosts of another domain
	coverMTASTS                     // the label mta-sts in the pattern
	coverExtraLabel                 // another label too many
	coverTypo                       // two letters changed places
)

// matches reports whether every MX host is covered.
func (c coverage) matches() bool { return c == coverAll || c == coverMore }

// coverages weighs the classes: the study has 1.5 % other domain (63 % of it stale), 1.1 % extra label (82 % of
// it mta-sts) and 0.1 % typo. What it does not count (more, some) is a guess.
func coverages(model string) wheel {
	if made(model) {
		return newWheel(70, 4, 6, 5, 4, 4, 4, 3)
	}
	return newWheel(95.1, 2, 0.2, 0.95, 0.55, 0.88, 0.22, 0.1)
}

// coverageOf draws how the policy of a domain covers its mail. Without MX there is nothing to cover, and of one
// host there is no part.
func (p *population) coverageOf(f *fate, m mail) coverage {
	if m.kind != mailMX || f.operator != nil && f.operator.kind == portfolio {
		return coverAll
	}
	c := coverage(p.coverages.at(f.draw.unit(forCoverage)))
	former := p.mailOperator(f, forFormerMail)
	switch {
	case c == coverSome && len(m.hosts) < 2, c == coverTypo && typo(m.hosts[0].name) == m.hosts[0].name:
		return coverAll
	case (c == coverStale || c == coverMore) && former.zone == m.operator.zone:
		return coverDomain
	}
	return c
}

// patternsOf are the mx patterns of a policy. One file in nine has a wildcard.
func (p *population) patternsOf(f *fate, m mail, c coverage) []string {
	switch m.kind {
	case mailImplicit:
		return []string{f.domain}
	case mailNull, mailNone, mailPseudo, mailServfail:
		return []string{"mail." + f.domain}
	}
	first := m.hosts[0].name
	switch c {
	case coverSome:
		return hostNames(m.hosts[:len(m.hosts)-1])
	case coverStale:
		return p.covering(f, p.mailOperator(f, forFormerMail), 0)
	case coverDomain:
		return []string{"mx1.hosting.example.net", "mx2.hosting.example.net"}
	case coverMTASTS:
		return []string{hostLabel + first}
	case coverExtraLabel:
		return []string{pick(f.draw, forPatterns, "smtp.", "in.", "mx.") + first}
	case coverTypo:
		return []string{typo(first)}
	}
	patterns := p.covering(f, m.operator, 0.11)
	if c == coverMore {
		patterns = append(patterns, p.covering(f, p.mailOperator(f, forFormerMail), 0)...)
	}
	return patterns
}

// covering are patterns for all hosts of a mail operator, with wildcards in the given share of policies.
func (p *population) covering(f *fate, o *mailOperator, wildcards float64) []string {
	if !f.draw.chance(forPatterns, wildcards) {
		return hostNames(o.hosts(f.domain, f.draw))
	}
	if o.cover == nil {
		return []string{"*." + f.domain}
	}
	return append([]string(nil), o.cover...)
}

func hostNames(hosts []mxHost) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.name
	}
	return names
}

// typo swaps two letters next to each other in the registered part of a name, and changes nothing where there
// are no two that differ.
func typo(host string) string {
	suffix, _ := publicsuffix.PublicSuffix(host)
	end := len(host) - len(suffix) - 1
	if end <= 0 {
		return host
	}
	label := host[strings.LastIndexByte(host[:end], '.')+1 : end]
	if strings.HasPrefix(label, "xn--") {
		return host // its letters spell another name
	}
	for i := 1; i+2 < len(label); i++ {
		a, b := label[i], label[i+1]
		if a != b && isLetter(a) && isLetter(b) {
			at := end - len(label) + i
			return host[:at] + string([]byte{b, a}) + host[at+2:]
		}
	}
	return host
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
