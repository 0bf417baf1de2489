package output

import (
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/format"
)

// flags is a column of booleans, eight to an octet.
type flags struct {
	series
	bits []byte
	seen [2]bool
}

func (c *flags) add(v bool) {
	c.bits = plain.AppendBoolean(c.bits, c.count, v)
	c.present()
	if v {
		c.seen[1] = true
	} else {
		c.seen[0] = true
	}
}

func (c *flags) flush(p *press) error {
	c.encoding = format.Plain
	p.values = append(p.values[:0], c.bits...)
	c.bits = c.bits[:0]
	return c.end(p, p.values)
}

func (c *flags) finish(*press) error {
	if c.seen[0] || c.seen[1] {
		c.min, c.max = []byte{1}, []byte{0}
	}
	if c.seen[0] {
		c.min = []byte{0}
	}
	if c.seen[1] {
		c.max = []byte{1}
	}
	return nil
}

func (c *flags) reset() {
	c.chunk.reset()
	c.seen = [2]bool{}
}

// intLists is a column of lists of 32 bit integers, which is NULL in most rows.
type intLists struct {
	chunk
	reps, defs []byte
	values     []int32
	rows       int
}

// add takes a list; nil is NULL, which an empty list is not.
func (c *intLists) add(list []int32) {
	c.rows++
	switch {
	case list == nil:
		c.reps, c.defs = append(c.reps, 0), append(c.defs, 0)
	case len(list) == 0:
		c.reps, c.defs = append(c.reps, 0), append(c.defs, 1)
	}
	for i, v := range list {
		c.reps, c.defs = append(c.reps, byte(min(i, 1))), append(c.defs, c.maxDef)
		c.values = append(c.values, v)
	}
}

func (c *intLists) to() *chunk { return &c.chunk }

func (c *intLists) flush(p *press) (err error) {
	c.encoding = format.DeltaBinaryPacked
	if p.values, err = new(delta.BinaryPackedEncoding).EncodeInt32(p.values[:0], c.values); err != nil {
		return err
	}
	p.levels = p.levels[:0]
	reps, err := p.level(c.reps, c.maxRep)
	if err != nil {
		return err
	}
	defs, err := p.level(c.defs, c.maxDef)
	if err != nil {
		return err
	}
	rows, count, nulls := c.rows, len(c.reps), len(c.reps)-len(c.values)
	c.reps, c.defs, c.values, c.rows = c.reps[:0], c.defs[:0], c.values[:0], 0
	return c.page(p, reps, defs, p.values, rows, count, nulls)
}

func (c *intLists) finish(*press) error { return nil }
