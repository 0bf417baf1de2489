package listfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is the length of the longest line that is accepted, in octets, without its end.
const MaxLine = 4 << 10

// keptLine is how much is kept of a longer one, in octets.
const keptLine = 256

// Lines read text line by line in bounded memory. A line ends in LF, CRLF or CR; the last one may have no end.
type Lines struct {
	R *bufio.Reader // at the beginning of a line; what takes lines from it counts them in N
	N int64         // lines read so far
}

// NewLines reads the lines of r.
func NewLines(r io.Reader) *Lines {
	return &Lines{R: bufio.NewReaderSize(r, 64<<10)}
}

// Peek returns the next line without its end, and its size in octets with it. The size of a line that is too long
// is 0. The error is io.EOF only when nothing is left. The line is valid until the next call.
func (l *Lines) Peek() (line []byte, size int, err error) {
	window, err := l.R.Peek(MaxLine + 2) // the longest line and CRLF
	if i := LineEnd(window); i >= 0 && i <= MaxLine {
		return window[:i], i + endLength(window[i:]), nil
	}
	switch {
	case len(window) > MaxLine:
		return window[:MaxLine], 0, nil
	case !errors.Is(err, io.EOF) || len(window) == 0:
		return nil, 0, err
	}
	return window, len(window), nil
}

// Next returns the next line. Of a line that is too long it returns the first 256 octets, skips the rest, and long is
// true. The line is valid until the next call.
func (l *Lines) Next() (line []byte, long bool, err error) {
	line, size, err := l.Peek()
	if err != nil {
		return nil, false, err
	}
	if size == 0 {
		line = bytes.Clone(line[:keptLine])
		if err := l.skip(); err != nil {
			return nil, false, err
		}
	}
	l.Take(size)
	return line, size == 0, nil
}

// Take consumes the line that was peeked at, by its size; it stays valid.
func (l *Lines) Take(size int) {
	l.R.Discard(size)
	l.N++
}

// skip reads to the end of a line that does not fit the window.
func (l *Lines) skip() error {
	for {
		if _, err := l.R.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		window, _ := l.R.Peek(l.R.Buffered())
		i := LineEnd(window)
		if i < 0 {
			l.R.Discard(len(window))
			continue
		}
		l.R.Discard(i)
		end, _ := l.R.Peek(2)
		l.R.Discard(endLength(end))
		return nil
	}
}

// LineEnd is the index of the first CR or LF, or -1.
func LineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// endLength is the length of the line end that b begins with.
func endLength(b []byte) int {
	if len(b) > 1 && b[0] == '\r' && b[1] == '\n' {
		return 2
	}
	return 1
}
