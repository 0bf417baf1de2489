package dnswire

import "strings"

// IsZone reports whether a text is a domain name of letters, digits, hyphens and underscores, with room for
// a label before it (RFC 1035, section 2.3.4).
func IsZone(text string) bool {
	text = strings.TrimSuffix(text, ".")
	if len(text) > 253-64 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		odd := func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	return true
}
