package output

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// A column takes the values of one column of lean rows.
type column interface {
	to() *chunk
	flush(*press) error // ends the page that the values since the last flush make
	finish(*press) error
	reset()
}

// A series is a column that is no list: the levels of its values in one page.
type series struct {
	chunk
	defs  []byte // empty where the column is never NULL
	count int    // of values that are there
}

func (c *series) to() *chunk { return &c.chunk }

// missing and present note a value.
func (c *series) missing() { c.defs = append(c.defs, 0) }

func (c *series) present() {
	if c.maxDef > 0 {
		c.defs = append(c.defs, c.maxDef)
	}
	c.count++
}

// end makes a page of the levels so far and of values, the encoded values.
func (c *series) end(p *press, values []byte) error {
	rows := max(len(c.defs), c.count)
	p.levels = p.levels[:0]
	defs, err := p.level(c.defs, c.maxDef)
	if err != nil {
		return err
	}
	count := c.count
	c.defs, c.count = c.defs[:0], 0
	return c.page(p, 0, defs, values, rows, rows, rows-count)
}

func (c *series) finish(*press) error { return nil }

// names is a column of texts that are nearly all different. DELTA_BYTE_ARRAY
// leaves out what a name has in common with the one before: much in a list
// that is sorted, as zones are.
type names struct {
	series
	data    []byte
	offsets []uint32 // of the names in data, and the end
}

// add says whether the text is valid UTF-8.
func (c *names) add(text string) bool {
	if text == "" {
		c.missing()
		return true
	}
	c.present()
	if len(c.offsets) == 0 {
		c.offsets = append(c.offsets, 0)
	}
	c.data = append(c.data, text...)
	c.offsets = append(c.offsets, uint32(len(c.data)))
	return utf8.ValidString(text)
}

func (c *names) flush(p *press) (err error) {
	c.bounds()
	c.encoding = format.DeltaByteArray
	if p.values, err = new(delta.ByteArrayEncoding).EncodeByteArray(p.values[:0], c.data, c.offsets); err != nil {
		return err
	}
	c.data, c.offsets = c.data[:0], c.offsets[:0]
	return c.end(p, p.values)
}

func (c *names) bounds() {
	low, high := c.min, c.max
	for i := 1; i < len(c.offsets); i++ {
		name := c.data[c.offsets[i-1]:c.offsets[i]]
		if low == nil || bytes.Compare(name, low) < 0 {
			low = name
		}
		if high == nil || bytes.Compare(name, high) > 0 {
			high = name
		}
	}
	c.min, c.max = bytes.Clone(low), bytes.Clone(high)
}

// terms is a column of few different texts, in a dictionary.
type terms struct {
	series
	text   []string         // of the dictionary
	id     map[string]int32 // index in text
	ids    []int32          // of the page
	counts []int64          // how often each occurs in the row group
}

// add says whether the text is valid UTF-8, which it finds out once a word.
func (c *terms) add(text string) bool {
	if text == "" {
		c.missing()
		return true
	}
	c.present()
	id, ok := c.find(text)
	if !ok {
		text = strings.Clone(text) // it may be of a buffer of the caller
		id = int32(len(c.text))
		c.id[text] = id
		c.text, c.counts = append(c.text, text), append(c.counts, 0)
	}
	c.ids = append(c.ids, id)
	c.counts[id]++
	return ok || utf8.ValidString(text)
}

// find looks at the first words before it asks the map: nearly every row has
// one of a handful.
func (c *terms) find(text string) (int32, bool) {
	for i, word := range c.text[:min(len(c.text), 6)] {
		if word == text {
			return int32(i), true
		}
	}
	id, ok := c.id[text]
	return id, ok
}

func (c *terms) flush(p *press) (err error) {
	c.encoding = format.RLEDictionary
	encoding := rle.Encoding{BitWidth: bits.Len(uint(max(len(c.text)-1, 1)))}
	if p.packed, err = encoding.EncodeInt32(p.packed[:0], c.ids); err != nil {
		return err
	}
	p.values = append(append(p.values[:0], byte(encoding.BitWidth)), p.packed...)
	c.ids = c.ids[:0]
	return c.end(p, p.values)
}

// finish makes the dictionary, whose words all occur.
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
// on a column that is always the same, and about as many bits as the
// differences have on others.
type ints struct {
	series
	values []int64
}

func (c *ints) add(v int64) {
	c.present()
	c.values = append(c.values, v)
}

func (c *ints) flush(p *press) (err error) {
	c.encoding = format.DeltaBinaryPacked
	if p.values, err = c.encode(p); err != nil {
		return err
	}
	return c.end(p, p.values)
}

// encode gives the values of a page, takes note of their bounds and forgets
// them.
func (c *ints) encode(p *press) ([]byte, error) {
	values := c.values
	c.values = c.values[:0]
	if len(values) > 0 {
		low, high := values[0], values[0]
		for _, v := range values {
			low, high = min(low, v), max(high, v)
		}
		if c.min != nil {
			low, high = min(low, c.integer(c.min)), max(high, c.integer(c.max))
		}
		c.min, c.max = c.octets(low), c.octets(high)
	}
	if c.kind == format.Int64 {
		return new(delta.BinaryPackedEncoding).EncodeInt64(p.values[:0], values)
	}
	p.int32s = p.int32s[:0]
	for _, v := range values {
		p.int32s = append(p.int32s, int32(v))
	}
	return new(delta.BinaryPackedEncoding).EncodeInt32(p.values[:0], p.int32s)
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
