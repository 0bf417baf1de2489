package mtasts

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"stsscan/internal/codes"
)

const maxRUABytes = 512

// A RUA is a destination of TLS reports ([RFC 8460, section 3]).
//
// [RFC 8460, section 3]: https://www.rfc-editor.org/rfc/rfc8460#section-3
type RUA struct {
	URI    string // as published, valid UTF-8, at most 512 octets
	Kind   codes.RUAKind
	Domain string // registered domain of the first mail address or of the web host; "" where there is none
}

// ParseRUA reads one URI: mailto with at least one address, or https. Of a bad one the RUA has what could be
// read.
func ParseRUA(text string) (RUA, error) {
	rua := RUA{URI: strings.Clone(clean(text[:min(len(text), maxRUABytes)])), Kind: codes.RUAOther}
	u, err := url.Parse(text)
	if err != nil || !isURI(text) {
		return rua, fmt.Errorf("not a URI: %s", quote(text))
	}
	host := u.Hostname()
	switch strings.ToLower(u.Scheme) {
	case "mailto":
		rua.Kind = codes.RUAMail
		if host, err = mailHost(u); err != nil {
			return rua, err
		}
	case "https":
		rua.Kind = codes.RUAHTTPS
		if !isWebHost(host) {
			return rua, fmt.Errorf("no host: %s", quote(text))
		}
	default:
		return rua, fmt.Errorf("neither mailto nor https: %s", quote(text))
	}
	name := nameKey(inALabels(host))
	if _, named := checkDomain(name); named && !isNumber(name[strings.LastIndexByte(name, '.')+1:]) {
		registered, _ := registeredDomain(name)
		rua.Domain = strings.Clone(registered)
	}
	return rua, nil
}

// isURI reports whether text has only characters of URIs (RFC 3986, section 2), and percent signs only before
// two hexadecimal digits. Exclamation points must be encoded (RFC 8460, section 3), and so must delimiters,
// which end a URI. Brackets enclose addresses only, and there is at most one @ and one #.
func isURI(text string) bool {
	begin, fragment, _ := strings.Cut(text, "#")
	begin, query, _ := strings.Cut(begin, "?")
	authority, path := begin, ""
	if _, rest, ok := strings.Cut(begin, "://"); ok {
		authority, path, _ = strings.Cut(rest, "/")
		if strings.Count(authority, "@") > 1 {
			return false
		}
	}
	if strings.ContainsAny(path+query+fragment, "[]#") {
		return false
	}
	for i := range len(text) {
		c := rune(text[i])
		switch {
		case isAlnum(c), strings.ContainsRune("-._~:/?#[]@$&'()*+,;=", c):
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
		default:
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isWebHost reports whether host, without brackets, is a name or an address.
func isWebHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Zone() == ""
	}
	_, named := checkDomain(strings.TrimSuffix(inALabels(host), "."))
	return named
}

// inALabels is a host of a URI in A-labels: there it may be UTF-8 too, each octet encoded (RFC 3986, section
// 3.2.2; RFC 6068, section 2).
func inALabels(host string) string {
	if isASCII(host) {
		return host
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return host
	}
	return ascii
}

// mailHost is the domain of the first address of a mailto URI (RFC 6068, section 2). There is at least one,
// before the fields or in those named "to", and each is an address. Commas between addresses are encoded here,
// since others end the URI.
func mailHost(u *url.URL) (first string, err error) {
	lists := []string{u.Opaque}
	for field := range strings.SplitSeq(u.RawQuery, "&") {
		if name, value, _ := strings.Cut(field, "="); strings.EqualFold(name, "to") {
			lists = append(lists, value)
		}
	}
	for _, list := range lists {
		if list == "" {
			continue
		}
		text, err := url.PathUnescape(list)
		if err != nil {
			return "", fmt.Errorf("not a mail address: %s", quote(list))
		}
		for _, address := range cutAddresses(text) {
			local, domain, ok := cutAddress(address)
			if !ok || !isLocalPart(local) || !isMailDomain(domain) {
				return "", fmt.Errorf("not a mail address: %s", quote(address))
			}
			if first == "" {
				first = domain
			}
		}
	}
	if first == "" {
		return "", fmt.Errorf("no mail address: %s", quote(u.String()))
	}
	return first, nil
}

// cutAddresses cuts a list of mail addresses at its commas, but for those in quotes.
func cutAddresses(list string) (addresses []string) {
	quoted, start := false, 0
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			addresses = append(addresses, list[start:i])
			start = i + 1
		}
	}
	return append(addresses, list[start:])
}

// cutAddress cuts a mail address at its last @: a quoted local part may have one.
func cutAddress(address string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", "", false
	}
	return address[:at], address[at+1:], true
}

// isLocalPart reports whether s is a dot-atom or a quoted string (RFC 5322, section 3.4.1). Other characters
// than those of ASCII count as letters (RFC 6532).
func isLocalPart(s string) bool {
	if len(s) > 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return !strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(s[1:len(s)-1], `\\`, ""), `\"`, ""), "\"\\\r\n\x00")
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(c rune) bool {
			return c <= ' ' || c == 0x7F || strings.ContainsRune(`()<>[]:;@\,"`, c)
		}) {
			return false
		}
	}
	return true
}

// isMailDomain reports whether s is a domain name or an address literal (RFC 5321, section 4.1.3).
func isMailDomain(s string) bool {
	if literal, ok := strings.CutPrefix(s, "["); ok {
		literal, ok = strings.CutSuffix(literal, "]")
		addr, err := netip.ParseAddr(strings.TrimPrefix(literal, "IPv6:"))
		return ok && err == nil && addr.Zone() == ""
	}
	_, named := checkDomain(inALabels(s))
	return named
}
