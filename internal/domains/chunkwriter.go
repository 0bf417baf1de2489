package domains

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"

	"stsscan/internal/duplicates"
	"stsscan/internal/durable"
)

// A chunkWriter copies the spool into chunks, without the duplicates. Blocks without duplicates are copied as
// they are.
type chunkWriter struct {
	cfg       *PrepareConfig
	needs     func(k int) bool // whether chunk k is written; nil: all are
	plan      *Plan
	spool     *spool
	blocks    *blockReader
	atEnd     bool // of the spool
	duplicate duplicates.Bitmap
	others    *otherTags
	cursor    cursor
	kept      block  // what is left of a block with duplicates
	buf       []byte // kept, as it is stored
}

// advance reads the header of the next block.
func (c *chunkWriter) advance() error {
	err := c.blocks.header()
	if err == io.EOF {
		c.atEnd = true
		return nil
	}
	if err == nil && c.blocks.h.list >= len(c.plan.Inputs) {
		err = errBlock
	}
	return c.spool.wrap(err)
}

// writeChunk writes the names of part k, which come next in the spool, if they are needed, and describes them.
func (c *chunkWriter) writeChunk(k int) (_ ChunkInfo, err error) {
	first, last := c.plan.Ranks(k)
	info := ChunkInfo{FirstRank: first, LastRank: last}
	sum := sha256.New()
	to, commit := io.Writer(sum), func() error { return nil }
	if c.needs == nil || c.needs(k) {
		f, err := c.cfg.Disk.Create(filepath.Join(c.cfg.Dir, ChunksDir, ChunkName(k)))
		if err != nil {
			return info, err
		}
		defer func() { err = durable.JoinErrors(err, f.Abort()) }()
		to, commit = io.MultiWriter(f, sum), func() error { return f.Commit(nil) }
	}
	for !c.atEnd && c.blocks.h.first <= last {
		if c.blocks.h.last > last {
			return info, c.spool.wrap(fmt.Errorf("ranks %d to %d are of two parts", c.blocks.h.first, c.blocks.h.last))
		}
		stored, names, err := c.block()
		if err != nil {
			return info, c.spool.wrap(err)
		}
		if _, err := to.Write(stored); err != nil {
			return info, err
		}
		info.Names, info.Bytes = info.Names+int64(names), info.Bytes+int64(len(stored))
		if err := c.advance(); err != nil {
			return info, err
		}
	}
	info.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return info, commit()
}

// block reads a block, removes the duplicates, and counts both.
func (c *chunkWriter) block() (stored []byte, names int, err error) {
	if err := c.blocks.read(); err != nil {
		return nil, 0, err
	}
	h := c.blocks.h
	stored, names = c.blocks.stored, h.names
	if c.duplicate != nil && c.duplicate.HasAny(h.first, h.last) {
		if err := c.filter(); err != nil {
			return nil, 0, err
		}
		if stored, names = c.buf[:0], len(c.kept.sizes); names > 0 {
			c.buf = c.kept.appendTo(c.buf[:0])
			stored = c.buf
		}
	}
	c.plan.count(h.list, Counts{Names: int64(names), Duplicates: int64(h.names - names)})
	return stored, names, nil
}

// filter leaves the names that are no duplicates in kept, and passes the duplicates to others.
func (c *chunkWriter) filter() error {
	at := &c.cursor
	at.reset(c.blocks.h, c.blocks.columns, len(c.cfg.Tags))
	c.kept.reset(at.h.list)
	for {
		err := at.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := at.names[at.begin:at.end]
		if c.duplicate.Has(at.rank) {
			if err := c.others.write(at.h.list, at.rank, name, at.nameTags); err != nil {
				return err
			}
			continue
		}
		c.kept.add(at.rank, at.listRank, name)
		c.kept.tags = append(c.kept.tags, at.nameTags...)
	}
}
