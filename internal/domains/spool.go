package domains

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"stsscan/internal/duplicates"
	"stsscan/internal/durable"
)

// A spool keeps the names of all lists, in blocks, until the size of the parts is known. No block crosses the end
// of a part.
type spool struct {
	file     *os.File
	size     int64 // octets written
	part     int64 // requested size of parts; 0: by the number of entries
	many     int64 // PrepareConfig.ManyParts
	blockEnd int64 // highest rank that the current block may have
	b        block
	buf      []byte // scratch
}

func createSpool(dir string, part, many int64) (*spool, error) {
	f, err := os.OpenFile(filepath.Join(dir, durable.TemporaryPrefix+"spool"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &spool{file: f, part: part, many: many}, nil
}

// add adds a name. Ranks rise.
func (s *spool) add(list int, rank int64, e *Entry, name []byte, width int) error {
	b := &s.b
	if rank > s.blockEnd || list != b.list || b.full() {
		if err := s.flush(); err != nil {
			return err
		}
		b.reset(list)
		// If the size of the parts is not known, it grows with the number of entries: each later one is a
		// multiple of the size for a list that ended here.
		size := s.part
		if size == 0 {
			size = partSize(rank, s.many)
		}
		s.blockEnd = (rank + size - 1) / size * size
	}
	b.add(rank, e.ListRank, name)
	if width > 0 {
		b.addTags(e.Tags, width)
	}
	return nil
}

// flush writes the current block.
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
	return durable.JoinErrors(f.Close(), os.Remove(f.Name()))
}

// blocks reads the spool from the beginning.
func (s *spool) blocks() *blockReader {
	return newBlockReader(io.NewSectionReader(s.file, 0, s.size))
}

// names calls add for the names that have some ranks, in order, with their tags as they are stored; nil: there are
// none. Width is the number of tags of a name.
func (s *spool) names(ranks duplicates.Bitmap, width int, add func(rank int64, name, tags []byte) error) error {
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

// each calls add for the names of a block that have some ranks.
func (c *cursor) each(ranks duplicates.Bitmap, add func(rank int64, name, tags []byte) error) error {
	for {
		err := c.next()
		if err == io.EOF {
			return nil
		}
		if err == nil && ranks.Has(c.rank) {
			tags := c.nameTags
			if len(bytes.Trim(tags, "\x00")) == 0 { // all are empty
				tags = nil
			}
			err = add(c.rank, c.names[c.begin:c.end], tags)
		}
		if err != nil {
			return err
		}
	}
}

// wrap adds the path of the spool to an error.
func (s *spool) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", s.file.Name(), err)
}
