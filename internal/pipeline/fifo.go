package pipeline

import (
	"iter"
	"sync"
)

// mostKept is how many elements a queue keeps room for.
const mostKept = 4096

// A fifo is a queue that one goroutine reads. It needs no bound of its own, since its elements hold slots, and
// reserves no memory.
type fifo[E any] struct {
	ready chan struct{} // has an element if the queue may not be empty, or may be closed

	mu       sync.Mutex
	elements []E
	closed   bool
}

func newFIFO[E any]() *fifo[E] { return &fifo[E]{ready: make(chan struct{}, 1)} }

// push adds an element. It never waits.
func (q *fifo[E]) push(e E) {
	q.mu.Lock()
	q.elements = append(q.elements, e)
	q.mu.Unlock()
	q.wake()
}

// close says that no more elements come.
func (q *fifo[E]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
}

func (q *fifo[E]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns all elements, and reports whether more may come. It keeps the room of used, whose elements the
// caller has cleared.
func (q *fifo[E]) take(used []E) (all []E, more bool) {
	if cap(used) > mostKept {
		used = nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	all, q.elements = q.elements, used[:0]
	return all, !q.closed
}

// all yields the elements as they come, until the queue is closed.
func (q *fifo[E]) all() iter.Seq[E] {
	return func(yield func(E) bool) {
		var taken []E
		for more := true; more; {
			<-q.ready
			taken, more = q.take(taken)
			for i, e := range taken {
				if clear(taken[i : i+1]); !yield(e) {
					return
				}
			}
		}
	}
}
