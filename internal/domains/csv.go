package domains

import (
	"bytes"
	"cmp"
	"errors"
	"io"

	"stsscan/internal/listfile"
)

// A csvReader reads one name a record (RFC 4180). Blank lines and lines that begin with # are skipped. A record may
// have several lines if it fits in maxLine octets.
type csvReader struct {
	lines   *listfile.Lines
	skips   int64
	errLine int64 // line to name in an error; 0: the next one
	comma   byte  // what separates fields
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
	e.ListRank = parseRank(c.fields.At(c.columns.rank))
	for _, i := range c.columns.tags {
		e.Tags = append(e.Tags, c.fields.At(i))
	}
	return nil
}

// readHeader finds the columns by the header or the first record.
func (c *csvReader) readHeader(layout Layout) error {
	header, err := c.firstLine(layout)
	if err != nil {
		return ignoreEOF(err) // a list with no record has no entry
	}
	next, record := c.sample(), csvRecord{} // the sample first: it may move what is peeked at
	if header != nil {
		c.fields.Split(header, c.comma)
	} else if record, err = c.record(); err != nil {
		return err
	} else {
		next = next[min(1, len(next)):]
	}
	c.errLine = c.lines.N // errors from here on are about the header
	if record.reason != "" {
		return errors.New("the first line of a CSV list has " + record.reason.Text())
	}
	isHeader, err := c.columns.find(c.fields.Strings(), layout, next)
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

// firstLine skips what comes before the first record and finds the separator. A header may stand behind a #: it is
// returned without it.
func (c *csvReader) firstLine(layout Layout) ([]byte, error) {
	for {
		// First what may move the text that is peeked at.
		window, _ := c.lines.R.Peek(detectionWindow)
		separator := c.comma // declared
		if separator == 0 {
			separator = c.separator(window, layout)
		}
		text, size, err := c.lines.Peek()
		if err != nil {
			return nil, err
		}
		trimmed := bytes.TrimSpace(text)
		declared, ok := listfile.DeclaredSeparator(text)
		ok = ok && c.comma == 0
		if !ok && len(trimmed) > 0 && trimmed[0] != '#' || size == 0 {
			c.comma = separator
			return nil, nil
		}
		c.lines.Take(size)
		switch {
		case ok:
			c.comma = declared
		case len(trimmed) > 0:
			header := bytes.Clone(bytes.TrimSpace(trimmed[1:]))
			if c.fields.Split(header, separator); c.fields.Len() > 1 && hasDomainHeader(c.fields.Strings()) {
				c.comma = separator
				return header, nil
			}
		}
		c.skips++
	}
}

// separator finds the separator of a list that begins with text: the likeliest one that makes a header of the first
// record, or the likeliest one.
func (c *csvReader) separator(text []byte, layout Layout) byte {
	likely := append(listfile.Separators(text), ',')
	for _, separator := range likely {
		_, _, ok := c.fields.SplitQuoted(text, separator, true)
		if cells := c.fields.Strings(); ok && len(cells) > 1 &&
			(hasDomainHeader(cells) || layout.DomainColumn != "" && indexFold(cells, layout.DomainColumn) >= 0) {
			return separator
		}
	}
	return likely[0]
}

// sample is the first records that come next, as far as they are in the window.
func (c *csvReader) sample() (records [][]string) {
	const most = 20
	window, _ := c.lines.R.Peek(detectionWindow)
	var fields listfile.Fields
	for len(records) < most {
		size, _, ok := fields.SplitQuoted(window, c.comma, false)
		if !ok {
			return records
		}
		window = window[size:]
		records = append(records, fields.Strings())
	}
	return records
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
