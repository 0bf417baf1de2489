package output

import "slices"

// A page holds the values of a page in the order of their coming, and one alone
// as long as all are equal, as those of most columns of lean rows are.
type page[T comparable] struct {
	n     int
	first T
	all   []T // empty while they are all equal
}

func (p *page[T]) add(v T) {
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
func (p *page[T]) at(i int32) T {
	if len(p.all) == 0 {
		return p.first
	}
	return p.all[i]
}

// equal reports whether all values are first.
func (p *page[T]) equal() bool { return len(p.all) == 0 }

func (p *page[T]) reset() { p.n, p.all = 0, p.all[:0] }
