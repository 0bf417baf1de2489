package domains

import (
	"bytes"

	"stsscan/internal/listfile"
)

// A plainReader reads one name a line. Text behind a # that begins the line or follows white space is a comment.
type plainReader struct {
	lines  *listfile.Lines
	skips  int64
	window []byte // octets in the buffer of lines, for fromWindow
	taken  int    // octets of window that fromWindow took, and lines does not know of yet
}

func (p *plainReader) line() int64    { return p.lines.N + 1 }
func (p *plainReader) skipped() int64 { return p.skips }

func (p *plainReader) next(e *Entry) error {
	if p.fromWindow(e) {
		return nil
	}
	p.lines.R.Discard(p.taken)
	p.window, p.taken = nil, 0
	for {
		text, long, err := p.lines.Next()
		if err != nil {
			return err
		}
		name := bytes.TrimSpace(beforeComment(text))
		if len(name) == 0 {
			p.skips++
			continue
		}
		e.Line, e.Text = p.lines.N, name
		if long {
			e.Reason = ReasonLineTooLong
		}
		// What is buffered already: nothing is read, so the text stays where it is.
		p.window, _ = p.lines.R.Peek(p.lines.R.Buffered())
		return nil
	}
}

// fromWindow takes the next line from the window if the line is a name in normal form and nothing else; otherwise
// it does nothing.
func (p *plainReader) fromWindow(e *Entry) bool {
	rest := p.window[p.taken:]
	end := bytes.IndexByte(rest[:min(len(rest), shortName+2)], '\n')
	if end < 0 {
		return false
	}
	text := bytes.TrimSuffix(rest[:end], []byte("\r"))
	if e.tld = lastLabel(text); e.tld == 0 {
		return false
	}
	p.taken += end + 1
	p.lines.N++
	e.Line, e.Text = p.lines.N, text
	return true
}

// beforeComment is the text before a comment.
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
