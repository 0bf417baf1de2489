package pipeline

import "stsscan/internal/domains"

// slots is a table of the names between their admission and their row. The
// index of a slot is the tag of its question.
type slots struct {
	table []slot
	free  chan int64
}

type slot struct {
	name domains.Name
	part *part
}

func newSlots(n int) *slots {
	s := &slots{table: make([]slot, n), free: make(chan int64, n)}
	for i := range n {
		s.free <- int64(i)
	}
	return s
}

func (s *slots) size() int                    { return len(s.table) }
func (s *slots) name(tag int64) *domains.Name { return &s.table[tag].name }
func (s *slots) part(tag int64) *part         { return s.table[tag].part }

// fill puts a name into the free slot tag.
func (s *slots) fill(tag int64, name domains.Name, p *part) { s.table[tag] = slot{name, p} }

// release makes tag free again.
func (s *slots) release(tag int64) {
	s.table[tag] = slot{}
	s.free <- tag
}
