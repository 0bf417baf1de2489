package domains

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Heaps are records sorted roughly, by a number below heapCount that each one
// has: in memory, and on disk where the budget does not do.
type heaps struct {
	dir   string
	kind  string // part of the names of the files
	limit int    // octets of one heap in memory
	heap  [heapCount]heap
}

const (
	heapBits  = 10
	heapCount = 1 << heapBits
)

// A heap is one of them: the beginning of its records on disk, the end in
// memory.
type heap struct {
	buf     []byte
	last    int64 // rank of the last record
	spilled int64 // octets on disk
}

func (h *heap) size() int64 { return h.spilled + int64(len(h.buf)) }

// settle is called when records were appended to a heap's buf. A heap that is
// beyond its limit then goes to the end of its file.
func (s *heaps) settle(i int) error {
	h := &s.heap[i]
	if len(h.buf) < s.limit {
		return nil
	}
	// Opened anew each time: so many open files would be too many for some.
	file, err := os.OpenFile(s.path(i), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := file.Write(h.buf)
	h.spilled += int64(n)
	h.buf = h.buf[:0]
	return with(err, file.Close())
}

func (s *heaps) path(i int) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%s-%04d", temporaryPrefix, s.kind, i))
}

// read gives take the records of a heap, in pieces of some size that begin
// where the one before ended. take says how many of the octets it has used;
// what is left is there again in the next piece, and must be nothing in the
// last one.
func (s *heaps) read(i int, take func(piece []byte) (used int, err error)) error {
	h := &s.heap[i]
	var left []byte
	if h.spilled > 0 {
		var err error
		if left, err = s.readFile(i, take); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%s ends within a record", s.path(i))
	}
	used, err := take(h.buf)
	if err == nil && used < len(h.buf) {
		err = fmt.Errorf("heap %d ends within a record", i)
	}
	return err
}

// readFile does what read does for the records on disk.
func (s *heaps) readFile(i int, take func([]byte) (int, error)) (left []byte, err error) {
	file, err := os.Open(s.path(i))
	if err != nil {
		return nil, err
	}
	defer func() { err = with(err, file.Close()) }()
	piece := make([]byte, min(s.heap[i].spilled, 256<<10))
	end := 0
	for rest := s.heap[i].spilled; rest > 0; {
		n, err := io.ReadFull(file, piece[end:min(int64(len(piece)), int64(end)+rest)])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path(i), noEOF(err))
		}
		end, rest = end+n, rest-int64(n)
		used, err := take(piece[:end])
		if err != nil {
			return nil, err
		}
		if end = copy(piece, piece[used:end]); end == len(piece) {
			return nil, fmt.Errorf("%s: no record is so long", s.path(i))
		}
	}
	return piece[:end], nil
}

// drop gives the memory of a heap back.
func (s *heaps) drop(i int) { s.heap[i].buf = nil }

// close removes the files. It does nothing the second time.
func (s *heaps) close() error {
	var errs []error
	for i := range s.heap {
		if s.heap[i].spilled > 0 {
			s.heap[i].spilled = 0
			errs = append(errs, os.Remove(s.path(i)))
		}
	}
	return errors.Join(errs...)
}
