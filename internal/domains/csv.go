package domains

import (
	"bytes"
	"cmp"
	"errors"
	"io"
)

// A csvReader reads one name a record (RFC 4180). Blank lines and lines that begin with # are skipped. A record may
// have several lines if it fits in maxLine octets.
type csvReader struct {
	lines   *lines
	skips   int64
	errLine int64 // line to name in an error; 0: the next one
	comma   byte
	fields  fieldSplitter
	columns columns
	first   *csvRecord // the first record, if it is no header: its fields are still there
}

// A csvRecord is what is known of a record apart from its fields.
type csvRecord struct {
	line   int64  // its first line
	reason Reason // why it cannot be split; the line is then its only field
}

func (c *csvReader) line() int64    { return cmp.Or(c.errLine, c.lines.n+1) }
func (c *csvReader) skipped() int64 { return c.skips }

func (c *csvReader) next(e *Entry) error {
	record := c.first
	c.first = nil
	if record == nil {
		r, err := c.record()
		if err != nil {
			return err
		}
		record = &r
	}
	e.Line, e.Reason = record.line, record.reason
	if record.reason != "" {
		e.Text = c.fields.at(0)
		return nil
	}
	e.Text = c.fields.at(c.columns.domain)
	e.ListRank = parseRank(c.fields.at(c.columns.rank))
	for _, i := range c.columns.tags {
		e.Tags = append(e.Tags, c.fields.at(i))
	}
	return nil
}

// readHeader finds the columns by the header or the first record.
func (c *csvReader) readHeader(layout Layout) error {
	header, err := c.firstLine()
	if err != nil {
		return ignoreEOF(err) // a list with no record has no entry
	}
	record, err := csvRecord{}, error(nil)
	if header != nil {
		c.fields.split(header, c.comma)
	} else if record, err = c.record(); err != nil {
		return err
	}
	c.errLine = c.lines.n // errors from here on are about the header
	if record.reason != "" {
		return errors.New("the first line of a CSV list has " + record.reason.Text())
	}
	isHeader, err := c.columns.find(c.fields.strings(), layout)
	if err != nil {
		return err
	}
	c.errLine = 0
	if isHeader {
		c.skips++
	} else {
		c.first = &record
	}
	return nil
}

// firstLine skips what comes before the first record and detects the delimiter. A header may stand behind a #: it
// is returned without it.
func (c *csvReader) firstLine() ([]byte, error) {
	for {
		text, size, err := c.lines.peek()
		if err != nil {
			return nil, err
		}
		c.comma = delimiter(text)
		trimmed := bytes.TrimSpace(text)
		if len(trimmed) > 0 && trimmed[0] != '#' || size == 0 {
			return nil, nil
		}
		c.lines.take(size)
		if len(trimmed) > 0 {
			header := bytes.TrimSpace(trimmed[1:])
			c.fields.split(header, c.comma)
			if len(c.fields.fields) > 1 && hasDomainHeader(c.fields.strings()) {
				return header, nil
			}
		}
		c.skips++
	}
}

// record reads the next record into c.fields.
func (c *csvReader) record() (csvRecord, error) {
	for {
		text, size, err := c.lines.peek()
		if err != nil {
			return csvRecord{}, err
		}
		trimmed := bytes.TrimSpace(text)
		switch {
		case size > 0 && (len(trimmed) == 0 || trimmed[0] == '#'):
			c.lines.take(size)
			c.skips++
		case size > 0 && bytes.IndexByte(text, '"') < 0:
			c.fields.split(text, c.comma)
			c.lines.take(size)
			return csvRecord{line: c.lines.n}, nil
		case size > 0:
			return c.quotedRecord()
		default:
			return c.rejectLine(ReasonLineTooLong)
		}
	}
}

// quotedRecord reads a record with quotes, which may contain line ends.
func (c *csvReader) quotedRecord() (csvRecord, error) {
	line := c.lines.n + 1
	window, err := c.lines.r.Peek(maxLine + 2)
	size, ends, ok := c.fields.splitQuoted(window, c.comma, errors.Is(err, io.EOF))
	if ok {
		c.lines.r.Discard(size)
		c.lines.n += ends
		return csvRecord{line: line}, nil
	}
	if ignoreEOF(err) != nil {
		return csvRecord{}, err
	}
	// A stray quote: the lines up to the next one stay entries.
	return c.rejectLine(ReasonQuote)
}

// rejectLine makes the next line an entry that is rejected.
func (c *csvReader) rejectLine(reason Reason) (csvRecord, error) {
	text, _, err := c.lines.next()
	if err != nil {
		return csvRecord{}, err
	}
	c.fields.fields = append(c.fields.fields[:0], text)
	return csvRecord{line: c.lines.n, reason: reason}, nil
}

// delimiter is the one that comes most often in a line, outside quotes.
func delimiter(line []byte) byte {
	var count [256]int
	quoted := false
	for _, b := range line {
		if b == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte("\t;") {
		if count[b] > count[best] {
			best = b
		}
	}
	return best
}
