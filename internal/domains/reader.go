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

// detectFormat detects the format by the first line that is neither blank nor a comment, and whether those behind it
// are like it. column is a name that the header of a CSV list is expected to have.
func detectFormat(sample []byte, column string) Format {
	for len(sample) > 0 {
		line, rest := cutLine(sample)
		text := bytes.TrimSpace(line)
		if len(text) == 0 || text[0] == '#' {
			sample = rest
			continue
		}
		if text[0] == ';' || text[0] == '$' || isZoneRecord(text) {
			return FormatZone
		}
		if _, ok := listfile.DeclaredSeparator(line); ok || isCSV(text, rest, column) {
			return FormatCSV
		}
		return FormatPlain
	}
	return FormatPlain
}

// cutLine cuts the first line from text.
func cutLine(text []byte) (line, rest []byte) {
	end := listfile.LineEnd(text)
	if end < 0 {
		return text, nil
	}
	return text[:end], text[end+1:]
}

// isCSV says whether a line and what comes behind it are a CSV list: the line is in quotes, or a header, or has what
// separates fields, as have half of the lines behind it. A separator in one line of a plain list, as in a URL or a
// comment, does not make it one.
func isCSV(line, rest []byte, column string) bool {
	if isDomainHeader(string(line)) || strings.EqualFold(string(line), column) ||
		len(line) > 1 && line[0] == '"' && line[len(line)-1] == '"' {
		return true
	}
	separated := func(line []byte, by string) bool { return bytes.ContainsAny(beforeComment(line), by) }
	var by []byte
	for _, separator := range []byte(listfile.AllSeparators) {
		if !separated(line, string(separator)) {
			continue
		}
		by = append(by, separator)
		for cell := range bytes.SplitSeq(line, []byte{separator}) {
			if cell := strings.TrimSpace(string(cell)); isDomainHeader(cell) || column != "" && strings.EqualFold(cell, column) {
				return true
			}
		}
	}
	alike, others := 0, 0
	for len(rest) > 0 && others < 20 {
		line, rest = cutLine(rest)
		if text := bytes.TrimSpace(beforeComment(line)); len(text) > 0 && len(rest) > 0 { // the last one may be cut off
			others++
			if separated(line, string(by)) {
				alike++
			}
		}
	}
	return len(by) > 0 && 2*alike >= others
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
