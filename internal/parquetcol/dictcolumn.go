package parquetcol

import (
	"iter"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// A DictColumn is a column of few different texts, in the encoding RLE_DICTIONARY. The empty text is NULL.
type DictColumn struct {
	texts  []string          // of the dictionary
	ids    map[string]int32  // of texts
	page   pageValues[int32] // ids; -1: NULL
	counts []int64           // of each text in the pages of the row group
	chunk  chunk
}

// Add reports whether the text is valid UTF-8, which it looks at once a text.
func (c *DictColumn) Add(text string) bool {
	// Nearly every row has one of a handful: they are compared before the map is asked.
	for i, known := range c.texts[:min(len(c.texts), 4)] {
		if known == text {
			c.page.add(int32(i))
			return true
		}
	}
	if text == "" && c.chunk.leaf.optional() {
		c.page.add(-1)
		return true
	}
	id, ok := c.ids[text]
	if !ok {
		text = strings.Clone(text) // it may be in a buffer of the caller
		id = int32(len(c.texts))
		c.ids[text] = id
		c.texts, c.counts = append(c.texts, text), append(c.counts, 0)
	}
	c.page.add(id)
	return ok || utf8.ValidString(text)
}

// Counts yields each text of the pages of the row group with the number of rows that have it.
func (c *DictColumn) Counts() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for id, text := range c.texts {
			if !yield(text, c.counts[id]) {
				return
			}
		}
	}
}

func (c *DictColumn) begin(leaf leaf) error {
	c.chunk.leaf, c.ids = leaf, make(map[string]int32)
	return leaf.check(0, 0, 1, format.ByteArray)
}

func (c *DictColumn) endPage(s *scratch, order []int32) (err error) {
	encoding := rle.Encoding{BitWidth: bits.Len(uint(max(len(c.texts)-1, 1)))}
	s.values = append(s.values[:0], byte(encoding.BitWidth))
	c.chunk.encoding = format.RLEDictionary
	defer c.page.reset()
	if id := c.page.first; c.page.equal() && id >= 0 && encoding.BitWidth <= 8 {
		c.counts[id] += int64(c.page.n)
		s.values = appendRun(s.values, c.page.n, byte(id))
		return c.chunk.addFlatPage(s, (*scratch).compress, c.page.n, 0)
	}
	s.int32s, s.definition = s.int32s[:0], s.definition[:0]
	for _, i := range order {
		id := c.page.at(i)
		s.definition = append(s.definition, definition(id >= 0))
		if id >= 0 {
			s.int32s = append(s.int32s, id)
			c.counts[id]++
		}
	}
	if s.compressed, err = encoding.EncodeInt32(s.compressed[:0], s.int32s); err != nil {
		return err
	}
	s.values = append(s.values, s.compressed...)
	return c.chunk.addFlatPage(s, (*scratch).compress, len(order), len(order)-len(s.int32s))
}

// finish makes the dictionary, whose texts all occur.
func (c *DictColumn) finish(s *scratch) (*chunk, error) {
	s.values = s.values[:0]
	for _, text := range c.texts {
		s.values = plain.AppendByteArrayString(s.values, text)
		if c.chunk.min == nil || text < string(c.chunk.min) {
			c.chunk.min = []byte(text)
		}
		if text > string(c.chunk.max) {
			c.chunk.max = []byte(text)
		}
	}
	return &c.chunk, c.chunk.setDictionary(s, s.values, len(c.texts))
}

func (c *DictColumn) reset() {
	c.chunk.reset()
	clear(c.ids)
	c.texts, c.counts = c.texts[:0], c.counts[:0]
}
