package pipeline

import (
	"slices"
	"testing"
)

// What is pushed comes out in its order, each once, also what came before the end.
func TestFIFO(t *testing.T) {
	q := newFIFO[int]()
	const n = 3 * mostKept
	go func() {
		for i := range n {
			q.push(i)
		}
		q.close()
	}()
	got := slices.Collect(q.all())
	if len(got) != n || !slices.IsSorted(got) {
		t.Errorf("%d elements, sorted: %v", len(got), slices.IsSorted(got))
	}
	for range 2 { // the end stays the end
		q.close()
		if more := slices.Collect(q.all()); more != nil {
			t.Errorf("%d elements after the end", len(more))
		}
	}
	q = newFIFO[int]()
	for i := range n {
		q.push(i)
	}
	all, more := q.take(nil)
	if len(all) != n || !more {
		t.Errorf("%d elements at once, more: %v", len(all), more)
	}
	q.push(1)
	if next, _ := q.take(all[:0]); len(next) != 1 || cap(q.elements) > mostKept {
		t.Errorf("%d elements, room for %d is kept", len(next), cap(q.elements))
	}
}
