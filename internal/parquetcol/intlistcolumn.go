package parquetcol

import (
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// An IntListColumn is an optional column of lists of integers of 32 bits, which is NULL in most rows.
type IntListColumn struct {
	chunk   chunk
	values  []int32           // of the page, one list behind the other
	ends    pageValues[int32] // of the lists in values
	present pageValues[bool]  // not NULL
}

// Add adds a list; nil is NULL, which an empty list is not.
func (c *IntListColumn) Add(list []int32) {
	c.values = append(c.values, list...)
	c.ends.add(int32(len(c.values)))
	c.present.add(list != nil)
}

// begin takes lists that are optional, of elements that are not: an empty list has the level 1 of definition, and a
// value the level 2.
func (c *IntListColumn) begin(leaf leaf) error {
	c.chunk.leaf = leaf
	return leaf.check(1, 2, 2, format.Int32)
}

func (c *IntListColumn) endPage(s *scratch, order []int32) (err error) {
	s.int32s, s.repetition, s.definition = s.int32s[:0], s.repetition[:0], s.definition[:0]
	for _, i := range order {
		start := int32(0)
		if i > 0 {
			start = c.ends.at(i - 1)
		}
		list := c.values[start:c.ends.at(i)]
		if len(list) == 0 {
			s.repetition, s.definition = append(s.repetition, 0), append(s.definition, definition(c.present.at(i)))
		}
		for k, v := range list {
			s.repetition = append(s.repetition, byte(min(k, 1)))
			s.definition = append(s.definition, c.chunk.leaf.maxDefinition)
			s.int32s = append(s.int32s, v)
		}
	}
	c.values = c.values[:0]
	c.ends.reset()
	c.present.reset()
	c.chunk.encoding = format.DeltaBinaryPacked
	if s.values, err = new(delta.BinaryPackedEncoding).EncodeInt32(s.values[:0], s.int32s); err != nil {
		return err
	}
	s.levels = s.levels[:0]
	if err := s.appendLevels(s.repetition, c.chunk.leaf.maxRepetition); err != nil {
		return err
	}
	repetition := len(s.levels)
	if err := s.appendLevels(s.definition, c.chunk.leaf.maxDefinition); err != nil {
		return err
	}
	count := len(s.repetition)
	return c.chunk.addPage(s, repetition, s.values, (*scratch).compress, len(order), count, count-len(s.int32s))
}

func (c *IntListColumn) finish(*scratch) (*chunk, error) { return &c.chunk, nil }
func (c *IntListColumn) reset()                          { c.chunk.reset() }
