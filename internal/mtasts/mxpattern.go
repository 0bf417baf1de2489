package mtasts

import (
	"net/netip"
	"strings"
	"unicode"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"

	"stsscan/internal/codes"
)

// An MXPattern is the value of an mx field as published: a host name, or a name under a star that stands for
// exactly one label ([RFC 8461, section 4.1]).
//
// [RFC 8461, section 4.1]: https://www.rfc-editor.org/rfc/rfc8461#section-4.1
type MXPattern string

// Match reports whether the pattern matches host, a name in A-labels. Case and a final dot do not count, on
// either side. A pattern against the grammar matches at most itself; an IP address matches nothing.
func (p MXPattern) Match(host string) bool {
	return covers(p.key(), MXPattern(host).key())
}

// covers is Match for keys.
func covers(pattern, host string) bool {
	if pattern == "" || host == "" {
		return false
	}
	if parent, wild := strings.CutPrefix(pattern, "*."); wild && parent != "" {
		below, last := dns.NextLabel(host, 0) // a dot may be part of a label, escaped
		return !last && below > len(".") && host[below:] == parent && !strings.Contains(parent, "*")
	}
	return pattern == host && !strings.Contains(pattern, "*") && !isAddress(pattern)
}

// key is the form in which patterns and hosts compare.
func (p MXPattern) key() string {
	return strings.TrimSuffix(lowerASCII(string(p)), ".")
}

func (p MXPattern) ascii() string { return string(p) }

// lowerASCII changes nothing but A to Z: names compare by RFC 4343, and strings.ToLower would take a Kelvin
// sign for a k.
func lowerASCII(s string) string {
	if !strings.ContainsFunc(s, func(c rune) bool { return 'A' <= c && c <= 'Z' }) {
		return s
	}
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// patternFaults calls note with what is odd about the value of an mx field, and with an empty detail where the
// letter allows it.
//
//	sts-policy-mx-value = ["*."] Domain
//
// Domain is that of RFC 5321, section 4.1.2: labels of letters, digits and hyphens that begin and end with a
// letter or digit.
func patternFaults(value string, note func(f codes.Finding, detail string)) {
	if f, what := foreignPattern(value); f != "" {
		note(f, quote(value)+" is "+what+", not a domain name")
		return
	}
	name, dotted := strings.CutSuffix(value, ".")
	if dotted {
		note(codes.FindMXTrailingDot, quote(value)+" has a final dot")
	}
	name, _ = strings.CutPrefix(name, "*.")
	if strings.Contains(name, "*") {
		note(codes.FindMXWildcard, "the star of "+quote(value)+" is not the whole left-most label of a name")
		return
	}
	underscore, ok := checkDomain(name)
	if !ok || len(value) > 253+len(".") || len(value) > 253 && !dotted {
		note(codes.FindMXSyntax, quote(value)+" is not a domain name")
		return
	}
	if underscore {
		note(codes.FindMXUnderscore, quote(value)+" has an underscore")
	}
	if hasFakeALabel(name) {
		note(codes.FindMXNotALabel, "") // letters, digits and hyphens by the letter
	}
	if lowerASCII(value) != value {
		note(codes.FindMXUpperCase, "")
	}
	if isAddress(name) {
		note(codes.FindMXAddress, "") // a Domain by the letter, although no MX host can have the name
	} else if !strings.Contains(name, ".") {
		note(codes.FindMXSingleLabel, "")
	}
}

// foreignPattern says what a value is that is no domain name at all.
func foreignPattern(value string) (f codes.Finding, what string) {
	several := strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(wsp+",;", c) })
	switch {
	case value == "":
		return codes.FindMXEmpty, "empty"
	case strings.HasPrefix(value, "["), isAddress(value) && strings.Contains(value, ":"):
		return codes.FindMXAddress, "an address"
	case strings.Contains(value, "://"):
		return codes.FindMXURL, "a URL"
	case strings.Contains(value, "@"):
		return codes.FindMXEmail, "a mail address"
	case len(several) > 1:
		return codes.FindMXSeveral, "several values"
	case strings.Contains(value, "/"):
		return codes.FindMXURL, "a URL"
	case !isASCII(value):
		return codes.FindMXUnicode, "not in A-labels"
	}
	return "", ""
}

// checkDomain reports whether name is a Domain of RFC 5321 with labels of at most 63 octets, where underscores
// count as letters, and whether there is one.
func checkDomain(name string) (underscore, ok bool) {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false, false
		}
		for _, c := range label {
			if !isAlnum(c) && c != '-' && c != '_' {
				return false, false
			}
		}
		underscore = underscore || strings.Contains(label, "_")
	}
	return underscore, true
}

// hasFakeALabel reports whether a name has a label that looks like an A-label and stands for nothing that can
// be written: it is not what RFC 3492 makes of a text beyond ASCII, or it is that of a text with controls.
// Names that registries have taken in spite of IDNA, such as emoji, do not count.
func hasFakeALabel(name string) bool {
	for label := range strings.SplitSeq(lowerASCII(name), ".") {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		u, err := idna.Punycode.ToUnicode(label)
		if err != nil || strings.ContainsFunc(u, func(c rune) bool { return !unicode.IsPrint(c) }) {
			return true
		}
		if back, err := idna.Punycode.ToASCII(u); err != nil || back != label {
			return true
		}
	}
	return false
}
