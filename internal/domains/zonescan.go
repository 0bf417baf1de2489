package domains

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// A zoneScanner splits a zone file into records and keeps the first tokens of each. Lines may have any length:
// what it keeps is bounded.
type zoneScanner struct {
	r        *bufio.Reader
	lines    int64     // line ends read so far
	begin    int64     // line where the current record begins
	indented bool      // the record begins with white space, so it has the owner of the one before
	cut      bool      // its first token was longer than maxToken
	head     [4][]byte // its first tokens: owner, TTL, class and type at most
	plain    [4][]byte // the same, if they are in the buffer
	tokens   [][]byte
}

// maxToken is how much of a token is kept, in octets: more than any name needs, with escapes.
const maxToken = 2 << 10

// record reads one record, or a line without one, and returns its first tokens, which are valid until the next
// call. It ends with a line end outside parentheses, or with the file.
func (s *zoneScanner) record() ([][]byte, error) {
	s.begin = s.lines + 1
	if s.plainLine() {
		return s.tokens, nil
	}
	c, err := s.r.ReadByte()
	if err != nil {
		return nil, err
	}
	s.indented, s.cut = c == ' ' || c == '\t', false
	s.tokens = s.head[:0:len(s.head)]
	depth := 0
	for ; err == nil; c, err = s.r.ReadByte() {
		switch c {
		case ' ', '\t':
		case '\r', '\n':
			if err := s.endLine(c); err != nil {
				return nil, err
			}
			if depth == 0 {
				return s.tokens, nil
			}
		case ';':
			err = s.comment()
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return nil, errors.New("closing parenthesis without an opening one")
			}
		default:
			err = s.token(c)
		}
		if err != nil {
			break
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if depth > 0 {
		return nil, errors.New("parenthesis not closed")
	}
	return s.tokens, nil
}

// plainLine reads a record of one line without quotes, parentheses and escapes, as almost all are. Otherwise it
// does nothing.
func (s *zoneScanner) plainLine() bool {
	window, _ := s.r.Peek(maxLine)
	end := bytes.IndexByte(window, '\n')
	if end < 0 || end > maxToken { // a token of a longer line may have to be cut
		return false
	}
	line := bytes.TrimSuffix(window[:end], []byte("\r"))
	s.tokens = s.plain[:0:len(s.plain)]
	begin := -1 // of the current token; -1: none
loop:
	for i, c := range line {
		switch c {
		case ' ', '\t':
			s.keep(line, begin, i)
			begin = -1
		case ';':
			s.keep(line, begin, i)
			begin = -1
			break loop
		case '(', ')', '"', '\\', '\r':
			return false
		default:
			if begin < 0 {
				begin = i
			}
		}
	}
	s.keep(line, begin, len(line))
	s.indented, s.cut = len(line) > 0 && (line[0] == ' ' || line[0] == '\t'), false
	s.lines++
	s.r.Discard(end + 1)
	return true
}

// keep keeps a token if there is one and it is among the first.
func (s *zoneScanner) keep(line []byte, begin, end int) {
	if begin >= 0 && len(s.tokens) < cap(s.tokens) {
		s.tokens = append(s.tokens, line[begin:end])
	}
}

// endLine counts a line end whose first octet is c.
func (s *zoneScanner) endLine(c byte) error {
	s.lines++
	if c != '\r' {
		return nil
	}
	next, err := s.r.ReadByte()
	if err != nil {
		return ignoreEOF(err)
	}
	if next != '\n' {
		return s.r.UnreadByte()
	}
	return nil
}

// comment reads up to the end of the line.
func (s *zoneScanner) comment() error {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return err
		}
		if c == '\n' || c == '\r' {
			return s.r.UnreadByte()
		}
	}
}

// token reads the rest of a token that begins with c, and keeps it if it is among the first. A quoted string
// keeps its quotes.
func (s *zoneScanner) token(c byte) error {
	keep := len(s.tokens) < cap(s.tokens)
	var text []byte
	if keep {
		text = s.tokens[:len(s.tokens)+1][len(s.tokens)][:0]
	}
	quoted, escaped := c == '"', c == '\\'
	for first := true; ; first = false {
		if !first {
			var err error
			if c, err = s.r.ReadByte(); err != nil {
				return s.endToken(text, keep, quoted, err)
			}
			switch {
			case c == '\n' || c == '\r':
				s.r.UnreadByte()
				return s.endToken(text, keep, quoted, nil)
			case escaped:
				escaped = false
			case c == '\\':
				escaped = true
			case quoted && c == '"':
				quoted = false
			case quoted:
			case c == ' ' || c == '\t' || c == ';' || c == '(' || c == ')' || c == '"':
				s.r.UnreadByte()
				return s.endToken(text, keep, quoted, nil)
			}
		}
		if keep && len(text) < maxToken {
			text = append(text, c)
		} else if keep && len(s.tokens) == 0 {
			s.cut = true
		}
	}
}

func (s *zoneScanner) endToken(text []byte, keep, quoted bool, err error) error {
	if keep {
		s.tokens = append(s.tokens, text)
	}
	if quoted && (err == nil || errors.Is(err, io.EOF)) {
		return errors.New("quote not closed")
	}
	return err
}
