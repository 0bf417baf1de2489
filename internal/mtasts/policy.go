package mtasts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

const (
	policyVersion = "STSv1"
	maxMaxAge     = 31557600 // seconds, about one year (section 3.2)
)

// A Policy is what a Policy Host serves ([RFC 8461, section 3.2]). Its version, STSv1, is implied.
//
// [RFC 8461, section 3.2]: https://www.rfc-editor.org/rfc/rfc8461#section-3.2
type Policy struct {
	Mode       codes.Mode
	MaxAge     int64       // seconds
	MX         []MXPattern // as published, in order; may be empty where the mode is none
	Extensions []Pair      // fields that the RFC does not know, in order, each name once; at most 64
}

// Match reports whether a pattern of the policy matches the MX host ([RFC 8461, section 4.1]).
//
// [RFC 8461, section 4.1]: https://www.rfc-editor.org/rfc/rfc8461#section-4.1
func (p Policy) Match(host string) bool {
	return slices.ContainsFunc(p.MX, func(pattern MXPattern) bool { return pattern.Match(host) })
}

// String returns the canonical form of the policy, as it is served.
func (p Policy) String() string {
	return p.print(MXPattern.ascii)
}

// Unicode returns the policy for people: as String does, with the Unicode form of internationalised patterns
// beside them.
func (p Policy) Unicode() string {
	return p.print(MXPattern.Unicode)
}

func (p Policy) print(pattern func(MXPattern) string) string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	line("version", policyVersion)
	line("mode", string(p.Mode))
	for _, mx := range p.MX {
		line("mx", pattern(mx))
	}
	line("max_age", strconv.FormatInt(p.MaxAge, 10))
	for _, x := range p.Extensions {
		line(x.Name, x.Value)
	}
	return b.String()
}

// ParsePolicy reads a policy by the letter of [RFC 8461, section 3.2]. Its error wraps [ErrPolicySyntax]. The
// caller limits the size of the body.
//
// [RFC 8461, section 3.2]: https://www.rfc-editor.org/rfc/rfc8461#section-3.2
func ParsePolicy(body []byte) (Policy, error) {
	p, n := readPolicy(string(body))
	if first, failed := n.failed(); failed {
		return Policy{}, policySyntax(first)
	}
	return p, nil
}

// A PolicyReading is what the body from a Policy Host says.
type PolicyReading struct {
	// Policy is the best understanding, the lenient reading included. Where the strict reading fails, Mode may be
	// empty, MaxAge is -1 if it was not understood, and MX has patterns of any shape, each valid UTF-8 of at most
	// 512 octets.
	Policy  Policy
	Reason  codes.PolicyReason // the first failure of the strict reading in text order, missing fields last
	Strict  bool               // a sender that follows the letter uses the policy
	Lenient bool               // most senders do; true wherever Strict is
	// Findings has each oddity once: first those of the whole text, then in the order of appearance.
	Findings []codes.Finding
	Err      error // of the strict reading: ErrPolicySyntax
}

// ReadPolicy reads the body of a policy in both readings. Any body has a reading.
func ReadPolicy(body []byte) PolicyReading {
	p, n := readPolicy(string(body))
	reading := PolicyReading{Policy: p, Strict: true, Lenient: n.lenient(), Findings: n.findings()}
	if first, failed := n.failed(); failed {
		reading.Strict, reading.Reason, reading.Err = false, first.reason, policySyntax(first)
	}
	return reading
}

// Served is what is left of the two readings of a text in a response with these findings: strict and lenient of
// [Fetch].
func (r PolicyReading) Served(findings []codes.Finding) (strict, lenient bool) {
	strict, lenient = r.Strict, r.Lenient
	for _, f := range findings {
		if ofResponse(f) {
			strict, lenient = false, lenient && tolerated(f)
		}
	}
	return strict, lenient
}

// policySyntax is the error for a policy whose strict reading failed first at the given note.
func policySyntax(first note[codes.PolicyReason]) error {
	if first.pos < 1 || first.pos == endOfText {
		return fmt.Errorf("%w: %s: %s", ErrPolicySyntax, first.reason, first.detail)
	}
	return fmt.Errorf("%w: line %d: %s: %s", ErrPolicySyntax, first.pos, first.reason, first.detail)
}
