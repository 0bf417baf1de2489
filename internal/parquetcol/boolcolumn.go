package parquetcol

import (
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/format"
)

// A BoolColumn is a column of booleans, eight to an octet.
type BoolColumn struct {
	chunk chunk
	page  pageValues[truth]
	seen  [3]bool // by truth, in the row group
}

// A truth is a boolean or NULL.
type truth byte

const (
	isFalse truth = iota
	isTrue
	isNull
)

// Add adds a boolean; nil is NULL.
func (c *BoolColumn) Add(v *bool) {
	switch {
	case v != nil && *v:
		c.page.add(isTrue)
	case v == nil && c.chunk.leaf.optional():
		c.page.add(isNull)
	default:
		c.page.add(isFalse)
	}
}

func (c *BoolColumn) begin(leaf leaf) error {
	c.chunk.leaf = leaf
	return leaf.check(0, 0, 1, format.Boolean)
}

func (c *BoolColumn) endPage(s *scratch, order []int32) error {
	s.values, s.definition = s.values[:0], s.definition[:0]
	count := 0
	for _, i := range order {
		v := c.page.at(i)
		c.seen[v] = true
		s.definition = append(s.definition, definition(v != isNull))
		if v != isNull {
			s.values = plain.AppendBoolean(s.values, count, v == isTrue)
			count++
		}
	}
	c.page.reset()
	c.chunk.encoding = format.Plain
	return c.chunk.addFlatPage(s, (*scratch).compress, len(order), len(order)-count)
}

// finish sets the bounds.
func (c *BoolColumn) finish(*scratch) (*chunk, error) {
	for v, octet := range [...][]byte{isFalse: {0}, isTrue: {1}} {
		if c.seen[v] {
			c.chunk.max = octet
			if c.chunk.min == nil {
				c.chunk.min = octet
			}
		}
	}
	return &c.chunk, nil
}

func (c *BoolColumn) reset() {
	c.chunk.reset()
	c.seen = [3]bool{}
}
