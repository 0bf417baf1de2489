package domains

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"stsscan/internal/duplicates"
	"stsscan/internal/durable"
)

// A spool keeps the names of all lists, in blocks, until it is known how they
// are to be cut into parts. No block goes over the end of a part.
type spool struct {
	file     *os.File
	size     int64 // octets written
	part     int64 // the size of parts that was asked for; 0: it is by the number of entries
	blockEnd int64 // rank that the block which is being filled must not go beyond
	b        block
	buf      []byte // scratch
}

func createSpool(dir string, part int64) (*spool, error) {
	f, err := os.OpenFile(filepath.Join(dir, durable.TemporaryPrefix+"spool"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &spool{file: f, part: part}, nil
}

// add puts a name in. Ranks rise.
func (s *spool) add(list int, rank int64, e *Entry, name []byte, width int) error {
	b := &s.b
	if rank > s.blockEnd || list != b.list || b.full() {
		if err := s.flush(); err != nil {
			return err
		}
		b.reset(list)
		// Where the size of the parts is not known, it is one that grows with
		// the number of entries, and each that it may come to is a multiple of
		// the one that there would be if the lists ended here.
		size := s.part
		if size == 0 {
			size = partSize(rank)
		}
		s.blockEnd = (rank + size - 1) / size * size
	}
	b.add(rank, e.ListRank, name)
	if width > 0 {
		b.addTags(e.Tags, width)
	}
	return nil
}

// flush writes the block that is being filled.
func (s *spool) flush() error {
	if s.b.empty() {
		return nil
	}
	s.buf = s.b.appendTo(s.buf[:0])
	n, err := s.file.Write(s.buf)
	s.size += int64(n)
	return err
}

// close closes and removes the file. It does nothing the second time.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return joinErrors(f.Close(), os.Remove(f.Name()))
}

// blocks reads the spool from the beginning.
func (s *spool) blocks() *blockReader {
	return newBlockReader(io.NewSectionReader(s.file, 0, s.size))
}

// names gives add the names of some ranks, in order. Width is the number of tags that each has.
func (s *spool) names(ranks duplicates.Bitmap, width int, add func(rank int64, name []byte) error) error {
	blocks := s.blocks()
	var at cursor
	for {
		err := blocks.header()
		if err == io.EOF {
			return nil
		}
		if err == nil && !ranks.Fits(blocks.h.last) {
			err = errBlock
		}
		if err == nil {
			err = blocks.read()
		}
		if err == nil && ranks.HasAny(blocks.h.first, blocks.h.last) {
			at.reset(blocks.h, blocks.columns, width)
			err = at.each(ranks, add)
		}
		if err != nil {
			return s.wrap(err)
		}
	}
}

// each gives add the names of a block that have some ranks.
func (c *cursor) each(ranks duplicates.Bitmap, add func(rank int64, name []byte) error) error {
	for {
		err := c.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && ranks.Has(c.rank) {
			err = add(c.rank, c.names[c.begin:c.end])
		}
		if err != nil {
			return err
		}
	}
}

// wrap says where an error of the spool is.
func (s *spool) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.file.Name(), err)
}
