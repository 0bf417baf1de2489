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
	copy   *CopyColumn
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
	if err == nil {
		err = c.chunk.addFlatPage(s, (*scratch).compressNames, len(order), len(order)-count)
	}
	if err == nil && c.copy != nil {
		err = c.copy.endPageAfter(s, order)
	}
	return err
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

// A CopyColumn is a [TextColumn] whose texts are mostly those of another one, Of. For a page in which all are, as in
// the zone of a registry where each domain is its own registered domain, it keeps no texts of its own and takes over
// the other's values, encoded and compressed.
type CopyColumn struct {
	Of *TextColumn

	own     TextColumn
	differs bool // own has the texts of the page
}

// Add takes the text of a row for which Of has just taken the text of. It reports whether the text is valid UTF-8.
func (c *CopyColumn) Add(text, of string) bool {
	if !c.differs && text == of && text != "" {
		return true // as Of has reported
	}
	return c.addOwn(text)
}

func (c *CopyColumn) addOwn(text string) bool {
	if !c.differs {
		c.differs = true
		if rows := len(c.Of.ends) - 1; rows > 0 { // that are the same
			c.own.ends = append(c.own.ends, c.Of.ends[:rows]...)
			c.own.data = append(c.own.data, c.Of.data[:c.Of.ends[rows-1]]...)
		}
	}
	return c.own.Add(text)
}

func (c *CopyColumn) begin(leaf leaf) error {
	c.Of.copy = c
	return c.own.begin(leaf)
}

// endPage does nothing: Of calls endPageAfter.
func (c *CopyColumn) endPage(*scratch, []int32) error { return nil }

// endPageAfter makes a page from the one that Of has just made: s still has its texts and values.
func (c *CopyColumn) endPageAfter(s *scratch, order []int32) error {
	if c.differs {
		c.differs = false
		return c.own.endPage(s, order)
	}
	c.own.extendBounds(s)
	c.own.chunk.encoding = c.Of.chunk.encoding
	return c.own.chunk.addFlatPage(s, (*scratch).reuse, len(order), 0)
}

func (c *CopyColumn) finish(*scratch) (*chunk, error) { return &c.own.chunk, nil }
func (c *CopyColumn) reset()                          { c.own.reset() }
