package explain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Marks of checks: words, for those who hear the page or see no colour.
const (
	markGood    = "ok"
	markWarn    = "warn"
	markFail    = "FAIL"
	markUnknown = "unknown"
	markNone    = "none" // nothing there, nothing needed
)

// A page is what lookup shows of one domain: a column of labels and a column of what was seen. Its own
// words fit 80 columns. Colour only repeats what words say.
type page struct {
	text   strings.Builder
	colour bool
}

// line writes a label, or none to continue, and a text, whose control characters are escaped.
func (p *page) line(label, format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	fmt.Fprintf(&p.text, "  %-9s %s\n", label, text)
}

// pageWidth bounds the page's own words. What was seen is never cut or broken.
const pageWidth = 80

// prose writes our own words, broken to the width of the page.
func (p *page) prose(label, text string) {
	p.indented(label, "", text)
}

// indented writes prose with an indent.
func (p *page) indented(label, indent, text string) {
	for _, line := range wrapped(text, len(indent)) {
		p.line(label, "%s%s", indent, line)
		label = ""
	}
}

// wrapped breaks our own words to the width of the page, less an indent.
func wrapped(text string, indent int) []string {
	return Wrap(text, pageWidth-len("  123456789 ")-indent)
}

// Wrap breaks a text into lines of at most width octets, as far as its words allow.
func Wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// days is a duration in seconds, as people say it.
func days(seconds int64) string {
	const day = 24 * 60 * 60
	switch {
	case seconds >= 2*day:
		return fmt.Sprintf("%d days", seconds/day)
	case seconds >= 2*60*60:
		return fmt.Sprintf("%d hours", seconds/(60*60))
	}
	return fmt.Sprintf("%d minutes", seconds/60)
}

// marked writes a text with a mark, or none, before its first line.
func (p *page) marked(label, mark, text string) {
	words := strings.TrimLeft(printable(text), " ")
	indent := strings.Repeat(" ", len(printable(text))-len(words))
	for _, line := range wrapped(words, len("1234567  ")+len(indent)) {
		fmt.Fprintf(&p.text, "  %-9s %s  %s%s\n", label, p.paint(mark, fmt.Sprintf("%-7s", mark)), indent, line)
		label, mark = "", ""
	}
}

// paint gives words the colour of a mark.
func (p *page) paint(mark, words string) string {
	const green, yellow, red, plain = "\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[0m"
	colour := map[string]string{markGood: green, markWarn: yellow, markFail: red}[mark]
	if !p.colour || colour == "" {
		return words
	}
	return colour + words + plain
}

// classText puts a class, its reason and its meaning on one line.
func classText(class, reason, words string) string {
	text := class
	if reason != "" {
		text += " (" + reason + ")"
	}
	if words != "" {
		text += ": " + words
	}
	return text
}

// printable escapes what a terminal would obey rather than show: control characters, marks that turn the
// direction of writing, and bytes that are not UTF-8.
func printable(s string) string {
	if !strings.ContainsFunc(s, obeyed) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case obeyed(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// obeyed reports whether r is not a graphic character, as marks of writing direction and other invisible
// format characters are not.
func obeyed(r rune) bool {
	return !unicode.IsGraphic(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
}
