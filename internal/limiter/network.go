package limiter

import (
	"container/heap"
	"slices"
	"time"
)

// A network is one prefix, and the requests that wait for it.
type network struct {
	usage   usage
	waiters []*waiter   // first come, first served, where their addresses allow it
	next    *waiter     // the first that lacks nothing but a connection; nil: none does
	index   int         // one more than its index among the ready networks; 0: it is not ready
	alarm   *time.Timer // of the next waiter; nil: none is due at a known time
}

// A waiter is a request for one connection. It waits until granted is closed.
type waiter struct {
	arrival    int64 // its number
	host       uint64
	until      time.Time // the host is not asked before
	address    *address
	network    *network
	joined     time.Time
	lacking    time.Duration // time in which connections had been lacking when it joined
	forManners bool          // it waits, or has waited, for its address or network
	granted    chan struct{}
}

func (w *waiter) isGranted() bool {
	select {
	case <-w.granted:
		return true
	default:
		return false
	}
}

// free is when the address and the host allow the connection. It is not known, and ok is false, where another
// one must end first.
func (w *waiter) free(l limit, now time.Time) (at time.Time, ok bool) {
	if at, ok = w.address.free(l, now); ok {
		at = later(at, w.until)
	}
	return at, ok
}

// remove takes a waiter out of the queue.
func (n *network) remove(w *waiter) {
	if n.waiters[0] == w { // as most often
		n.waiters[0] = nil
		n.waiters = n.waiters[1:]
		return
	}
	i := slices.Index(n.waiters, w)
	n.waiters = slices.Delete(n.waiters, i, i+1)
}

// first is the first waiter whose address is free now; nil: there is none. The network itself is free. soonest
// is when one of the waiters before it will be free, as far as that is known.
func (n *network) first(l limit, now time.Time) (w *waiter, soonest time.Time) {
	for _, w := range n.waiters {
		at, ok := w.free(l, now)
		if ok && !at.After(now) {
			return w, soonest
		}
		soonest = earlier(soonest, at)
	}
	return nil, soonest
}

// ready has the networks whose next waiter lacks nothing but a connection: a heap, by the arrival of those
// waiters.
type ready []*network

func (r ready) Len() int           { return len(r) }
func (r ready) Less(i, j int) bool { return r[i].next.arrival < r[j].next.arrival }

func (r ready) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].index, r[j].index = i+1, j+1
}

func (r *ready) Push(x any) {
	n := x.(*network)
	*r = append(*r, n)
	n.index = len(*r)
}

func (r *ready) Pop() any {
	last := len(*r) - 1
	n := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	n.index = 0
	return n
}

// update moves a network to where its next waiter belongs.
func (r *ready) update(n *network) {
	switch {
	case n.next == nil && n.index > 0:
		heap.Remove(r, n.index-1)
	case n.next != nil && n.index > 0:
		heap.Fix(r, n.index-1)
	case n.next != nil:
		heap.Push(r, n)
	}
}
