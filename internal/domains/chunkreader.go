package domains

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"
)

// A ChunkReader reads the names of one part in order of rank. It checks as it goes, so an error may come after
// the last name: results count only after Next has returned io.EOF. It is not for concurrent use.
type ChunkReader struct {
	plan   *Plan
	info   ChunkInfo
	path   string
	file   *os.File // nil: closed
	blocks *blockReader
	cursor cursor
	text   string // the names of the block
	sum    hash.Hash
	octets int64 // read so far
	last   int64 // rank of the last name
	names  int64 // in the blocks that were read so far
	err    error // what ended the reading
}

// Open opens the names of part k. The reader must be closed.
func (p *Plan) Open(k int) (*ChunkReader, error) {
	if k < 0 || k >= len(p.Chunks) {
		return nil, fmt.Errorf("no part %d: the run has %d", k, len(p.Chunks))
	}
	path := filepath.Join(p.dir, ChunksDir, ChunkName(k))
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info := p.Chunks[k]
	return &ChunkReader{plan: p, info: info, path: path, file: f, blocks: newBlockReader(f), sum: sha256.New(),
		last: info.FirstRank - 1}, nil
}

// Next fills into with the next names and returns how many. If err is nil and there is room, it is at least one;
// otherwise none. After the last one, if the chunk is what the plan describes, err is io.EOF. Domains share
// memory with some thousand neighbours: clone those that are kept for long.
func (c *ChunkReader) Next(into []Name) (n int, err error) {
	for n < len(into) && c.err == nil {
		err := c.cursor.next()
		if err == io.EOF {
			c.err = c.nextBlock()
			continue
		}
		if err != nil {
			c.err = c.damaged(err)
			break
		}
		c.fill(&into[n])
		n++
	}
	if n == 0 && len(into) > 0 {
		return 0, c.err
	}
	return n, nil
}

// fill sets n to the current name of the cursor.
func (c *ChunkReader) fill(n *Name) {
	at := &c.cursor
	*n = Name{Domain: c.text[at.begin:at.end], Rank: at.rank, ListRank: at.listRank, List: c.plan.Inputs[at.h.list].Name}
	if at.width > 0 {
		n.Tags = c.plan.tags(at.nameTags)
	}
}

// nextBlock reads a block and puts the cursor before its first name.
func (c *ChunkReader) nextBlock() error {
	err := c.blocks.header()
	if err == io.EOF {
		return c.checkWhole()
	}
	if err == nil {
		err = c.blocks.read()
	}
	if err != nil {
		return c.damaged(err)
	}
	h := c.blocks.h
	if h.first <= c.last || h.last > c.info.LastRank || h.list >= len(c.plan.Inputs) {
		return c.damaged(fmt.Errorf("ranks %d to %d have no place in it", h.first, h.last))
	}
	c.sum.Write(c.blocks.stored)
	c.octets += int64(len(c.blocks.stored))
	c.last, c.names = h.last, c.names+int64(h.names)
	c.cursor.reset(h, c.blocks.columns, len(c.plan.Tags))
	c.text = string(c.cursor.names)
	return nil
}

// checkWhole returns io.EOF if what was read is what the plan describes, or an error.
func (c *ChunkReader) checkWhole() error {
	if c.names != c.info.Names || c.octets != c.info.Bytes || hex.EncodeToString(c.sum.Sum(nil)) != c.info.SHA256 {
		return c.damaged(errors.New("it is not the one that the plan describes"))
	}
	return io.EOF
}

func (c *ChunkReader) damaged(err error) error {
	return fmt.Errorf("%s: damaged chunk: %w", c.path, err)
}

// Close closes the chunk. It does nothing the second time.
func (c *ChunkReader) Close() error {
	if c.file == nil {
		return nil
	}
	err := c.file.Close()
	c.file, c.err = nil, fmt.Errorf("read %s: %w", c.path, os.ErrClosed)
	return err
}

// Chunk iterates over the names of part k in order of rank, as a [ChunkReader] does. If there is an error, it
// comes last.
func (p *Plan) Chunk(k int) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		c, err := p.Open(k)
		if err != nil {
			yield(Name{}, err)
			return
		}
		defer c.Close()
		var names [256]Name
		for {
			n, err := c.Next(names[:])
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Name{}, err)
				return
			}
			for _, name := range names[:n] {
				if !yield(name, nil) {
					return
				}
			}
		}
	}
}
