package domains

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A ChunkReader reads the names of one part in order of rank. It checks as it
// goes: an error may also come after the last name, so what was made of the
// names counts only once Next has returned io.EOF. It is not for concurrent
// use.
type ChunkReader struct {
	plan   *Plan
	info   ChunkInfo
	path   string
	file   *os.File
	packed *packedReader
	rec    record
	last   int64  // rank of the last name
	names  int64  // read so far
	text   []byte // the names of one call of Next, one behind the other
	ends   []int  // where each of them ends
	err    error  // what ended the names
}

// Open opens the names of part k. The reader must be closed.
func (p *Plan) Open(k int) (*ChunkReader, error) {
	if k < 0 || k >= len(p.Chunks) {
		return nil, fmt.Errorf("no part %d: the run has %d", k, len(p.Chunks))
	}
	path := filepath.Join(p.dir, chunksDir, chunkName(k))
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	packed, err := newPackedReader(f)
	if err != nil {
		return nil, with(err, f.Close())
	}
	return &ChunkReader{plan: p, info: p.Chunks[k], path: path, file: f, packed: packed, last: p.Chunks[k].FirstRank - 1}, nil
}

// Next fills into with the names that come next and returns how many they are:
// at least one where err is nil, and else none. After the last one, when all
// that the plan says of the part was found to be true, err is io.EOF. The
// strings of one call share their memory.
func (c *ChunkReader) Next(into []Name) (n int, err error) {
	c.text, c.ends = c.text[:0], c.ends[:0]
	for n < len(into) && c.err == nil {
		if c.err = c.read(&into[n]); c.err == nil {
			n++
		}
	}
	if n == 0 && len(into) > 0 {
		return 0, c.err
	}
	text, begin := string(c.text), 0
	for i, end := range c.ends {
		into[i].Domain = text[begin:end]
		begin = end
	}
	return n, nil
}

// read reads one name, but for its domain.
func (c *ChunkReader) read(n *Name) error {
	if c.file == nil {
		return fmt.Errorf("read %s: %w", c.path, os.ErrClosed)
	}
	_, err := c.packed.next(&c.rec)
	if err == io.EOF {
		return c.finish()
	}
	if err != nil {
		return fmt.Errorf("%s: damaged chunk: %w", c.path, err)
	}
	rec := &c.rec
	if rec.rank <= c.last || rec.rank > c.info.LastRank || rec.list >= len(c.plan.Inputs) || len(rec.tags) != len(c.plan.Tags) {
		return fmt.Errorf("%s: damaged chunk: rank %d has no place in it", c.path, rec.rank)
	}
	c.last, c.names = rec.rank, c.names+1
	*n = Name{Rank: rec.rank, ListRank: rec.listRank, List: c.plan.Inputs[rec.list].Name, Tags: c.plan.tags(rec)}
	c.text = append(c.text, rec.domain...)
	c.ends = append(c.ends, len(c.text))
	return nil
}

// finish says whether what was read is what the plan describes.
func (c *ChunkReader) finish() error {
	if c.names != c.info.Names || c.packed.raw.n != c.info.Bytes || c.packed.sha256() != c.info.SHA256 {
		return fmt.Errorf("%s: %w", c.path, errors.New("damaged chunk: it is not the one that the plan describes"))
	}
	return io.EOF
}

// Close closes the chunk. It does nothing the second time.
func (c *ChunkReader) Close() error {
	if c.file == nil {
		return nil
	}
	c.packed.close()
	err := c.file.Close()
	c.file = nil
	return err
}
