package pipeline

import (
	"sync"
	"sync/atomic"

	"stsscan/internal/survey"
)

// slots is a table of the tasks between their admission and their row. The index of a slot is the tag of its question.
type slots struct {
	table      []slot
	prefetched int // so that touch is not left out

	// unwritten is how many of the slots have their row, and wait for the writer.
	unwritten atomic.Int64

	mu   sync.Mutex
	free []int64
}

type slot struct {
	task task
	part *part          // nil: the slot is free
	kept *survey.Result // waits for the SOA of its domain; nil: there is none
}

func newSlots(n int) *slots {
	s := &slots{table: make([]slot, n), free: make([]int64, n)}
	for i := range n {
		s.free[i] = int64(i)
	}
	return s
}

func (s *slots) size() int            { return len(s.table) }
func (s *slots) task(tag int64) *task { return &s.table[tag].task }
func (s *slots) part(tag int64) *part { return s.table[tag].part }

// prefetch reads a little of each slot. With many names under way the table and their texts are too large for the
// caches of the processor: this way the memory is fetched at the same time, and not one piece after the other.
func (s *slots) prefetch(tags []int64) {
	for _, tag := range tags {
		slot := &s.table[tag]
		if slot.part != nil && slot.task.name.Domain != "" {
			s.prefetched += int(slot.task.name.Domain[0])
		}
	}
}

// take moves free tags to into and returns their number.
func (s *slots) take(into []int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(into, s.free[max(0, len(s.free)-len(into)):])
	s.free = s.free[:len(s.free)-n]
	return n
}

// fill puts a task into the free slot tag.
func (s *slots) fill(tag int64, t task, p *part) { s.table[tag] = slot{task: t, part: p} }

// keep keeps a result that waits for a last answer.
func (s *slots) keep(tag int64, o survey.Result) { s.table[tag].kept = &o }

// kept is the result that keep got.
func (s *slots) kept(tag int64) survey.Result { return *s.table[tag].kept }

// used is how many slots are taken.
func (s *slots) used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.table) - len(s.free)
}

// giveBack frees tags that were not filled.
func (s *slots) giveBack(tags []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, tags...)
}

// release frees slots whose rows are with the writer.
func (s *slots) release(tags ...int64) {
	for _, tag := range tags {
		s.table[tag] = slot{}
	}
	s.unwritten.Add(-int64(len(tags)))
	s.giveBack(tags)
}

// Bounds, in octets, of what strangers send.
const (
	// maxHeld is how many octets may wait before the admission of names stops, and nothing more is kept of answers.
	// Honest domains need a hundredth of it.
	maxHeld = 64 << 20
	// jobOctets is the size of a job, apart from what strangers sent.
	jobOctets = 1 << 10
	// groupsOctets bounds the evidence in the row groups of all open parts, which are in memory until they are whole.
	groupsOctets = 64 << 20
)

// A budget counts the octets that wait: those of answers until their surveys end, and of rows until they are written.
type budget struct{ octets atomic.Int64 }

func (b *budget) take(octets int)     { b.octets.Add(int64(octets)) }
func (b *budget) giveBack(octets int) { b.octets.Add(-int64(octets)) }
func (b *budget) spent() bool         { return b.octets.Load() >= maxHeld }
