package domains

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// hostIn returns the host in a URL, a mail address, a wildcard, or in front of a port. kind is the [Reason] for which
// strict rules refuse it; "": there is none. Whether the host is a valid name is not checked.
func hostIn(s []byte) (host []byte, kind Reason) {
	host = bytes.TrimSpace(s)
	if h, ok := urlHost(host); ok {
		host, kind = h, ReasonURL
	} else if h, ok := mailDomain(host); ok {
		host, kind = h, ReasonMailAddress
	}
	if h, ok := cutPort(host); ok {
		host, kind = h, cmp.Or(kind, ReasonPort)
	}
	if h, ok := bytes.CutPrefix(host, []byte("*.")); ok {
		host, kind = h, cmp.Or(kind, ReasonWildcard)
	}
	if kind == "" || len(host) == 0 || len(bytes.TrimSpace(host)) < len(host) {
		return nil, ""
	}
	return host, kind
}

// urlHost returns the host of a URL (RFC 3986, section 3.2) and its port, without user information. The scheme may be
// missing, if there is a path and no at sign. Other schemes than these have no host name there (android-app).
func urlHost(s []byte) (host []byte, ok bool) {
	if bytes.IndexByte(s, ' ') >= 0 || bytes.IndexByte(s, '\t') >= 0 { // there may be two
		return nil, false
	}
	scheme, rest, _ := bytes.Cut(s, []byte("//"))
	if slices.ContainsFunc([]string{"https:", "http:", "", "wss:", "ws:", "ftp:"}, func(known string) bool {
		return bytes.EqualFold(scheme, []byte(known))
	}) {
		s = rest
	} else {
		slash := bytes.IndexByte(s, '/')
		if begin, _ := lastAt(s); begin >= 0 || slash < 1 || s[slash-1] == ':' {
			return nil, false
		}
	}
	if end := bytes.IndexAny(s, "/?#"); end >= 0 {
		s = s[:end]
	}
	if bytes.IndexByte(s, '\\') >= 0 { // browsers end the host there, and RFC 3986 does not
		return nil, false
	}
	s = s[bytes.LastIndexByte(s, '@')+1:]
	return bytes.TrimSuffix(s, []byte(":")), true
}

// mailDomain returns the domain of a mail address (RFC 5322, section 3.4), which may have a display name before it
// or be a mailto URI (RFC 6068). The local part may be missing. It is not ok if there may be two addresses.
func mailDomain(s []byte) (domain []byte, ok bool) {
	if inner, ok := bytes.CutSuffix(s, []byte(">")); ok {
		begin := bytes.LastIndexByte(inner, '<')
		name := inner[:max(begin, 0)]
		if begin < 0 || !isQuoted(bytes.TrimSpace(name)) && (bytes.ContainsAny(name, "<>") ||
			bytes.IndexByte(name, '@') >= 0 && bytes.ContainsAny(name, ",;")) {
			return nil, false
		}
		s = inner[begin+1:]
	}
	if scheme := "mailto:"; len(s) > len(scheme) && bytes.EqualFold(s[:len(scheme)], []byte(scheme)) {
		s, _, _ = bytes.Cut(s[len(scheme):], []byte("?"))
	}
	begin, end := lastAt(s)
	if begin < 0 || !isQuoted(s[:begin]) && bytes.ContainsFunc(s[:begin], func(r rune) bool {
		return r <= ' ' || strings.ContainsRune(`()<>[]:;@\,"/?`, r) // of these, / and ? stand for a URL without scheme
	}) {
		return nil, false
	}
	return s[end:], true
}

func isQuoted(s []byte) bool { return len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' }

// cutPort returns a host without the port behind it. Only one in brackets has colons itself.
func cutPort(s []byte) (host []byte, ok bool) {
	i := bytes.LastIndexByte(s, ':')
	if i < 0 || !isDigits(s[i+1:]) || bytes.IndexByte(s, ':') != i && s[i-1] != ']' {
		return nil, false
	}
	return s[:i], true
}

// lastAt is where the last at sign begins and ends, which may be encoded for a URL, or be one that IDNA takes for
// an at sign; -1: there is none.
func lastAt(s []byte) (begin, end int) {
	begin = -1
	for _, at := range [...]string{"@", "%40", "\uff20", "\ufe6b"} {
		if i := bytes.LastIndex(s, []byte(at)); i > begin {
			begin, end = i, i+len(at)
		}
	}
	return begin, end
}

// shown is [Printable] for an entry, from its last at sign on: what is before it may be the local part of an address,
// or a password.
func shown(s []byte) string {
	begin, _ := lastAt(s)
	return Printable(s[max(begin, 0):])
}
