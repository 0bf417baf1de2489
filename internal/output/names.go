package output

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// names is a column of texts that are nearly all different.
type names struct {
	series
	data []byte   // of the page, one name behind the other; an empty one is NULL
	ends []uint32 // of the names in data
}

// add says whether the text is valid UTF-8.
func (c *names) add(text string) bool {
	c.data = append(c.data, text...)
	c.ends = append(c.ends, uint32(len(c.data)))
	return utf8.ValidString(text)
}

// all yields the names in the order in which they came.
func (c *names) all(yield func(name []byte) bool) {
	start := uint32(0)
	for _, end := range c.ends {
		if !yield(c.data[start:end]) {
			return
		}
		start = end
	}
}

// flush leaves out what a name has in common with the one before, by
// DELTA_BYTE_ARRAY, where that is much: in a list that is sorted, as zones are.
func (c *names) flush(p *press, order []int32) (err error) {
	p.text, p.offsets, p.defs = p.text[:0], append(p.offsets[:0], 0), p.defs[:0]
	for _, i := range order {
		start, end := uint32(0), c.ends[i]
		if i > 0 {
			start = c.ends[i-1]
		}
		if start == end {
			p.defs = append(p.defs, 0)
			continue
		}
		p.defs = append(p.defs, 1)
		p.text = append(p.text, c.data[start:end]...)
		p.offsets = append(p.offsets, uint32(len(p.text)))
	}
	c.data, c.ends = c.data[:0], c.ends[:0]
	c.bounds(p)
	if shared(p) >= worthSharing {
		c.encoding = format.DeltaByteArray
		p.values, err = new(delta.ByteArrayEncoding).EncodeByteArray(p.values[:0], p.text, p.offsets)
	} else {
		c.encoding = format.DeltaLengthByteArray
		p.values, err = new(delta.LengthByteArrayEncoding).EncodeByteArray(p.values[:0], p.text, p.offsets)
	}
	if err != nil {
		return err
	}
	return c.end(p, (*press).literals, len(order), len(order)-(len(p.offsets)-1))
}

// repeat makes the page of a column whose names are those of the column that was
// flushed just before: p has them still, in all forms.
func (c *names) repeat(p *press, of *names, rows int) error {
	c.bounds(p)
	c.encoding = of.encoding
	return c.end(p, (*press).again, rows, 0)
}

// worthSharing is from how many octets on, per name, leaving out what is shared
// makes up for a second number per name.
const worthSharing = 2

// shared is how many octets of a name the one before has too, in the mean of
// the first few of the page.
func shared(p *press) int {
	pairs, sum := min(len(p.offsets)-2, 256), 0
	for i := range max(pairs, 0) {
		before, name := p.text[p.offsets[i]:p.offsets[i+1]], p.text[p.offsets[i+1]:p.offsets[i+2]]
		for k := 0; k < min(len(before), len(name)) && before[k] == name[k]; k++ {
			sum++
		}
	}
	return sum / max(pairs, 1)
}

// bounds looks at the first octets of a name alone, unless they are those of
// the bound.
func (c *names) bounds(p *press) {
	low, high := c.min, c.max
	lowest, highest := prefix(low), prefix(high)
	for i := range len(p.offsets) - 1 {
		name := p.text[p.offsets[i]:p.offsets[i+1]]
		head := prefix(name)
		if low == nil || head <= lowest && bytes.Compare(name, low) < 0 {
			low, lowest = name, head
		}
		if high == nil || head >= highest && bytes.Compare(name, high) > 0 {
			high, highest = name, head
		}
	}
	c.min, c.max = bytes.Clone(low), bytes.Clone(high)
}

// prefix is the first eight octets of a name, as a number of the same order.
func prefix(name []byte) uint64 {
	if len(name) >= 8 {
		return binary.BigEndian.Uint64(name)
	}
	var head [8]byte
	copy(head[:], name)
	return binary.BigEndian.Uint64(head[:])
}
