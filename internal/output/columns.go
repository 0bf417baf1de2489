package output

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// A column takes the values of one column of lean rows, one for each row, as
// they come. All it does with them it does a page at a time, in short loops.
type column interface {
	to() *chunk
	flush(p *press, order []int32) error // makes a page of the values so far, in the given order
	finish(*press) error                 // ends the row group
	reset()                              // begins another
}

// A series is a column that is no list.
type series struct{ chunk }

func (c *series) to() *chunk          { return &c.chunk }
func (c *series) finish(*press) error { return nil }

// end makes a page of p.values, which are encoded. The levels of definition
// are p.defs; where nothing is NULL, or all, they may be left out.
func (c *series) end(p *press, squeeze squeezer, rows, nulls int) (err error) {
	p.levels = p.levels[:0]
	switch {
	case c.maxDef == 0:
	case nulls == 0:
		p.levels = appendRun(p.levels, rows, c.maxDef)
	case nulls == rows:
		p.levels = appendRun(p.levels, rows, 0)
	default:
		err = p.level(p.defs, c.maxDef)
	}
	if err != nil {
		return err
	}
	return c.page(p, 0, p.values, squeeze, rows, rows, nulls)
}

// terms is a column of few different texts, in a dictionary.
type terms struct {
	series
	text   []string         // of the dictionary
	id     map[string]int32 // index in text
	ids    page[int32]      // -1: NULL
	counts []int64          // how often each occurs in the pages of the row group
}

// add says whether the text is valid UTF-8, which it finds out once a term.
func (c *terms) add(text string) bool {
	// Nearly every row has one of a handful: these are looked at before the map
	// is asked.
	for i, term := range c.text[:min(len(c.text), 4)] {
		if term == text {
			c.ids.add(int32(i))
			return true
		}
	}
	if text == "" {
		c.ids.add(-1)
		return true
	}
	id, ok := c.id[text]
	if !ok {
		text = strings.Clone(text) // it may be of a buffer of the caller
		id = int32(len(c.text))
		c.id[text] = id
		c.text, c.counts = append(c.text, text), append(c.counts, 0)
	}
	c.ids.add(id)
	return ok || utf8.ValidString(text)
}

func (c *terms) flush(p *press, order []int32) (err error) {
	encoding := rle.Encoding{BitWidth: bits.Len(uint(max(len(c.text)-1, 1)))}
	p.values = append(p.values[:0], byte(encoding.BitWidth))
	c.encoding = format.RLEDictionary
	defer c.ids.reset()
	if id := c.ids.first; c.ids.equal() && id >= 0 && encoding.BitWidth <= 8 {
		c.counts[id] += int64(c.ids.n)
		p.values = appendRun(p.values, c.ids.n, byte(id))
		return c.end(p, (*press).matches, c.ids.n, 0)
	}
	p.int32s, p.defs = p.int32s[:0], p.defs[:0]
	for _, i := range order {
		id := c.ids.at(i)
		if id < 0 {
			p.defs = append(p.defs, 0)
			continue
		}
		p.defs = append(p.defs, 1)
		p.int32s = append(p.int32s, id)
		c.counts[id]++
	}
	if p.packed, err = encoding.EncodeInt32(p.packed[:0], p.int32s); err != nil {
		return err
	}
	p.values = append(p.values, p.packed...)
	return c.end(p, (*press).matches, len(order), len(order)-len(p.int32s))
}

// finish makes the dictionary, whose terms all occur.
func (c *terms) finish(p *press) error {
	p.values = p.values[:0]
	for _, text := range c.text {
		p.values = plain.AppendByteArrayString(p.values, text)
		if c.min == nil || text < string(c.min) {
			c.min = []byte(text)
		}
		if text > string(c.max) {
			c.max = []byte(text)
		}
	}
	return c.dictionary(p, p.values, len(c.text))
}

func (c *terms) reset() {
	c.chunk.reset()
	clear(c.id)
	c.text, c.counts = c.text[:0], c.counts[:0]
}

// ints is a column of 32 or 64 bit integers. DELTA_BINARY_PACKED spends nothing
// on a column that is always the same, and on others about as many bits as the
// differences have.
type ints struct {
	series
	values page[int64] // NULL counts as 0
	nulls  page[bool]  // empty where the column is never NULL
}

func (c *ints) add(v int64) { c.values.add(v) }

// number adds a value that may be NULL.
func number[T int32 | int64](c *ints, v *T) {
	if c.nulls.add(v == nil); v == nil {
		c.add(0)
	} else {
		c.add(int64(*v))
	}
}

func (c *ints) flush(p *press, order []int32) (err error) {
	p.int64s, p.defs = p.int64s[:0], p.defs[:0]
	switch {
	case c.nulls.n > 0 && !c.nulls.equal():
		for _, i := range order {
			null := c.nulls.at(i)
			p.defs = append(p.defs, level(!null))
			if !null {
				p.int64s = append(p.int64s, c.values.at(i))
			}
		}
	case c.nulls.n == 0 || !c.nulls.first:
		for _, i := range order {
			p.int64s = append(p.int64s, c.values.at(i))
		}
	}
	c.values.reset()
	c.nulls.reset()
	c.bounds(p.int64s)
	c.encoding = format.DeltaBinaryPacked
	if p.values, err = c.encode(p); err != nil {
		return err
	}
	return c.end(p, (*press).matches, len(order), len(order)-len(p.int64s))
}

// level is that of a value in a column that is no list.
func level(there bool) byte {
	if there {
		return 1
	}
	return 0
}

func (c *ints) encode(p *press) ([]byte, error) {
	if c.kind == format.Int64 {
		return new(delta.BinaryPackedEncoding).EncodeInt64(p.values[:0], p.int64s)
	}
	p.int32s = p.int32s[:0]
	for _, v := range p.int64s {
		p.int32s = append(p.int32s, int32(v))
	}
	return new(delta.BinaryPackedEncoding).EncodeInt32(p.values[:0], p.int32s)
}

func (c *ints) bounds(values []int64) {
	if len(values) == 0 {
		return
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if c.min != nil {
		low, high = min(low, c.integer(c.min)), max(high, c.integer(c.max))
	}
	c.min, c.max = c.octets(low), c.octets(high)
}

// octets and integer are a value as statistics have it.
func (c *ints) octets(v int64) []byte {
	if c.kind == format.Int64 {
		return binary.LittleEndian.AppendUint64(nil, uint64(v))
	}
	return binary.LittleEndian.AppendUint32(nil, uint32(v))
}

func (c *ints) integer(b []byte) int64 {
	if c.kind == format.Int64 {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return int64(int32(binary.LittleEndian.Uint32(b)))
}
