package domains

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

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
