package output

import "bufio"

// A fileWriter writes a part, and knows how far it is.
type fileWriter struct {
	to     *bufio.Writer
	offset int64 // octets that were written
}

func (w *fileWriter) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	w.offset += int64(n)
	return n, err
}

// An innerWriter takes the library's file into ours, without its beginning and, once closed, without its end.
type innerWriter struct {
	to     *fileWriter
	skip   int // octets of the beginning
	closed bool
}

func (w *innerWriter) Write(b []byte) (int, error) {
	n := min(w.skip, len(b))
	w.skip -= n
	if w.closed {
		return len(b), nil
	}
	written, err := w.to.Write(b[n:])
	return n + written, err
}
