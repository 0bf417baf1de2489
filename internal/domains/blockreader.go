package domains

import (
	"encoding/binary"
	"io"
)

// A blockReader reads blocks one by one.
type blockReader struct {
	r       io.Reader // not buffered: a block is larger than a buffer
	h       header
	stored  []byte // header and columns; valid until the next call of header
	columns []byte // as valid as stored, after read
}

func newBlockReader(r io.Reader) *blockReader { return &blockReader{r: r} }

// header goes on to the next block. It returns io.EOF after the last one.
func (b *blockReader) header() error {
	b.stored = append(b.stored[:0], make([]byte, headerSize)...)
	if _, err := io.ReadFull(b.r, b.stored); err != nil {
		return err
	}
	return b.h.parse(b.stored)
}

// read reads the columns of the block.
func (b *blockReader) read() error {
	b.stored = append(b.stored, make([]byte, b.h.size())...)
	b.columns = b.stored[headerSize:]
	if _, err := io.ReadFull(b.r, b.columns); err != nil {
		return unexpectedEOF(err)
	}
	return nil
}

// A cursor iterates over the names of a stored block. It trusts none of the octets.
type cursor struct {
	h               header
	sizes, names    []byte
	gaps, listRanks []byte // what is left of them
	tags            []byte // what is left of them
	nameTags        []byte // of the current name, as they are stored
	width           int    // number of tags of a name
	i               int    // index of the next name
	begin, end      int    // of the current name, in names
	rank, listRank  int64  // of the current name
}

// reset puts the cursor before the first name of a block. Columns are h.size() octets.
func (c *cursor) reset(h header, columns []byte, width int) {
	*c = cursor{h: h, width: width, rank: h.first}
	for _, to := range [...]struct {
		column *[]byte
		size   int
	}{{&c.sizes, h.names}, {&c.names, h.text}, {&c.gaps, h.gaps}, {&c.listRanks, h.listRanks}, {&c.tags, h.tags}} {
		*to.column, columns = columns[:to.size:to.size], columns[to.size:]
	}
}

// next goes on to the next name. After the last one, once the columns are used up, it returns io.EOF.
func (c *cursor) next() error {
	if c.i == len(c.sizes) {
		if c.end != len(c.names) || c.rank != c.h.last || len(c.gaps)+len(c.listRanks)+len(c.tags) > 0 {
			return errBlock
		}
		return io.EOF
	}
	c.begin, c.end = c.end, c.end+int(c.sizes[c.i])
	if c.end > len(c.names) {
		return errBlock
	}
	if c.i > 0 {
		gap := uint64(1)
		if c.h.gaps > 0 {
			var n int
			if gap, n = binary.Uvarint(c.gaps); n <= 0 || gap < 1 || gap > uint64(c.h.last-c.rank) {
				return errBlock
			}
			c.gaps = c.gaps[n:]
		}
		c.rank += int64(gap)
	}
	if c.h.listRanks > 0 {
		step, n := binary.Varint(c.listRanks)
		if n <= 0 {
			return errBlock
		}
		c.listRank, c.listRanks = c.listRank+step, c.listRanks[n:]
	}
	c.i++
	if c.width > 0 {
		return c.nextTags()
	}
	return nil
}

// nextTags finds the tags of the current name.
func (c *cursor) nextTags() error {
	left := c.tags
	for range c.width {
		if _, ok := cutTag(&left); !ok {
			return errBlock
		}
	}
	c.nameTags, c.tags = c.tags[:len(c.tags)-len(left)], left
	return nil
}

// cutTag removes the first one of stored tags.
func cutTag(tags *[]byte) (tag []byte, ok bool) {
	size, n := binary.Uvarint(*tags)
	if n <= 0 || size > uint64(len(*tags)-n) {
		return nil, false
	}
	tag, *tags = (*tags)[n:n+int(size)], (*tags)[n+int(size):]
	return tag, true
}
