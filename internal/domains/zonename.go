package domains

import (
	"bytes"
	"fmt"
)

// absoluteName appends a name from a zone file to dst: decoded, below the origin if it is relative, and without
// the final dot. A name with an invalid escape is appended as it is written, with the reason.
func absoluteName(dst, name, origin []byte) ([]byte, Reason, error) {
	if string(name) == "@" && origin != nil {
		return append(dst, origin...), "", nil
	}
	begin := len(dst)
	rooted := false
	if bytes.IndexByte(name, '\\') < 0 {
		dst = append(dst, name...)
		rooted = bytes.HasSuffix(name, []byte("."))
	} else {
		var ok bool
		if dst, rooted, ok = appendDecoded(dst, name); !ok {
			return append(dst[:begin], name...), ReasonEscape, nil
		}
	}
	switch {
	case rooted:
		return dst[:len(dst)-1], "", nil
	case origin == nil:
		return dst[:begin], "", fmt.Errorf("relative name %q with no $ORIGIN before it", shown(name))
	case len(origin) > 0:
		dst = append(append(dst, '.'), origin...)
	}
	return dst, "", nil
}

// appendDecoded appends a name with its escapes decoded (RFC 1035, section 5.1), and says whether it ends with a
// dot that ends a label. Octets that no host name has stay escaped, in one form, so that a dot inside a label is
// never taken for one between labels: "dec\045x" becomes "dec-x", "a\046b" becomes "a\.b". It is not ok if an
// escape is cut off, is a number above 255, or has fewer than three digits.
func appendDecoded(dst, name []byte) (_ []byte, rooted, ok bool) {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if rooted = c == '.'; c != '\\' {
			dst = append(dst, c)
			continue
		}
		i++
		if i == len(name) {
			return dst, false, false
		}
		if c = name[i]; isDigits(name[i : i+1]) {
			if i+3 > len(name) || !isDigits(name[i:i+3]) {
				return dst, false, false
			}
			n := int(c-'0')*100 + int(name[i+1]-'0')*10 + int(name[i+2]-'0')
			if n > 255 {
				return dst, false, false
			}
			c = byte(n)
			i += 2
		}
		switch {
		case c == '*' || c == '_' || c != '.' && lowered[c] != 0:
			dst = append(dst, c)
		case '!' <= c && c <= '~':
			dst = append(dst, '\\', c)
		default:
			dst = fmt.Appendf(dst, `\%03d`, c)
		}
	}
	return dst, rooted, true
}
