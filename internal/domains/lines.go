package domains

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the length of the longest line that is accepted, in octets, without its end.
const maxLine = 4 << 10

// lines reads text line by line in bounded memory. A line ends in LF, CRLF or CR; the last one may have no end.
type lines struct {
	r *bufio.Reader
	n int64 // lines read so far
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10)}
}

// peek returns the next line without its end, and its size in octets with it. The size of a line that is too long
// is 0. The error is io.EOF only when nothing is left. The line is valid until the next call.
func (l *lines) peek() (line []byte, size int, err error) {
	window, err := l.r.Peek(maxLine + 2) // the longest line and CRLF
	if i := lineEnd(window); i >= 0 && i <= maxLine {
		return window[:i], i + endLength(window[i:]), nil
	}
	switch {
	case len(window) > maxLine:
		return window[:maxLine], 0, nil
	case !errors.Is(err, io.EOF) || len(window) == 0:
		return nil, 0, err
	}
	return window, len(window), nil
}

// next returns the next line. A line that is too long is cut and skipped, and long is true.
func (l *lines) next() (line []byte, long bool, err error) {
	line, size, err := l.peek()
	if err != nil {
		return nil, false, err
	}
	if size == 0 {
		line = bytes.Clone(line[:maxPrintable])
		if err := l.skip(); err != nil {
			return nil, false, err
		}
	}
	l.take(size)
	return line, size == 0, nil
}

// take consumes the line that was peeked at, which stays valid.
func (l *lines) take(size int) {
	l.r.Discard(size)
	l.n++
}

// skip reads to the end of a line that does not fit the window.
func (l *lines) skip() error {
	for {
		if _, err := l.r.Peek(1); err != nil {
			return ignoreEOF(err)
		}
		window, _ := l.r.Peek(l.r.Buffered())
		i := lineEnd(window)
		if i < 0 {
			l.r.Discard(len(window))
			continue
		}
		l.r.Discard(i)
		end, _ := l.r.Peek(2)
		l.r.Discard(endLength(end))
		return nil
	}
}

// lineEnd is the index of the first CR or LF, or -1.
func lineEnd(b []byte) int {
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
