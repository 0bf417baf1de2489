package domains

import (
	"encoding/json"
	"fmt"
	"io"
)

// A RowLine is one line of a list in [FormatRows], as JSON.
type RowLine struct {
	Rank   int64             `json:"rank"`
	Domain string            `json:"domain"`
	Tags   map[string]string `json:"tags,omitempty"`
}

// A rowsReader reads one name a [RowLine]. No line is too long, since this program made it, and tags may have any
// length.
type rowsReader struct {
	lines *json.Decoder
	n     int64 // read so far
	tags  []string
}

func newRowsReader(r io.Reader, layout Layout) *rowsReader {
	return &rowsReader{lines: json.NewDecoder(r), tags: layout.Tags}
}

func (r *rowsReader) line() int64    { return r.n + 1 }
func (r *rowsReader) skipped() int64 { return 0 }

func (r *rowsReader) next(e *Entry) error {
	var row RowLine
	if err := r.lines.Decode(&row); err != nil {
		return err
	}
	r.n++
	e.Line, e.Text, e.ListRank = r.n, []byte(row.Domain), row.Rank
	for _, tag := range r.tags {
		e.Tags = append(e.Tags, []byte(row.Tags[tag]))
	}
	return nil
}

// mustBeName is an error if the domain of a row is not a valid name, or has another normal form now: a run of
// chosen rows leaves none out.
func mustBeName(list string, e *Entry, name []byte, reason Reason) error {
	switch {
	case reason != "":
		return fmt.Errorf("%s:%d: %s cannot be scanned here: %s", list, e.Line, shown(e.Text), reason.Text())
	case string(name) != string(e.Text):
		return fmt.Errorf("%s:%d: %s cannot be scanned here: its name is now %s", list, e.Line, shown(e.Text), name)
	}
	return nil
}
