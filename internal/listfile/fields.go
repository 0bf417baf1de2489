package listfile

import "bytes"

// Fields are those of a CSV record (RFC 4180). They are valid until the next record is split, and no longer than the
// text of the record.
type Fields struct {
	fields  [][]byte
	scratch []byte // for fields with doubled quotes
}

// Len is the number of fields.
func (s *Fields) Len() int { return len(s.fields) }

// SetOnly makes text the only field.
func (s *Fields) SetOnly(text []byte) { s.fields = append(s.fields[:0], text) }

// At is field i; empty if the record has none.
func (s *Fields) At(i int) []byte {
	if i < 0 || i >= len(s.fields) {
		return nil
	}
	return s.fields[i]
}

// Strings is a copy of the fields, without white space around them.
func (s *Fields) Strings() []string {
	var out []string
	for _, f := range s.fields {
		out = append(out, string(bytes.TrimSpace(f)))
	}
	return out
}

// Split splits a line that has no quotes.
func (s *Fields) Split(line []byte, separator byte) {
	s.fields = s.fields[:0]
	for {
		i := bytes.IndexByte(line, separator)
		if i < 0 {
			s.fields = append(s.fields, line)
			return
		}
		s.fields = append(s.fields, line[:i])
		line = line[i+1:]
	}
}

// SplitQuoted splits the record at the beginning of text, and returns its size and the number of its lines. It is
// not ok if the record does not end in text, or has text behind a quote. all says that nothing comes after text.
func (s *Fields) SplitQuoted(text []byte, separator byte, all bool) (size int, ends int64, ok bool) {
	s.fields, s.scratch = s.fields[:0], s.scratch[:0]
	for i := 0; ; i++ {
		start := i
		for i < len(text) && text[i] == ' ' {
			i++
		}
		if i < len(text) && text[i] == '"' {
			field, n := s.unquote(text[i+1:])
			if n < 0 {
				return 0, 0, false
			}
			ends += LineEnds(text[i : i+n])
			i += 1 + n
			s.fields = append(s.fields, field)
			for i < len(text) && text[i] == ' ' {
				i++
			}
		} else {
			for i < len(text) && text[i] != separator && text[i] != '\r' && text[i] != '\n' {
				i++
			}
			s.fields = append(s.fields, text[start:i])
		}
		switch {
		case i == len(text):
			return i, ends + 1, all
		case text[i] == '\r' || text[i] == '\n':
			whole := text[i] == '\n' || i+1 < len(text) || all
			return i + endLength(text[i:]), ends + 1, whole
		case text[i] != separator:
			return 0, 0, false
		}
	}
}

// unquote reads the text behind an opening quote. It returns the field and the number of octets up to the closing
// quote, that included; -1: there is no closing quote.
func (s *Fields) unquote(text []byte) (field []byte, n int) {
	start, from := len(s.scratch), 0
	for {
		i := bytes.IndexByte(text[from:], '"')
		if i < 0 {
			return nil, -1
		}
		end := from + i
		if end+1 < len(text) && text[end+1] == '"' {
			s.scratch = append(s.scratch, text[from:end+1]...)
			from = end + 2
			continue
		}
		if from == 0 {
			return text[:end], end + 1
		}
		s.scratch = append(s.scratch, text[from:end]...)
		return s.scratch[start:len(s.scratch):len(s.scratch)], end + 1
	}
}

// LineEnds counts the line ends in text: LF, CRLF and CR.
func LineEnds(text []byte) int64 {
	cr, lf, crlf := bytes.Count(text, []byte("\r")), bytes.Count(text, []byte("\n")), bytes.Count(text, []byte("\r\n"))
	return int64(cr + lf - crlf)
}
