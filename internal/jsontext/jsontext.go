// Package jsontext writes texts of strangers as JSON that is safe to show on a terminal: whatever is not printable is
// escaped.
package jsontext

import (
	"encoding/base64"
	"maps"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendTags appends an object of texts, by their names.
func AppendTags(b []byte, tags map[string]string) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(tags)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = Append(b, name)
		b = append(b, ':')
		b = Append(b, tags[name])
	}
	return append(b, '}')
}

// AppendBytes appends octets as a JSON string, or as {"base64": "..."} where they are not valid UTF-8.
func AppendBytes(b, bytes []byte) []byte {
	if utf8.Valid(bytes) {
		return Append(b, string(bytes))
	}
	b = append(b, `{"base64":"`...)
	b = base64.StdEncoding.AppendEncode(b, bytes)
	return append(b, `"}`...)
}

// Append appends a JSON string. Package json leaves the controls U+007F to U+009F and those of writing
// direction as they are; in here everything that is not printable is escaped, which JSON undoes without loss.
func Append(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		default:
			b = appendEscape(b, r)
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	for _, unit := range utf16.AppendRune(nil, r) {
		b = append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
	}
	return b
}

// Escaped is JSON of package json, in one line, with escapes for whatever is not printable: see [Append].
func Escaped(text []byte) []byte {
	b := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if unicode.IsPrint(r) {
			b = utf8.AppendRune(b, r)
		} else {
			b = appendEscape(b, r)
		}
	}
	return b
}
