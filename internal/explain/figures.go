package explain

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Widths of a table of figures, in columns.
const (
	leastWidth = 40 // of a table
	leastNote  = 30 // of notes beside their figures; where there is less room, they stand below
)

// figures is a table for people: labels, numbers that end in one column, and notes.
type figures []figure

// A figure is one line of the table, or more where its note is long. Spaces at the beginning of a label indent it.
type figure struct{ label, n, note string }

func (f *figures) add(label, n, note string) { *f = append(*f, figure{label, n, printable(note)}) }

// text lays the table out for a terminal with so many columns.
func (f figures) text(width int) string {
	width = max(width, leastWidth)
	labels, numbers := 0, 0
	for _, one := range f {
		labels, numbers = max(labels, len(one.label)), max(numbers, len(one.n))
	}
	beside := labels + 2 + numbers + 2
	var text strings.Builder
	for _, one := range f {
		line := strings.TrimRight(fmt.Sprintf("%-*s  %*s", labels, one.label, numbers, one.n), " ")
		indent, note := beside, one.note
		switch {
		case one.note == "":
		case width-beside >= leastNote:
			line += strings.Repeat(" ", beside-len(line))
		default:
			indent, note = len("      "), strings.TrimLeft(note, " ")
			line += "\n" + strings.Repeat(" ", indent)
		}
		for i, words := range broken(note, width-indent) {
			if i > 0 {
				line += "\n" + strings.Repeat(" ", indent)
			}
			line += words
		}
		fmt.Fprintln(&text, line)
	}
	return text.String()
}

// broken breaks a text into lines of at most width characters, within words only where it must. A number stays with the
// word before it. Spaces at the beginning stay.
func broken(text string, width int) (lines []string) {
	started := false
	if utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	line := []rune(text[:len(text)-len(strings.TrimLeft(text, " "))])
	for _, phrase := range phrases(text) {
		if started && len(line)+1+utf8.RuneCountInString(phrase) > width {
			lines, line, started = append(lines, string(line)), nil, false
		}
		if started {
			line = append(line, ' ')
		}
		line, started = append(line, []rune(phrase)...), true
		for len(line) > width {
			lines, line = append(lines, string(line[:width])), line[width:]
		}
	}
	return append(lines, string(line))
}

// phrases are the words of a text, each with the numbers and the signs that follow it.
func phrases(text string) (list []string) {
	for _, word := range strings.Fields(text) {
		if n := len(list); n > 0 && strings.IndexAny(word, "0123456789%") == 0 {
			list[n-1] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}
