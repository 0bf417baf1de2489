package domains

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"stsscan/internal/listfile"
)

// A Reader splits a list into entries. It skips and counts what is no entry: comments, blank lines, the header of
// a CSV list, and in a zone file each record that is not NS or has the same owner as the one before it.
//
// Memory is bounded, whatever the list holds. A Reader is not for concurrent use.
type Reader struct {
	name    string
	format  Format
	entries entryReader
	err     error // what ended the list
}

// NewReader reads the list name from r. It reads the beginning, to detect the format and to find the columns of a
// CSV list. Its errors and those of Next begin with the name and, if possible, the number of a line.
func NewReader(name string, r io.Reader, layout Layout) (*Reader, error) {
	l := listfile.NewLines(r)
	format := layout.Format
	if format == "" || format == FormatAuto {
		// An error here comes again once the lines before it have been read.
		sample, _ := l.R.Peek(detectionWindow)
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
		d.entries = newZoneReader(l.R)
	case FormatRows:
		d.entries = newRowsReader(l.R, layout)
	default:
		return nil, fmt.Errorf("%s: unknown format %q", name, format)
	}
	return d, nil
}

// Format is the list's format, never FormatAuto.
func (d *Reader) Format() Format { return d.format }

// Skipped counts what was skipped so far since it is no entry.
func (d *Reader) Skipped() int64 { return d.entries.skipped() }

// Next fills in e with the next entry. It returns io.EOF after the last one. After any other error the rest of
// the list cannot be trusted.
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

// detectionWindow is how much of a list is read to detect its format: more than the comments that registries put
// before a zone.
const detectionWindow = 32 << 10

// detectFormat detects the format by the first line that is neither blank nor a comment. column is a name that
// the header of a CSV list is expected to have.
func detectFormat(sample []byte, column string) Format {
	for len(sample) > 0 {
		end := listfile.LineEnd(sample)
		if end < 0 {
			end = len(sample)
		}
		line := sample[:end]
		sample = sample[min(end+1, len(sample)):]
		text := bytes.TrimSpace(line)
		switch {
		case len(text) == 0 || text[0] == '#':
			continue
		case text[0] == ';' || text[0] == '$' || isZoneRecord(text):
			return FormatZone
		case bytes.ContainsAny(text, ",;\t"), isDomainHeader(string(text)), strings.EqualFold(string(text), column):
			return FormatCSV
		}
		return FormatPlain
	}
	return FormatPlain
}

// isZoneRecord says whether a line looks like a record: an owner name, a TTL and a class, each of which may be
// missing, a type and some data.
func isZoneRecord(line []byte) bool {
	fields := bytes.Fields(line)
	for i := 1; i < min(len(fields), 4); i++ {
		f := fields[i]
		switch strings.ToUpper(string(f)) {
		case "SOA", "NS", "A", "AAAA", "DS", "TXT", "MX", "CNAME", "DNSKEY", "CAA",
			"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "CDS", "CDNSKEY", "ZONEMD":
			return i+1 < len(fields)
		}
		if !isTTL(f) && !isClass(f) {
			return false
		}
	}
	return false
}
