package mtasts

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// A Coverage is how the patterns of a policy cover the MX hosts of its domain ([RFC 8461, section 4.1]).
//
// [RFC 8461, section 4.1]: https://www.rfc-editor.org/rfc/rfc8461#section-4.1
type Coverage struct {
	Match    codes.MXMatch
	Matched  []bool          // by host, in the order of MX.Hosts
	Unused   []MXPattern     // patterns that match no host, in the order of the policy
	Broad    []MXPattern     // wildcards that cover the hosts of others
	Mismatch codes.Mismatch  // where Match is none and not all hosts are pseudo; otherwise ""
	Findings []codes.Finding // each once
}

// Cover compares the patterns of a policy of domain with its MX hosts. An implicit MX is the domain itself.
func Cover(domain string, patterns []MXPattern, mx MX) Coverage {
	var c Coverage
	switch mx.Kind {
	case codes.MXUnknown:
		c.Match = codes.MatchUnknown
	case codes.MXNone:
		c.Match = codes.MatchNoMX
	case codes.MXNull:
		c.Match = codes.MatchNullMX
	default:
		c.match(patterns, mx.Hosts)
	}
	for _, p := range patterns {
		if broad(domain, p) {
			c.Broad = append(c.Broad, p)
			c.find(codes.FindMXWildcardBroad)
		}
	}
	return c
}

func (c *Coverage) find(f codes.Finding) { c.Findings = addFinding(c.Findings, f) }

func (c *Coverage) match(patterns []MXPattern, hosts []MXHost) {
	used := make([]bool, len(patterns))
	keys := make([]string, len(patterns))
	for i, p := range patterns {
		keys[i] = p.key()
	}
	covered := 0
	for _, host := range hosts {
		matched := false
		name := MXPattern(host.Name).key()
		for i, key := range keys {
			if covers(key, name) {
				matched, used[i] = true, true
			}
		}
		c.Matched = append(c.Matched, matched)
		if matched {
			covered++
		}
	}
	switch {
	case covered == len(hosts):
		c.Match = codes.MatchAll
	case covered > 0:
		c.Match = codes.MatchSome
		c.find(codes.FindMXPartlyCovered)
	default:
		c.Match = codes.MatchNone
		c.Mismatch = nearest(patterns, hosts)
		c.find(codes.FindMXNotCovered)
	}
	for i, p := range patterns {
		if !used[i] {
			c.Unused = append(c.Unused, p)
			c.find(codes.FindMXPatternUnused)
		}
	}
}

// broad reports whether a wildcard covers hosts of several customers: its star is right below a public suffix,
// or right below a registered domain that is not the Policy Domain's own.
func broad(domain string, p MXPattern) bool {
	parent, wild := strings.CutPrefix(p.key(), "*.")
	if !wild || parent == "" {
		return false
	}
	registered, ok := registeredDomain(parent)
	if !ok {
		return true
	}
	own, _ := registeredDomain(nameKey(domain))
	return parent == registered && registered != own
}

// maxNearest is how many patterns are compared with each host to say how they differ. A policy has room for
// thousands, and hardly needs so many.
const maxNearest = 64

// nearest is the class of the pair that differs least, of the first maxNearest patterns.
func nearest(patterns []MXPattern, hosts []MXHost) codes.Mismatch {
	patterns = firstDistinct(patterns, maxNearest)
	order := codes.Mismatches()
	best := len(order)
	for _, host := range hosts {
		if host.Pseudo() {
			continue
		}
		for _, p := range patterns {
			best = min(best, slices.Index(order, mismatch(p, host.Name)))
		}
	}
	if best == len(order) {
		return ""
	}
	return order[best]
}

// firstDistinct are the first n patterns that are not the same as one before.
func firstDistinct(patterns []MXPattern, n int) []MXPattern {
	seen := make(map[string]bool)
	var first []MXPattern
	for _, p := range patterns {
		if key := p.key(); len(first) < n && !seen[key] {
			seen[key] = true
			first = append(first, p)
		}
	}
	return first
}

// mismatch says how a pattern differs from a host that it does not match. Private suffixes do not count.
func mismatch(p MXPattern, host string) codes.Mismatch {
	name, _ := strings.CutPrefix(p.key(), "*.")
	host = nameKey(host)
	registered, _ := registeredDomain(name)
	ofHost, _ := registeredDomain(host)
	same := registered != "" && registered == ofHost
	switch {
	case same && withoutMTASTS(name) != name:
		return codes.MismatchMTASTSLabel
	case same && (within(name, host) || within(host, name)):
		return codes.MismatchExtraLabel
	case !same && registered != "" && ofHost != "" && withoutSuffix(name, registered) == withoutSuffix(host, ofHost):
		return codes.MismatchTLD
	case slip(name, host):
		return codes.MismatchTypo
	case same:
		return codes.MismatchOtherHost
	}
	return codes.MismatchDifferentDomain
}

// withoutMTASTS leaves out the labels mta-sts and _mta-sts.
func withoutMTASTS(name string) string {
	labels := strings.Split(name, ".")
	labels = slices.DeleteFunc(labels, func(l string) bool { return l == "mta-sts" || l == "_mta-sts" })
	return strings.Join(labels, ".")
}

// within reports whether long is short with more labels, wherever they stand.
func within(short, long string) bool {
	if strings.Count(short, ".") >= strings.Count(long, ".") {
		return false
	}
	rest := strings.Split(long, ".")
	for label := range strings.SplitSeq(short, ".") {
		i := slices.Index(rest, label)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

// withoutSuffix is a name without the public suffix of its registered domain.
func withoutSuffix(name, registered string) string {
	label, _, _ := strings.Cut(registered, ".")
	return strings.TrimSuffix(name, registered) + label
}
