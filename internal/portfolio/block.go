package portfolio

import (
	"strings"

	"stsscan/internal/terminal"
)

// blockIndent stands before what is below the first line of a block, and once more where a text goes on.
const blockIndent = "  "

// printBlock writes a line of a table for a terminal that is too narrow for it: what is short, then the reason and the
// remedy, each on lines of its own. Of other columns than domain and verdict it says the name; what is empty is left
// out.
func (t *table) printBlock(cells []string) error {
	var short, below []string
	for i, cell := range cells {
		switch name := t.names[i]; {
		case cell == "":
		case name == columnReason || name == columnRemedy:
			below = append(below, wrapped(strings.Fields(cell), " ", blockIndent, t.width-len(blockIndent))...)
		case name == "domain" || name == "verdict":
			short = append(short, cell)
		default:
			short = append(short, name+": "+cell)
		}
	}
	var lines []string
	for _, line := range wrapped(short, columnGap, blockIndent+blockIndent, t.width) {
		if text := strings.TrimLeft(line, " "); terminal.Width(line) > t.width {
			words := strings.Fields(text)
			words[0] = line[:len(line)-len(text)] + words[0]
			lines = append(lines, wrapped(words, " ", blockIndent+blockIndent, t.width)...)
			continue
		}
		lines = append(lines, line)
	}
	for _, line := range below {
		lines = append(lines, blockIndent+line)
	}
	_, err := t.to.WriteString(strings.Join(lines, "\n") + "\n")
	return err
}

// wrapped puts words, with a gap between them, on lines of at most width columns. All lines but the first begin with
// the indent. A word that is wider has a line of its own, for the terminal to wrap.
func wrapped(words []string, gap, indent string, width int) (lines []string) {
	line := ""
	for i, word := range words {
		switch {
		case i == 0:
			line = word
		case terminal.Width(line+gap+word) > width:
			lines, line = append(lines, line), indent+word
		default:
			line += gap + word
		}
	}
	return append(lines, line)
}
