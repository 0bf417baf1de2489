package domains

import (
	"bytes"
	"strings"
)

// urlHost is the host of an http or https URL (RFC 3986, section 3.2), without user information and port. It is
// not ok if text is no such URL or has no host. Whether the host is a valid name is not checked.
func urlHost(text []byte) (host []byte, ok bool) {
	scheme, rest, ok := bytes.Cut(text, []byte("://"))
	if !ok || !isHTTP(string(scheme)) {
		return nil, false
	}
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := bytes.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	// A colon inside the brackets of an IPv6 address begins no port.
	if colon := bytes.LastIndexByte(rest, ':'); colon > bytes.LastIndexByte(rest, ']') {
		if port := rest[colon+1:]; len(port) == 0 || isDigits(port) {
			rest = rest[:colon]
		}
	}
	return rest, len(rest) > 0
}

func isHTTP(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}
