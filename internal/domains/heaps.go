package domains

import (
	"fmt"
	"os"
	"path/filepath"
)

// Heaps are records sorted roughly, by a number below heapCount that each one
// has: in memory, and in a file where the budget does not do.
type heaps struct {
	path  string // of the file
	limit int    // octets of one heap in memory
	heap  [heapCount]heap
	file  *os.File // nil: not needed so far
	end   int64    // of the file
}

const (
	heapBits  = 10
	heapCount = 1 << heapBits
)

// A heap is one of them: the beginning of its records in pieces of the file,
// the end in memory.
type heap struct {
	buf    []byte
	last   int64 // rank of the last record
	pieces []piece
}

// A piece is some records of a heap in the file.
type piece struct {
	offset int64
	size   int
}

// newHeaps uses half of a budget in octets; the other half is for looking
// through one of the heaps.
func newHeaps(dir, name string, budget int64) heaps {
	return heaps{path: filepath.Join(dir, temporaryPrefix+name), limit: int(budget / 2 / heapCount)}
}

// size is the length of a heap's records in octets.
func (h *heap) size() (n int64) {
	n = int64(len(h.buf))
	for _, p := range h.pieces {
		n += int64(p.size)
	}
	return n
}

// settle is called when records were appended to a heap's buf. Where that is
// beyond the limit it goes to the end of the file.
func (s *heaps) settle(h *heap) (err error) {
	if len(h.buf) < s.limit {
		return nil
	}
	if s.file == nil {
		if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(h.buf, s.end); err != nil {
		return err
	}
	h.pieces = append(h.pieces, piece{s.end, len(h.buf)})
	s.end += int64(len(h.buf))
	h.buf = h.buf[:0]
	return nil
}

// read gives take the records of a heap, in the order in which they came, many
// at a time.
func (s *heaps) read(h *heap, take func(records []byte) error) error {
	var buf []byte
	for _, p := range h.pieces {
		buf = append(buf[:0], make([]byte, p.size)...)
		if _, err := s.file.ReadAt(buf, p.offset); err != nil {
			return fmt.Errorf("%s: %w", s.path, noEOF(err))
		}
		if err := take(buf); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	return take(h.buf)
}

// close removes the file. It does nothing the second time.
func (s *heaps) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return with(f.Close(), os.Remove(s.path))
}
