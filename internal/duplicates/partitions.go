package duplicates

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
)

// Partitions hold records, each in the partition that its hash says: in memory, and in a file where the budget
// does not suffice.
type partitions struct {
	path  string // of the file
	limit int    // octets of one partition in memory
	list  [partitionCount]partition
	file  *os.File // nil: not needed so far
	end   int64    // of the file
}

const (
	partitionBits  = 10
	partitionCount = 1 << partitionBits
)

// A partition has the beginning of its records in extents of the file, the end in memory.
type partition struct {
	buf     []byte
	last    int64 // rank of the last record
	extents []extent
}

// An extent is the part of the file that has some of a partition's records.
type extent struct {
	offset int64
	size   int
}

// errDamaged says that a file is not what was written to it.
var errDamaged = errors.New("damaged while it was in use")

// newPartitions uses half of a budget in octets; the other half is for looking through one of the partitions.
func newPartitions(path string, budget int64) partitions {
	return partitions{path: path, limit: int(budget / 2 / partitionCount)}
}

// size is the length of a partition's records in octets.
func (p *partition) size() (n int64) {
	n = int64(len(p.buf))
	for _, e := range p.extents {
		n += int64(e.size)
	}
	return n
}

// spill is called when records were appended to a partition's buf, which goes to the end of the file where it is
// beyond the limit.
func (s *partitions) spill(p *partition) (err error) {
	if len(p.buf) < s.limit {
		return nil
	}
	if s.file == nil {
		if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return err
		}
	}
	if _, err := s.file.WriteAt(p.buf, s.end); err != nil {
		return err
	}
	p.extents = append(p.extents, extent{s.end, len(p.buf)})
	s.end += int64(len(p.buf))
	p.buf = p.buf[:0]
	return nil
}

// read gives take the records of a partition, in the order in which they came, many at a time.
func (s *partitions) read(p *partition, take func(records []byte) error) error {
	var buf []byte
	for _, e := range p.extents {
		buf = append(buf[:0], make([]byte, e.size)...)
		_, err := s.file.ReadAt(buf, e.offset)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err == nil {
			err = take(buf)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
	}
	return take(p.buf)
}

// close removes the file. It does nothing the second time.
func (s *partitions) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return cmp.Or(f.Close(), os.Remove(s.path))
}
