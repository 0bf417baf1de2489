package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable spells out what a string of a stranger has that does not print as
// itself: control characters, terminal escapes, marks that turn the direction of
// text, invisible characters and octets that are no UTF-8.
func printable(s string) string {
	plain := true
	for _, r := range s {
		if r < ' ' || r > '~' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == ' ' || unicode.IsGraphic(r) &&
			!unicode.In(r, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// defused is a cell of CSV that no spreadsheet takes for a formula: those begin
// with one of a few characters, and a leading apostrophe makes them text.
func defused(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " "))
	if strings.ContainsRune("=+-@|%\t\r\n\uFF1D\uFF0B\uFF0D\uFF20", first) && s != "" {
		return "'" + s
	}
	return s
}
