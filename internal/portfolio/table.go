package portfolio

import (
	"bufio"
	"slices"
	"strings"

	"stsscan/internal/terminal"
)

const (
	// tableWindow is how many lines decide how wide the columns of a table are, and whether it fits.
	tableWindow = 1000
	// leastColumn is the width below which no column is made narrower.
	leastColumn = 24
	columnGap   = "  "
)

// A table has its columns one below the other. On a terminal, texts in the widest columns are wrapped so that a line
// fits. Where a word would not, each line of the table becomes a block. Nothing is cut.
type table struct {
	to     *bufio.Writer
	names  []string    // of the columns
	width  int         // of the terminal; 0: lines may be as long as they are
	ahead  []tableLine // the first ones, until the widths are known
	widths []int       // nil: not yet known
	blocks bool        // there is no room for columns
	headed bool        // a heading is printed
}

// A tableLine is the heading of a group, or has cells.
type tableLine struct {
	heading string
	cells   []string // nil: a heading
}

func newTable(to *bufio.Writer, names []string, width int) *table {
	return &table{to: to, names: names, width: width}
}

func (t *table) heading(text string) error { return t.put(tableLine{heading: text}) }

func (t *table) write(cells []string) error { return t.put(tableLine{cells: cells}) }

func (t *table) put(line tableLine) error {
	if t.widths != nil {
		return t.print(line)
	}
	if t.ahead = append(t.ahead, line); len(t.ahead) < tableWindow {
		return nil
	}
	return t.begin()
}

// header are the names of the columns as they stand above them.
func (t *table) header() []string {
	header := make([]string, len(t.names))
	for i, name := range t.names {
		header[i] = strings.ToUpper(name)
	}
	return header
}

// begin decides how wide the columns are, and prints what waits for that.
func (t *table) begin() error {
	t.widths = make([]int, len(t.names))
	least := make([]int, len(t.names))
	for _, line := range slices.Concat([]tableLine{{cells: t.header()}}, t.ahead) {
		for i, cell := range line.cells {
			t.widths[i] = max(t.widths[i], terminal.Width(cell))
			for _, word := range strings.Fields(cell) {
				least[i] = max(least[i], leastColumn, terminal.Width(word))
			}
		}
	}
	t.blocks = t.width > 0 && !fit(t.widths, least, t.width-len(columnGap)*(len(t.widths)-1))
	if !t.blocks && (len(t.ahead) == 0 || t.ahead[0].cells != nil) {
		if err := t.printCells(t.header()); err != nil {
			return err
		}
	}
	for _, line := range t.ahead {
		if err := t.print(line); err != nil {
			return err
		}
	}
	t.ahead = nil
	return nil
}

// fit makes the widest columns narrower until all take no more than the room. ok is false if none can give way.
func fit(widths, least []int, room int) (ok bool) {
	sum := 0
	for _, width := range widths {
		sum += width
	}
	for ; sum > room; sum-- {
		widest := -1
		for i, width := range widths {
			if width > least[i] && (widest < 0 || width > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		widths[widest]--
	}
	return true
}

func (t *table) print(line tableLine) error {
	switch {
	case line.cells == nil:
		return t.printHeading(line.heading)
	case t.blocks:
		return t.printBlock(line.cells)
	}
	return t.printCells(line.cells)
}

// printHeading writes the heading of a group, and the names of the columns below it.
func (t *table) printHeading(text string) error {
	if t.width > 0 {
		text = strings.Join(wrapped(strings.Fields(text), " ", blockIndent, t.width), "\n")
	}
	if t.headed {
		text = "\n" + text
	}
	t.headed = true
	if t.blocks {
		text += "\n"
	}
	if _, err := t.to.WriteString(text + "\n"); err != nil || t.blocks {
		return err
	}
	return t.printCells(t.header())
}

// printCells writes a line of the table, which takes several rows where its texts are wrapped.
func (t *table) printCells(cells []string) error {
	columns := make([][]string, len(cells))
	rows := 0
	for i, cell := range cells {
		columns[i] = []string{cell}
		if t.width > 0 && terminal.Width(cell) > t.widths[i] {
			columns[i] = wrapped(strings.Fields(cell), " ", "", t.widths[i])
			for _, row := range columns[i] {
				if terminal.Width(row) > t.widths[i] {
					return t.printBlock(cells) // it comes after those that decided about the widths
				}
			}
		}
		rows = max(rows, len(columns[i]))
	}
	for row := range rows {
		var line strings.Builder
		for i, texts := range columns {
			text := ""
			if row < len(texts) {
				text = texts[row]
			}
			line.WriteString(text + strings.Repeat(" ", max(0, t.widths[i]-terminal.Width(text))) + columnGap)
		}
		if _, err := t.to.WriteString(strings.TrimRight(line.String(), " ") + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) end() error {
	if t.widths == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	return t.to.Flush()
}
