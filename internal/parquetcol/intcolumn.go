package parquetcol

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// An IntColumn is a column of integers of 32 or 64 bits. DELTA_BINARY_PACKED spends nothing on a column that is
// always the same, and on others about as many bits as the differences have.
type IntColumn struct {
	values pageValues[int64] // 0 for NULL
	nulls  pageValues[bool]  // ends with the last NULL of the page
	chunk  chunk
}

// Add adds a value, which has as many bits as the column at most.
func (c *IntColumn) Add(v int64) { c.values.add(v) }

// AddNull adds NULL.
func (c *IntColumn) AddNull() {
	for c.nulls.n < c.values.n {
		c.nulls.add(false)
	}
	c.nulls.add(true)
	c.values.add(0)
}

// AddOptional adds what v points to; nil adds NULL.
func AddOptional[T int32 | int64](c *IntColumn, v *T) {
	if v == nil {
		c.AddNull()
	} else {
		c.Add(int64(*v))
	}
}

func (c *IntColumn) begin(leaf leaf) error {
	c.chunk.leaf = leaf
	return leaf.check(0, 0, 1, format.Int32, format.Int64)
}

func (c *IntColumn) endPage(s *scratch, order []int32) (err error) {
	s.int64s, s.definition = s.int64s[:0], s.definition[:0]
	if !c.chunk.leaf.optional() {
		c.nulls.reset()
	}
	for 0 < c.nulls.n && c.nulls.n < c.values.n {
		c.nulls.add(false)
	}
	switch {
	case c.nulls.n == 0:
		for _, i := range order {
			s.int64s = append(s.int64s, c.values.at(i))
		}
	case !c.nulls.equal():
		for _, i := range order {
			null := c.nulls.at(i)
			s.definition = append(s.definition, definition(!null))
			if !null {
				s.int64s = append(s.int64s, c.values.at(i))
			}
		}
	}
	c.values.reset()
	c.nulls.reset()
	c.extendBounds(s.int64s)
	c.chunk.encoding = format.DeltaBinaryPacked
	if s.values, err = c.encode(s); err != nil {
		return err
	}
	return c.chunk.addFlatPage(s, (*scratch).compress, len(order), len(order)-len(s.int64s))
}

func (c *IntColumn) encode(s *scratch) ([]byte, error) {
	if c.chunk.leaf.kind == format.Int64 {
		return new(delta.BinaryPackedEncoding).EncodeInt64(s.values[:0], s.int64s)
	}
	s.int32s = s.int32s[:0]
	for _, v := range s.int64s {
		s.int32s = append(s.int32s, int32(v))
	}
	return new(delta.BinaryPackedEncoding).EncodeInt32(s.values[:0], s.int32s)
}

func (c *IntColumn) extendBounds(values []int64) {
	if len(values) == 0 {
		return
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if c.chunk.min != nil {
		low, high = min(low, c.decode(c.chunk.min)), max(high, c.decode(c.chunk.max))
	}
	c.chunk.min, c.chunk.max = c.plain(low), c.plain(high)
}

// plain is a value as statistics have it, and decode the value of one.
func (c *IntColumn) plain(v int64) []byte {
	if c.chunk.leaf.kind == format.Int64 {
		return binary.LittleEndian.AppendUint64(nil, uint64(v))
	}
	return binary.LittleEndian.AppendUint32(nil, uint32(v))
}

func (c *IntColumn) decode(b []byte) int64 {
	if c.chunk.leaf.kind == format.Int64 {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return int64(int32(binary.LittleEndian.Uint32(b)))
}

func (c *IntColumn) finish(*scratch) (*chunk, error) { return &c.chunk, nil }
func (c *IntColumn) reset()                          { c.chunk.reset() }

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
