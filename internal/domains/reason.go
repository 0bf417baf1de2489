package domains

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Reason says why an entry is not a name to survey.
type Reason string

const (
	ReasonEmpty        Reason = "empty"         // no text, or no cell in the domain's column
	ReasonEmptyLabel   Reason = "empty_label"   // two dots in a row, or one at the start
	ReasonTooLong      Reason = "too_long"      // a label over 63 octets, or a name over 253 with _mta-sts. before it
	ReasonLineTooLong  Reason = "line_too_long" // a line of more than 4 KiB
	ReasonQuote        Reason = "csv_quote"     // a CSV quote that is not closed, or text behind one that is
	ReasonBadCharacter Reason = "bad_character" // no letter, digit or hyphen: white space, invalid UTF-8
	ReasonEscape       Reason = "escape"        // in a zone file: \DDD over 255 or short, \ at the end
	ReasonUnderscore   Reason = "underscore"    // a DNS name, but no host name; zone files may have it
	ReasonURL          Reason = "url"           // by [Rules.StrictNames]; otherwise its host is taken
	ReasonMailAddress  Reason = "mail_address"  // in the same way
	ReasonPort         Reason = "port"          // in the same way
	ReasonWildcard     Reason = "wildcard"      // in the same way, but for a * that is not the whole first label
	ReasonHyphen       Reason = "hyphen"        // a label that begins or ends with one
	ReasonIDNA         Reason = "idna"          // beyond ASCII, and not valid for lookup by UTS 46 and IDNA2008
	ReasonIPLiteral    Reason = "ip_literal"    // an IP address, in brackets or not
	ReasonNumericTLD   Reason = "numeric_tld"   // the last label is all digits
	ReasonSingleLabel  Reason = "single_label"  // a top-level domain, or a host of a local network
	ReasonSpecialUse   Reason = "special_use"   // reserved by RFC 6761 and similar: never in the public DNS
	ReasonZoneApex     Reason = "zone_apex"     // the name of the zone file itself, which is not delegated in it
	ReasonPublicSuffix Reason = "public_suffix" // by [NamesRegistered]: nothing is registered as such
	ReasonExcluded     Reason = "excluded"      // opted out; such entries are not counted as rejected
)

// Text is the reason in words, for people.
func (r Reason) Text() string {
	text, ok := map[Reason]string{
		ReasonEmpty:        "no name",
		ReasonEmptyLabel:   "an empty label",
		ReasonTooLong:      "a label over 63 octets, or a name over 253 once _mta-sts. is added",
		ReasonLineTooLong:  "a line over 4 KiB",
		ReasonQuote:        "a CSV quote that is not closed, or text behind one that is",
		ReasonBadCharacter: "a character that no domain name has",
		ReasonEscape:       "an escape that is none: \\DDD over 255 or of fewer than three digits, or a \\ at the end",
		ReasonUnderscore:   "an underscore, which no host name has",
		ReasonURL:          "a URL",
		ReasonMailAddress:  "a mail address",
		ReasonPort:         "a port behind the name",
		ReasonWildcard:     "a wildcard",
		ReasonHyphen:       "a label that begins or ends with a hyphen",
		ReasonIDNA:         "not a valid internationalised name",
		ReasonIPLiteral:    "an IP address",
		ReasonNumericTLD:   "a last label of digits",
		ReasonSingleLabel:  "a single label",
		ReasonSpecialUse:   "a special-use name, which is not in the public DNS",
		ReasonZoneApex:     "the apex of its own zone file",
		ReasonPublicSuffix: "a public suffix, which has no registered domain",
		ReasonExcluded:     "opted out",
	}[r]
	if !ok {
		return string(r)
	}
	return text
}

// A Reject is the error of a text that is not a name to survey.
type Reject struct {
	Text   string // at most 256 bytes, printable, from its last at sign on
	Reason Reason
}

func (r *Reject) Error() string { return fmt.Sprintf("%q: %s", r.Text, r.Reason.Text()) }

// maxPrintable is the most that [Printable] returns, in bytes.
const maxPrintable = 256

// Printable makes untrusted text fit for a terminal, a log and JSON: valid UTF-8 of at most 256 bytes. Octets
// that are not UTF-8 become \xff, characters that are not printable \u202e or \U000e0001, and backslashes are
// doubled.
func Printable(s []byte) string {
	out := make([]byte, 0, min(len(s)+16, maxPrintable))
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		piece := s[:n]
		switch {
		case r == utf8.RuneError && n == 1:
			piece = fmt.Appendf(nil, `\x%02x`, s[0])
		case r == '\\':
			piece = []byte(`\\`)
		case strconv.IsPrint(r):
		case r <= 0xffff:
			piece = fmt.Appendf(nil, `\u%04x`, r)
		default:
			piece = fmt.Appendf(nil, `\U%08x`, r)
		}
		if len(out)+len(piece) > maxPrintable {
			break
		}
		out = append(out, piece...)
		s = s[n:]
	}
	return string(out)
}
