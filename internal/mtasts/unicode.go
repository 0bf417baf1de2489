package mtasts

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Unicode returns the pattern for people: see [UnicodeName].
func (p MXPattern) Unicode() string {
	parent, wild := strings.CutPrefix(string(p), "*.")
	if u, ok := unicodeName(parent); ok && wild {
		return string(p) + " (*." + u + ")"
	}
	return UnicodeName(string(p))
}

// UnicodeName returns a domain name for people: the name, and beside it in parentheses its Unicode form where
// it has A-labels, as in "xn--bcher-kva.example (bücher.example)". The Unicode form is left out unless it
// converts back to the same name by IDNA2008 with the Bidi Rule (RFC 5893) and shows on a screen as what it is:
// no controls, no invisible characters.
func UnicodeName(name string) string {
	if u, ok := unicodeName(name); ok {
		return name + " (" + u + ")"
	}
	return name
}

func unicodeName(name string) (u string, ok bool) {
	ascii := lowerASCII(name)
	if !strings.Contains(ascii, "xn--") {
		return "", false
	}
	if _, ok := checkDomain(strings.TrimSuffix(ascii, ".")); !ok {
		return "", false
	}
	profile := idna.New(
		idna.ValidateLabels(true),
		idna.CheckHyphens(true),
		idna.CheckJoiners(true),
		idna.BidiRule(),
		idna.StrictDomainName(true),
		idna.Transitional(false),
		idna.VerifyDNSLength(true),
	)
	u, err := profile.ToUnicode(ascii)
	if err != nil || u == ascii {
		return "", false
	}
	if back, err := profile.ToASCII(u); err != nil || back != ascii {
		return "", false
	}
	if strings.ContainsFunc(u, func(c rune) bool { return !unicode.IsPrint(c) || c == ' ' }) {
		return "", false
	}
	return u, true
}
