package portfolio

import (
	"bufio"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

const (
	// tableWindow is how many lines decide how wide the columns of a table are.
	tableWindow = 1000
	// leastColumn is the width below which no column is cut.
	leastColumn = 8
	columnGap   = "  "
	ellipsis    = "…"
)

// A table has its columns one below the other. On a terminal, the widest columns are cut so that a line fits.
type table struct {
	to     *bufio.Writer
	width  int        // of the terminal; 0: nothing is cut
	ahead  [][]string // the header and the first lines, until the widths are known
	widths []int      // nil: not yet known
}

func newTable(to *bufio.Writer, names []string, width int) *table {
	header := make([]string, len(names))
	for i, name := range names {
		header[i] = strings.ToUpper(name)
	}
	return &table{to: to, width: width, ahead: [][]string{header}}
}

func (t *table) write(cells []string) error {
	if t.widths != nil {
		return t.print(cells)
	}
	if t.ahead = append(t.ahead, cells); len(t.ahead) <= tableWindow {
		return nil
	}
	return t.begin()
}

// begin decides how wide the columns are, and prints what waits for that.
func (t *table) begin() error {
	t.widths = make([]int, len(t.ahead[0]))
	for _, cells := range t.ahead {
		for i, cell := range cells {
			t.widths[i] = max(t.widths[i], uniseg.StringWidth(cell))
		}
	}
	if t.width > 0 {
		fit(t.widths, t.width-len(columnGap)*(len(t.widths)-1))
	}
	for _, cells := range t.ahead {
		if err := t.print(cells); err != nil {
			return err
		}
	}
	t.ahead = nil
	return nil
}

// fit cuts the widest columns until all take no more than the room, or none can give way.
func fit(widths []int, room int) {
	sum := 0
	for _, width := range widths {
		sum += width
	}
	for ; sum > room; sum-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= leastColumn {
			return
		}
		widths[widest]--
	}
}

// print writes a line.
func (t *table) print(cells []string) error {
	var line strings.Builder
	for i, cell := range cells {
		if t.width > 0 {
			cell = cut(cell, t.widths[i])
		}
		line.WriteString(cell)
		if i < len(cells)-1 {
			line.WriteString(strings.Repeat(" ", max(0, t.widths[i]-uniseg.StringWidth(cell))) + columnGap)
		}
	}
	text := strings.TrimRight(line.String(), " ")
	if t.width > 0 {
		text = cut(text, t.width)
	}
	_, err := t.to.WriteString(text + "\n")
	return err
}

func (t *table) end() error {
	if t.widths == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	return t.to.Flush()
}

// cut shortens a text to a width, with an ellipsis in its last column.
func cut(text string, width int) string {
	if len(text) <= width || uniseg.StringWidth(text) <= width {
		return text
	}
	left := width - uniseg.StringWidth(ellipsis)
	end := 0
	for graphemes := uniseg.NewGraphemes(text); graphemes.Next(); {
		if left -= graphemes.Width(); left < 0 {
			break
		}
		_, end = graphemes.Positions()
	}
	return text[:end] + ellipsis
}
