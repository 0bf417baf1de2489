package egress

import (
	"fmt"
	"net/url"
	"strings"
)

// UserAgent is the User-Agent of requests: the program and its version, with the contact, or the lack of one, as a
// comment (RFC 9110, section 10.1.5). A contact must be one that [CheckContact] accepts.
func UserAgent(version, contact string) string {
	if contact == "" {
		return defaultUserAgent + "/" + version + " (no contact given)"
	}
	return defaultUserAgent + "/" + version + " (+" + contact + ")"
}

// CheckContact refuses a contact that is neither a mail address nor an http(s) URL.
func CheckContact(contact string) error {
	if strings.ContainsFunc(contact, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '(' || r == ')' }) {
		return fmt.Errorf("%q must be printable ASCII without spaces and parentheses", contact)
	}
	if u, err := url.Parse(contact); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	local, domain, _ := strings.Cut(strings.TrimPrefix(contact, "mailto:"), "@")
	if local != "" && strings.Contains(domain, ".") {
		return nil
	}
	return fmt.Errorf("%q is neither a mail address nor an http(s) URL", contact)
}
