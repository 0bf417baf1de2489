package parquetcol

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// A TextColumn is a column of texts that are nearly all different. The empty text is NULL.
type TextColumn struct {
	// FilterBits is the size of the column's Bloom filter, per value: with 10 bits, one text in a hundred that is
	// not in the row group passes it. 0: no filter.
	FilterBits uint

	chunk  chunk
	data   []byte   // of the page, one text behind the other
	ends   []uint32 // of the texts in data
	hashes []uint64 // of the texts in the row group, for the filter
}

// Add reports whether the text is valid UTF-8.
func (c *TextColumn) Add(text string) bool {
	c.data = append(c.data, text...)
	c.ends = append(c.ends, uint32(len(c.data)))
	return utf8.ValidString(text)
}

// text is the one that came to the page as number i.
func (c *TextColumn) text(i int32) []byte {
	if i == 0 {
		return c.data[:c.ends[0]]
	}
	return c.data[c.ends[i-1]:c.ends[i]]
}

func (c *TextColumn) begin(leaf leaf) error {
	c.chunk.leaf = leaf
	return leaf.check(0, 0, 1, format.ByteArray)
}

// endPage leaves out what a text shares with the one before, by DELTA_BYTE_ARRAY, where that is much: in a list that
// is sorted, as zones are.
func (c *TextColumn) endPage(s *scratch, order []int32) (err error) {
	s.text, s.offsets, s.definition = s.text[:0], append(s.offsets[:0], 0), s.definition[:0]
	for _, i := range order {
		text := c.text(i)
		present := len(text) > 0 || !c.chunk.leaf.optional()
		s.definition = append(s.definition, definition(present))
		if present {
			s.text = append(s.text, text...)
			s.offsets = append(s.offsets, uint32(len(s.text)))
		}
	}
	c.data, c.ends = c.data[:0], c.ends[:0]
	count := len(s.offsets) - 1
	c.hash(s)
	c.extendBounds(s)
	if meanShared(s) >= worthSharing {
		c.chunk.encoding = format.DeltaByteArray
		s.values, err = new(delta.ByteArrayEncoding).EncodeByteArray(s.values[:0], s.text, s.offsets)
	} else {
		c.chunk.encoding = format.DeltaLengthByteArray
		s.values, err = new(delta.LengthByteArrayEncoding).EncodeByteArray(s.values[:0], s.text, s.offsets)
	}
	if err != nil {
		return err
	}
	return c.chunk.addFlatPage(s, (*scratch).compressNames, len(order), len(order)-count)
}

// worthSharing is the mean number of shared octets at which leaving them out makes up for a second number per text.
const worthSharing = 2

// meanShared is how many octets a text of the page shares with the one before, in the mean of the first few.
func meanShared(s *scratch) int {
	pairs, sum := min(len(s.offsets)-2, 256), 0
	for i := range max(pairs, 0) {
		before, text := s.text[s.offsets[i]:s.offsets[i+1]], s.text[s.offsets[i+1]:s.offsets[i+2]]
		for k := 0; k < min(len(before), len(text)) && before[k] == text[k]; k++ {
			sum++
		}
	}
	return sum / max(pairs, 1)
}

// extendBounds looks only at the first octets of a text, unless the bound begins with the same.
func (c *TextColumn) extendBounds(s *scratch) {
	low, high, none := c.chunk.min, c.chunk.max, c.chunk.min == nil
	lowest, highest := prefix(low), prefix(high)
	for i := range len(s.offsets) - 1 {
		text := s.text[s.offsets[i]:s.offsets[i+1]]
		head := prefix(text)
		if none || head <= lowest && bytes.Compare(text, low) < 0 {
			low, lowest = text, head
		}
		if none || head >= highest && bytes.Compare(text, high) > 0 {
			high, highest = text, head
		}
		none = false
	}
	if !none {
		c.chunk.min, c.chunk.max = append([]byte{}, low...), append([]byte{}, high...)
	}
}

// prefix is the first eight octets of a text, as a number of the same order.
func prefix(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64(text)
	}
	var head [8]byte
	copy(head[:], text)
	return binary.BigEndian.Uint64(head[:])
}

// hash notes the texts of the page for the filter.
func (c *TextColumn) hash(s *scratch) {
	if c.FilterBits == 0 {
		return
	}
	for i := range len(s.offsets) - 1 {
		c.hashes = append(c.hashes, bloom.XXH64{}.Sum64(s.text[s.offsets[i]:s.offsets[i+1]]))
	}
}

func (c *TextColumn) finish(*scratch) (*chunk, error) { return &c.chunk, nil }

func (c *TextColumn) reset() {
	c.chunk.reset()
	c.hashes = c.hashes[:0]
}
