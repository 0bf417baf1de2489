package domains

import (
	"bytes"
	"net/netip"
	"slices"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Limits of RFC 1035, section 2.3.4, in octets of text.
const (
	maxLabel = 63
	maxName  = 253 - len("_mta-sts.")
)

// Rules say which names are accepted. The zero Rules are those of the public DNS.
type Rules struct {
	AllowSpecialUse bool // accept names under special-use domains, which a simulated Internet may have
	AllowUnderscore bool // accept names with underscores, which a zone may delegate
	StrictNames     bool // refuse URLs, mail addresses, ports and wildcards, and do not take the host
}

// Normalize is [Rules.Normalize] by the rules of the public DNS.
func Normalize(s string) (string, error) { return Rules{}.Normalize(s) }

// Normalize turns s into a name in A-labels: without white space around it, in lower case, without the final dot.
// A name in ASCII is taken as it is, even where its xn-- labels are in no IDNA table: zones have such names. A
// name with other characters is mapped as for lookup (UTS 46, not transitional, with the Bidi rule). Of a URL, a
// mail address, a host with a port, or a wildcard, it takes the host. The error is a [*Reject]. Normalizing the result
// again changes nothing.
func (r Rules) Normalize(s string) (string, error) {
	var buf [2 * maxName]byte
	name, _, reason := r.appendEntry(buf[:0], []byte(s))
	if reason != "" {
		return "", &Reject{Text: shown([]byte(s)), Reason: reason}
	}
	if string(name) == s {
		return s, nil
	}
	return string(name), nil
}

// appendEntry is appendName for what a person wrote, which may have a host in place of a name: kind says in what. Most
// entries are names, and cost no closer look.
func (r Rules) appendEntry(dst, s []byte) (name []byte, kind, reason Reason) {
	if tld := lastLabel(s); tld > 0 {
		return append(dst, s...), "", r.checkName(s, tld)
	}
	if slices.ContainsFunc(s, func(c byte) bool { return lowered[c] == 0 }) {
		if host, k := hostIn(s); k != "" {
			s, kind = host, k
		}
	}
	if kind != "" && r.StrictNames {
		return dst, kind, kind
	}
	name, reason = r.appendName(dst, s)
	return name, kind, reason
}

// appendName appends the normal form of s to dst, or gives the reason why there is none.
func (r Rules) appendName(dst, s []byte) ([]byte, Reason) {
	if tld := lastLabel(s); tld > 0 {
		return append(dst, s...), r.checkName(s, tld)
	}
	return r.appendAny(dst, s)
}

// appendAny is appendName for any name, without the fast path.
func (r Rules) appendAny(dst, s []byte) ([]byte, Reason) {
	s = bytes.TrimSpace(s)
	if len(s) == 0 {
		return dst, ReasonEmpty
	}
	if len(s) > maxLine {
		return dst, ReasonTooLong
	}
	s, dotted := bytes.CutSuffix(s, []byte("."))
	if len(s) == 0 {
		return dst, ReasonEmpty // the root
	}
	start := len(dst)
	out, foreign, reason := r.appendLabels(dst, s)
	if foreign {
		mapped, ok := mapForLookup(s)
		if !ok {
			return dst, ReasonIDNA
		}
		if !dotted { // the final dot may have been an ideographic full stop
			mapped = bytes.TrimSuffix(mapped, []byte("."))
		}
		if out, foreign, reason = r.appendLabels(dst, mapped); foreign {
			return dst, ReasonIDNA
		}
	}
	if reason == ReasonBadCharacter && isBracketedAddr(s) {
		return dst, ReasonIPLiteral
	}
	if reason != "" {
		return dst, reason
	}
	name := out[start:]
	return out, r.checkName(name, bytes.LastIndexByte(name, '.')+1)
}

// lowered maps each octet that a name may have, the dot too, to lower case, and any other octet to 0. A constant
// is read without a bounds check and cannot be changed.
const lowered = "" +
	zeros16 + zeros16 +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00-.\x00" +
	"0123456789\x00\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmno" + "pqrstuvwxyz\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmno" + "pqrstuvwxyz\x00\x00\x00\x00\x00" +
	zeros16 + zeros16 + zeros16 + zeros16 + zeros16 + zeros16 + zeros16 + zeros16

const zeros16 = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// appendLabels appends s in lower case and checks each label by the letters, digits and hyphens rule (RFC 1123,
// section 2.1). foreign says that s has octets beyond ASCII, which are left to IDNA.
func (r Rules) appendLabels(dst, s []byte) (out []byte, foreign bool, reason Reason) {
	out = append(dst, s...)
	name, start := out[len(dst):], 0
	for i, c := range name {
		l := lowered[c]
		name[i] = l
		if l == '.' {
			if reason := checkLabel(name[start:i]); reason != "" {
				return dst, false, reason
			}
			start = i + 1
		} else if c == '_' && r.AllowUnderscore {
			name[i] = c
		} else if l == 0 {
			if c < utf8.RuneSelf {
				return dst, false, badCharacter(c)
			}
			if !utf8.Valid(s) {
				return dst, false, ReasonBadCharacter
			}
			// The rest stays as it is written.
			name[i] = c
			return out, true, ""
		}
	}
	return out, false, checkLabel(name[start:])
}

// badCharacter is the reason for an ASCII octet that no host name has.
func badCharacter(c byte) Reason {
	switch c {
	case '_':
		return ReasonUnderscore
	case '*':
		return ReasonWildcard
	}
	return ReasonBadCharacter
}

func checkLabel(label []byte) Reason {
	switch {
	case len(label) == 0:
		return ReasonEmptyLabel
	case len(label) > maxLabel:
		return ReasonTooLong
	case label[0] == '-' || label[len(label)-1] == '-':
		return ReasonHyphen
	}
	return ""
}

// mapForLookup turns U-labels into A-labels and checks the A-labels that are there. The caller checks lengths,
// which have a reason of their own, and the characters that the mapping may have brought in ("℀" is "a/c").
func mapForLookup(s []byte) ([]byte, bool) {
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())
	out, err := profile.ToASCII(string(s))
	return []byte(out), err == nil
}

// checkName checks a name whose labels are well formed, the last one from begin.
func (r Rules) checkName(name []byte, begin int) Reason {
	if len(name) > maxName {
		return ReasonTooLong
	}
	tld := name[begin:]
	switch {
	case !r.AllowSpecialUse && isSpecialUse(tld):
		return ReasonSpecialUse
	case begin == 0:
		return ReasonSingleLabel
	case !isDigits(tld):
		return ""
	case isAddr(name):
		return ReasonIPLiteral
	}
	return ReasonNumericTLD
}

// isSpecialUse says whether a top-level domain is reserved: by RFC 6761 and later entries of its registry (RFC
// 6762, RFC 7686, RFC 9476), or as internal, which ICANN reserved for private use. Under arpa are home.arpa (RFC
// 8375) and similar, and names of infrastructure (RFC 3172). The names example.com, example.net and example.org
// resolve like any others.
func isSpecialUse(tld []byte) bool {
	switch string(tld) {
	case "alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test":
		return true
	}
	return false
}

// isBracketedAddr says whether s is an IPv6 address, or any address in brackets, also as mail has it (RFC 5321,
// section 4.1.3).
func isBracketedAddr(s []byte) bool {
	if s[0] == '[' && s[len(s)-1] == ']' {
		return isAddr(bytes.TrimPrefix(s[1:len(s)-1], []byte("IPv6:")))
	}
	return bytes.IndexByte(s, ':') >= 0 && isAddr(s)
}

func isAddr(s []byte) bool {
	_, err := netip.ParseAddr(string(s))
	return err == nil
}
