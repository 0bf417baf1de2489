package output

import (
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/format"
)

// flags is a column of booleans, eight to an octet.
type flags struct {
	series
	states page[state]
	seen   [3]bool
}

// A state is a boolean or NULL.
type state byte

const (
	no state = iota
	yes
	unset
)

func (c *flags) add(v *bool) {
	switch {
	case v == nil:
		c.states.add(unset)
	case *v:
		c.states.add(yes)
	default:
		c.states.add(no)
	}
}

func (c *flags) flush(p *press, order []int32) error {
	p.values, p.defs = p.values[:0], p.defs[:0]
	count := 0
	for _, i := range order {
		s := c.states.at(i)
		c.seen[s] = true
		if s == unset {
			p.defs = append(p.defs, 0)
			continue
		}
		p.defs = append(p.defs, 1)
		p.values = plain.AppendBoolean(p.values, count, s == yes)
		count++
	}
	c.states.reset()
	c.encoding = format.Plain
	return c.end(p, (*press).matches, len(order), len(order)-count)
}

func (c *flags) finish(*press) error {
	for s, octet := range [...][]byte{no: {0}, yes: {1}} {
		if c.seen[s] {
			c.max = octet
			if c.min == nil {
				c.min = octet
			}
		}
	}
	return nil
}

func (c *flags) reset() {
	c.chunk.reset()
	c.seen = [3]bool{}
}

// intLists is a column of lists of 32 bit integers, which is NULL in most rows.
type intLists struct {
	chunk
	values []int32
	ends   page[int32] // of the lists in values
	there  page[bool]
}

// add takes a list; nil is NULL, which an empty list is not.
func (c *intLists) add(list []int32) {
	c.values = append(c.values, list...)
	c.ends.add(int32(len(c.values)))
	c.there.add(list != nil)
}

func (c *intLists) to() *chunk { return &c.chunk }

func (c *intLists) flush(p *press, order []int32) (err error) {
	p.int32s, p.reps, p.defs = p.int32s[:0], p.reps[:0], p.defs[:0]
	for _, i := range order {
		start := int32(0)
		if i > 0 {
			start = c.ends.at(i - 1)
		}
		list := c.values[start:c.ends.at(i)]
		if len(list) == 0 {
			p.reps, p.defs = append(p.reps, 0), append(p.defs, 0)
			if c.there.at(i) {
				p.defs[len(p.defs)-1] = 1
			}
		}
		for k, v := range list {
			p.reps, p.defs = append(p.reps, byte(min(k, 1))), append(p.defs, c.maxDef)
			p.int32s = append(p.int32s, v)
		}
	}
	c.values = c.values[:0]
	c.ends.reset()
	c.there.reset()
	c.encoding = format.DeltaBinaryPacked
	if p.values, err = new(delta.BinaryPackedEncoding).EncodeInt32(p.values[:0], p.int32s); err != nil {
		return err
	}
	p.levels = p.levels[:0]
	if err := p.level(p.reps, c.maxRep); err != nil {
		return err
	}
	reps := len(p.levels)
	if err := p.level(p.defs, c.maxDef); err != nil {
		return err
	}
	return c.page(p, reps, p.values, (*press).matches, len(order), len(p.reps), len(p.reps)-len(p.int32s))
}

func (c *intLists) finish(*press) error { return nil }
