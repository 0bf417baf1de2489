package simnet

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// What a name is for. Every name of a population belongs to one Policy Domain, which the name itself tells.
type role uint8

const (
	roleDomain role = iota // the Policy Domain, and every name that is nothing else
	roleRecord             // _mta-sts.<domain>, or an alias target of it
	roleHost               // mta-sts.<domain>, or an alias target of it
)

const (
	recordLabel = "_mta-sts."
	hostLabel   = "mta-sts."
)

// label is what a role puts before the Policy Domain.
func (r role) label() string {
	switch r {
	case roleRecord:
		return recordLabel
	case roleHost:
		return hostLabel
	}
	return ""
}

// isBase reports whether name is that of the role itself and no alias target.
func (r role) isBase(name, domain string) bool {
	rest, ok := strings.CutPrefix(name, r.label())
	return ok && rest == domain
}

// parseName reads role and Policy Domain off a name. Alias targets are the names of operators (table operators)
// and numbered names below the domain's own: 3._mta-sts.<domain>, 3.mta-sts.<domain>.
func (p *population) parseName(name string) (role, string) {
	for i := range p.operators {
		op := &p.operators[i]
		if op.zone == "" || !strings.HasSuffix(name, op.zone) {
			continue
		}
		if domain, ok := op.record.domain(name); ok {
			return roleRecord, domain
		}
		if domain, ok := op.host.domain(name); ok {
			return roleHost, domain
		}
	}
	own := name
	if label, rest, ok := strings.Cut(name, "."); ok && isNumber(label) {
		own = rest
	}
	if domain, ok := strings.CutPrefix(own, recordLabel); ok {
		return roleRecord, domain
	}
	if domain, ok := strings.CutPrefix(own, hostLabel); ok {
		return roleHost, domain
	}
	return roleDomain, name
}

func isNumber(label string) bool {
	for i := range len(label) {
		if label[i] < '0' || label[i] > '9' {
			return false
		}
	}
	return label != ""
}

// A targetShape is how an operator makes an alias target out of a Policy Domain. The zero shape makes none.
type targetShape struct {
	prefix, suffix string
	dot            byte // what stands for a dot; doubled, it stands for itself. 0: the one target of all domains
}

// target is the alias target of domain; ok is false where the shape makes none, or none that can be read back.
func (s targetShape) target(domain string) (name string, ok bool) {
	switch s.dot {
	case 0:
		return s.suffix, s.suffix != ""
	case '.':
		name = s.prefix + domain + s.suffix
	default:
		dot := string(s.dot)
		label := strings.ReplaceAll(strings.ReplaceAll(domain, dot, dot+dot), ".", dot)
		if len(label)+len(s.suffix[:strings.IndexByte(s.suffix, '.')]) > 63 {
			return "", false
		}
		name = s.prefix + label + s.suffix
	}
	back, ok := s.domain(name)
	return name, ok && back == domain && len(name) <= maxName
}

// domain reads the Policy Domain off a target. Targets shared by all domains belong to the operator's own
// domain, and are read as its names.
func (s targetShape) domain(name string) (string, bool) {
	if s.dot == 0 || len(name) <= len(s.prefix)+len(s.suffix) ||
		!strings.HasSuffix(name, s.suffix) || !strings.HasPrefix(name, s.prefix) {
		return "", false
	}
	label := name[len(s.prefix) : len(name)-len(s.suffix)]
	if s.dot == '.' {
		return label, true
	}
	if strings.IndexByte(label, '.') >= 0 {
		return "", false
	}
	domain := make([]byte, 0, len(label))
	for i := 0; i < len(label); i++ {
		switch {
		case label[i] != s.dot:
			domain = append(domain, label[i])
		case i+1 < len(label) && label[i+1] == s.dot:
			domain = append(domain, s.dot)
			i++
		default:
			domain = append(domain, '.')
		}
	}
	return string(domain), true
}

// Longest names: of the DNS, and of a Policy Domain that may have a record, so that its alias targets fit too.
const (
	maxName   = 253
	maxDomain = 200
)

// registeredDomain splits off the public suffix, by the rules for registries alone: what is below a private
// suffix (github.io) is a name like any other. registered is the suffix and one label, or the name itself where
// it is a public suffix.
func registeredDomain(domain string) (registered, suffix string) {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	for !icann {
		_, parent, ok := strings.Cut(suffix, ".")
		if !ok {
			break // a top-level domain that the list does not know
		}
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	if len(suffix) >= len(domain) {
		return domain, suffix
	}
	above := domain[:len(domain)-len(suffix)-1]
	return domain[strings.LastIndexByte(above, '.')+1:], suffix
}
