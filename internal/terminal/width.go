package terminal

import (
	"io"
	"os"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// usualColumns are those of a terminal that does not say how many it has.
const usualColumns = 80

// Columns is the width of the terminal w, or 80.
func Columns(w io.Writer) int {
	if file := fileOf(w); file != nil {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return usualColumns
}

// IsTerminal reports whether w is a terminal that knows how to go back on a line.
func IsTerminal(w io.Writer) bool {
	file := fileOf(w)
	return file != nil && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" && takesControls(w)
}

// Colours reports whether to colour a page for w: on a terminal, unless NO_COLOR is set (no-color.org).
func Colours(w io.Writer) bool { return IsTerminal(w) && os.Getenv("NO_COLOR") == "" }

// fileOf is the file that w writes to; nil: it is no file.
func fileOf(w io.Writer) *os.File {
	if c, ok := w.(*Console); ok {
		w = c.out
	}
	file, _ := w.(*os.File)
	return file
}

// takesControls reports whether what writes to w may use control sequences. What is no terminal, as a pipe into
// another terminal's program, is taken for one that knows them.
func takesControls(w io.Writer) bool {
	file := fileOf(w)
	if file == nil || !term.IsTerminal(int(file.Fd())) {
		return os.Getenv("TERM") != "dumb"
	}
	return os.Getenv("TERM") != "dumb" && enableControls(file)
}

// Width is how many columns a text takes: two for a wide character, none for one that combines.
func Width(text string) int { return uniseg.StringWidth(text) }

// Cut is the beginning of a text that has room in so many columns.
func Cut(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	end, width := 0, 0
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next(); {
		if width += graphemes.Width(); width > columns {
			break
		}
		_, end = graphemes.Positions()
	}
	return text[:end]
}
