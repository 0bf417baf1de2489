package portfolio

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/jsontext"
)

// A Format says how lines are written. The zero value is a table for another program.
type Format struct {
	JSON  bool // an object a line
	CSV   bool // as in RFC 4180
	Width int  // of the terminal that a table is for, in columns; 0: lines may be as long as they are
}

// FormatWords are what [ParseFormat] reads.
func FormatWords() []string { return []string{"table", "csv", "json"} }

// ParseFormat reads the word for a format.
func ParseFormat(word string) (Format, error) {
	if !slices.Contains(FormatWords(), word) {
		return Format{}, codes.Unknown(word, FormatWords())
	}
	return Format{JSON: word == "json", CSV: word == "csv"}, nil
}

// A writer writes the header at once and then the lines, the last of them at the end. Headings of groups are for
// people: other formats have none.
type writer interface {
	heading(text string) error
	write(cells []string) error
	end() error
}

func (f Format) isTable() bool { return !f.JSON && !f.CSV }

func (f Format) writer(w io.Writer, columns []column) writer {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	buffer := bufio.NewWriterSize(w, 64<<10)
	switch {
	case f.JSON:
		return newJSONLines(buffer, names)
	case f.CSV:
		return newCSVLines(buffer, names)
	}
	return newTable(buffer, names, f.Width)
}

// jsonLines writes an object a line, whose keys are the names of the columns.
type jsonLines struct {
	to   *bufio.Writer
	keys []string // with what stands before and behind them
}

func newJSONLines(to *bufio.Writer, names []string) *jsonLines {
	j := &jsonLines{to: to}
	before := "{"
	for _, name := range names {
		key, err := json.Marshal(name)
		if err != nil {
			key = []byte(strconv.Quote(name)) // no name makes it fail
		}
		j.keys = append(j.keys, before+string(jsontext.Escaped(key))+":")
		before = ","
	}
	return j
}

func (j *jsonLines) write(cells []string) error {
	for i, cell := range cells {
		j.to.WriteString(j.keys[i])
		j.to.WriteString(cell)
	}
	_, err := j.to.WriteString("}\n")
	return err
}

func (j *jsonLines) heading(string) error { return nil }

func (j *jsonLines) end() error { return j.to.Flush() }

// csvLines writes CSV as RFC 4180 has it, with a header.
type csvLines struct {
	to     *bufio.Writer
	lines  *csv.Writer
	header error
}

func newCSVLines(to *bufio.Writer, names []string) *csvLines {
	c := &csvLines{to: to, lines: csv.NewWriter(to)}
	c.lines.UseCRLF = true
	c.header = c.write(names)
	return c
}

// write puts an apostrophe before what a spreadsheet would take for a formula: the cells of strangers and of the list
// are theirs to choose.
func (c *csvLines) write(cells []string) error {
	if len(cells) == 1 && cells[0] == "" {
		c.lines.Flush()
		_, err := c.to.WriteString("\"\"\r\n") // readers leave out an empty line
		return err
	}
	safe := make([]string, len(cells))
	for i, cell := range cells {
		if safe[i] = cell; formula(cell) {
			safe[i] = "'" + cell
		}
	}
	return c.lines.Write(safe)
}

// formula reports whether a cell begins as a formula does, and is no number.
func formula(cell string) bool {
	if cell == "" || !strings.ContainsRune("=+-@", rune(cell[0])) {
		return false
	}
	_, err := strconv.ParseFloat(cell, 64)
	return err != nil
}

func (c *csvLines) heading(string) error { return nil }

func (c *csvLines) end() error {
	c.lines.Flush()
	if err := c.lines.Error(); err != nil {
		return err
	}
	if c.header != nil {
		return c.header
	}
	return c.to.Flush()
}
