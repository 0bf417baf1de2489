package domains

import (
	"fmt"
	"io"
	"path/filepath"
)

// A chunkWriter turns the spool into chunks, without the repeats.
type chunkWriter struct {
	prep     *preparation
	spool    *packedReader
	packed   *packedWriter
	repeated bitmap
	next     record // the record that the spool is at
	line     []byte // its line
	done     bool   // the spool is at its end
}

// advance goes on to the next record that is no repeat, and counts repeats and
// names.
func (c *chunkWriter) advance() (err error) {
	for {
		c.line, err = c.spool.next(&c.next)
		if err == io.EOF {
			c.done = true
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.prep.spool.Name(), err)
		}
		plan := c.prep.plan
		in := &plan.Inputs[c.next.list]
		if !c.repeated.has(c.next.rank) {
			in.Names++
			plan.Names++
			return nil
		}
		in.Duplicates++
		plan.Duplicates++
	}
}

// writeChunk writes the names of part k, up to which the spool has been read.
func (c *chunkWriter) writeChunk(k int) (_ ChunkInfo, err error) {
	first, last := c.prep.plan.Ranks(k)
	info := ChunkInfo{FirstRank: first, LastRank: last}
	f, err := c.prep.cfg.Disk.Create(filepath.Join(c.prep.chunks, chunkName(k)))
	if err != nil {
		return info, err
	}
	defer func() { err = with(err, f.Abort()) }()
	c.packed.begin(f)
	for !c.done && c.next.rank <= last {
		if _, err := c.packed.Write(c.line); err != nil {
			return info, err
		}
		info.Names++
		if err := c.advance(); err != nil {
			return info, err
		}
	}
	if err := c.packed.finish(); err != nil {
		return info, err
	}
	info.Bytes, info.SHA256 = c.packed.n, c.packed.sha256()
	return info, f.Commit(nil)
}
