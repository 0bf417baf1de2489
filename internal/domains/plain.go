package domains

import "bytes"

// A plainReader reads one name a line. Text behind a # that begins the line or
// follows white space is a comment.
type plainReader struct {
	lines *lines
	skips int64
}

func (p *plainReader) line() int64    { return p.lines.n + 1 }
func (p *plainReader) skipped() int64 { return p.skips }

func (p *plainReader) next(e *Entry) error {
	for {
		text, long, err := p.lines.next()
		if err != nil {
			return err
		}
		name := bytes.TrimSpace(beforeComment(text))
		if len(name) == 0 {
			p.skips++
			continue
		}
		e.Line, e.Text = p.lines.n, name
		if long {
			e.Reason = ReasonLineTooLong
		}
		return nil
	}
}

// beforeComment is text up to a comment.
func beforeComment(text []byte) []byte {
	for i := 0; i < len(text); i++ {
		j := bytes.IndexByte(text[i:], '#')
		if j < 0 {
			break
		}
		i += j
		if i == 0 || text[i-1] == ' ' || text[i-1] == '\t' {
			return text[:i]
		}
	}
	return text
}
