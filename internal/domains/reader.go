package domains

import (
	"errors"
	"fmt"
	"io"
)

// An Entry is what a list says where it should say a name.
type Entry struct {
	Line     int64    // 1-based number of its first line
	Text     []byte   // the name as it is written; valid until the next call
	ListRank int64    // the rank that the list states; 0: none
	Tags     [][]byte // one for each tag of the [Layout], as it is written; valid until the next call
	Reason   Reason   // why the list's own grammar refuses it; "" where it does not

	tld int // lastLabel(Text), where that is known and not 0
}

// A Layout says how to read a list. The zero Layout finds out by itself.
type Layout struct {
	Format       Format   // "": FormatAuto
	DomainColumn string   // CSV: header or 1-based number of the domain's column; "": found
	Tags         []string // CSV: headers of the columns to carry, in any case of letters
}

// A Reader takes a list apart into entries. What is no entry it skips and
// counts: comments, blank lines, the header of a CSV list, and in a zone file
// each record that is no NS record or has the same owner as the one before it.
//
// Memory is bounded whatever the list holds. It is not for concurrent use.
type Reader struct {
	name    string
	format  Format
	entries entryReader
	err     error // what ended the list
}

// An entryReader reads one format.
type entryReader interface {
	// next fills in e, and returns io.EOF after the last entry.
	next(e *Entry) error
	// line is the number of the line that is read next, or is being read.
	line() int64
	// skipped counts what was no entry so far.
	skipped() int64
}

// NewReader reads the list name from r. It reads the beginning, to tell the
// format and to find the columns of a CSV list. Its errors, and those of Next,
// begin with the name and, where there is one, the number of a line.
func NewReader(name string, r io.Reader, layout Layout) (*Reader, error) {
	l := newLines(r)
	format := layout.Format
	if format == "" || format == FormatAuto {
		// An error here comes again when the lines before it have been read.
		sample, _ := l.r.Peek(detectionWindow)
		format = detectFormat(sample, layout.DomainColumn)
	}
	d := &Reader{name: name, format: format}
	switch format {
	case FormatPlain:
		d.entries = &plainReader{lines: l}
	case FormatCSV:
		c := &csvReader{lines: l}
		d.entries = c
		if err := c.readHeader(layout); err != nil {
			return nil, d.fail(err)
		}
	case FormatZone:
		d.entries = newZoneReader(l.r)
	case FormatRows:
		d.entries = newRowsReader(l.r, layout)
	default:
		return nil, fmt.Errorf("%s: unknown format %q", name, format)
	}
	return d, nil
}

// Format is the list's format, never FormatAuto.
func (d *Reader) Format() Format { return d.format }

// Skipped counts what was no entry so far.
func (d *Reader) Skipped() int64 { return d.entries.skipped() }

// Next fills in e with the next entry. It returns io.EOF after the last one.
// Any other error says that the rest of the list cannot be trusted.
func (d *Reader) Next(e *Entry) error {
	if d.err != nil {
		return d.err
	}
	*e = Entry{Tags: e.Tags[:0]}
	if err := d.entries.next(e); err != nil {
		d.err = d.fail(err)
	}
	return d.err
}

func (d *Reader) fail(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("%s:%d: %w", d.name, d.entries.line(), err)
}
