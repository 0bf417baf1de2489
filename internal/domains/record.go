package domains

import (
	"bytes"
	"errors"
	"strconv"
)

// A record is one line of a chunk, and of the spool that chunks are made of:
// rank, rank in the list, index of the list, domain and the values of the tags,
// with tabs between them.
type record struct {
	rank, listRank int64
	list           int
	domain         []byte
	tags           [][]byte // as they are written in the line
}

// appendRecord appends a line to dst. Tags are made valid UTF-8; there are as
// many in the line as width says.
func appendRecord(dst []byte, r record, width int) []byte {
	dst = strconv.AppendInt(dst, r.rank, 10)
	dst = append(dst, '\t')
	dst = strconv.AppendInt(dst, r.listRank, 10)
	dst = append(dst, '\t')
	dst = strconv.AppendInt(dst, int64(r.list), 10)
	dst = append(dst, '\t')
	dst = append(dst, r.domain...)
	for i := range width {
		dst = append(dst, '\t')
		if i < len(r.tags) {
			dst = appendEscaped(dst, r.tags[i])
		}
	}
	return append(dst, '\n')
}

// appendEscaped appends a tag's value without white space around it.
func appendEscaped(dst, value []byte) []byte {
	for _, b := range bytes.ToValidUTF8(bytes.TrimSpace(value), []byte("\uFFFD")) {
		switch b {
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\\':
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// unescape undoes appendEscaped.
func unescape(value []byte) string {
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value)
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		b := value[i]
		if b == '\\' && i+1 < len(value) {
			i++
			switch b = value[i]; b {
			case 't':
				b = '\t'
			case 'n':
				b = '\n'
			case 'r':
				b = '\r'
			}
		}
		out = append(out, b)
	}
	return string(out)
}

// parseRecord reads a line without its end. Tags are put into r.tags.
func parseRecord(line []byte, r *record) error {
	var numbers [3]int64
	for i := range numbers {
		field, rest, ok := bytes.Cut(line, []byte("\t"))
		n, err := strconv.ParseInt(string(field), 10, 64)
		if !ok || err != nil || n < 0 {
			return errors.New("not a line of a chunk")
		}
		numbers[i], line = n, rest
	}
	r.rank, r.listRank, r.list = numbers[0], numbers[1], int(numbers[2])
	domain, line, more := bytes.Cut(line, []byte("\t"))
	r.domain, r.tags = domain, r.tags[:0]
	for more {
		var tag []byte
		tag, line, more = bytes.Cut(line, []byte("\t"))
		r.tags = append(r.tags, tag)
	}
	return nil
}
