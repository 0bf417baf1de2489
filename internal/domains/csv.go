package domains

import (
	"bytes"
	"cmp"
	"errors"
	"io"

	"stsscan/internal/listfile"
)

// A csvReader reads one name a record (RFC 4180). In place of a name there may be a URL, whose host is the name.
// Blank lines and lines that begin with # are skipped. A record may have several lines if it fits in maxLine
// octets.
type csvReader struct {
	lines   *listfile.Lines
	skips   int64
	errLine int64 // line to name in an error; 0: the next one
	comma   byte
	fields  listfile.Fields
	columns columns
	first   *csvRecord // the first record, if it is no header: its fields are still there
}

// A csvRecord is what is known of a record apart from its fields.
type csvRecord struct {
	line   int64  // its first line
	reason Reason // why it cannot be split; the line is then its only field
}

func (c *csvReader) line() int64    { return cmp.Or(c.errLine, c.lines.N+1) }
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
		e.Text = c.fields.At(0)
		return nil
	}
	e.Text = c.fields.At(c.columns.domain)
	if host, ok := urlHost(bytes.TrimSpace(e.Text)); ok {
		e.Text = host
	}
	e.ListRank = parseRank(c.fields.At(c.columns.rank))
	for _, i := range c.columns.tags {
		e.Tags = append(e.Tags, c.fields.At(i))
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
		c.fields.Split(header, c.comma)
	} else if record, err = c.record(); err != nil {
		return err
	}
	c.errLine = c.lines.N // errors from here on are about the header
	if record.reason != "" {
		return errors.New("the first line of a CSV list has " + record.reason.Text())
	}
	isHeader, err := c.columns.find(c.fields.Strings(), layout)
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
		text, size, err := c.lines.Peek()
		if err != nil {
			return nil, err
		}
		c.comma = delimiter(text)
		trimmed := bytes.TrimSpace(text)
		if len(trimmed) > 0 && trimmed[0] != '#' || size == 0 {
			return nil, nil
		}
		c.lines.Take(size)
		if len(trimmed) > 0 {
			header := bytes.TrimSpace(trimmed[1:])
			c.fields.Split(header, c.comma)
			if c.fields.Len() > 1 && hasDomainHeader(c.fields.Strings()) {
				return header, nil
			}
		}
		c.skips++
	}
}

// record reads the next record into c.fields.
func (c *csvReader) record() (csvRecord, error) {
	for {
		text, size, err := c.lines.Peek()
		if err != nil {
			return csvRecord{}, err
		}
		trimmed := bytes.TrimSpace(text)
		switch {
		case size > 0 && (len(trimmed) == 0 || trimmed[0] == '#'):
			c.lines.Take(size)
			c.skips++
		case size > 0 && bytes.IndexByte(text, '"') < 0:
			c.fields.Split(text, c.comma)
			c.lines.Take(size)
			return csvRecord{line: c.lines.N}, nil
		case size > 0:
			return c.quotedRecord()
		default:
			return c.rejectLine(ReasonLineTooLong)
		}
	}
}

// quotedRecord reads a record with quotes, which may contain line ends.
func (c *csvReader) quotedRecord() (csvRecord, error) {
	line := c.lines.N + 1
	window, err := c.lines.R.Peek(maxLine + 2)
	size, ends, ok := c.fields.SplitQuoted(window, c.comma, errors.Is(err, io.EOF))
	if ok {
		c.lines.R.Discard(size)
		c.lines.N += ends
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
	text, _, err := c.lines.Next()
	if err != nil {
		return csvRecord{}, err
	}
	c.fields.SetOnly(text)
	return csvRecord{line: c.lines.N, reason: reason}, nil
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
