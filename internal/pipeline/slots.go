package pipeline

import (
	"sync"
	"sync/atomic"

	"stsscan/internal/survey"
)

// slots is a table of the tasks between their admission and their row. The
// index of a slot is the tag of its question.
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
	kept *survey.Result // that waits for a last answer; nil: none does
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

// prefetch looks at what the tags stand for, and at nothing of it. With many names
// under way the table and their texts are too large for the caches: this way the
// memory is fetched side by side, before it is needed piece by piece.
func (s *slots) prefetch(tags []int64) {
	for _, tag := range tags {
		slot := &s.table[tag]
		if slot.part != nil && slot.task.name.Domain != "" {
			s.prefetched += int(slot.task.name.Domain[0])
		}
	}
}

// take moves free tags to into and returns how many there were.
func (s *slots) take(into []int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(into, s.free[max(0, len(s.free)-len(into)):])
	s.free = s.free[:len(s.free)-n]
	return n
}

// fill puts a task into the free slot tag.
func (s *slots) fill(tag int64, t task, p *part) { s.table[tag] = slot{task: t, part: p} }

// keep keeps an outcome that waits for a last answer.
func (s *slots) keep(tag int64, o survey.Result) { s.table[tag].kept = &o }

// kept is what was parked.
func (s *slots) kept(tag int64) survey.Result { return *s.table[tag].kept }

// used is how many slots are taken.
func (s *slots) used() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.table) - len(s.free)
}

// giveBack makes tags free again that were not filled.
func (s *slots) giveBack(tags []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, tags...)
}

// release makes tags free again.
func (s *slots) release(tags ...int64) {
	for _, tag := range tags {
		s.table[tag] = slot{}
	}
	s.unwritten.Add(-int64(len(tags)))
	s.giveBack(tags)
}
