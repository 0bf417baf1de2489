package parquetcol

import "slices"

// pageValues are the values of a page in the order in which they came. While all are equal, as in most columns of a
// survey, it holds one of them and their number.
type pageValues[T comparable] struct {
	n     int
	first T
	all   []T // empty while they are equal
}

func (p *pageValues[T]) add(v T) {
	switch {
	case len(p.all) > 0:
		p.all = append(p.all, v)
	case p.n == 0:
		p.first = v
	case v != p.first:
		p.all = slices.Grow(p.all, 4*p.n)
		for range p.n {
			p.all = append(p.all, p.first)
		}
		p.all = append(p.all, v)
	}
	p.n++
}

// at is the value that came as number i.
func (p *pageValues[T]) at(i int32) T {
	if len(p.all) == 0 {
		return p.first
	}
	return p.all[i]
}

// equal reports whether all values are first.
func (p *pageValues[T]) equal() bool { return len(p.all) == 0 }

func (p *pageValues[T]) reset() { p.n, p.all = 0, p.all[:0] }
