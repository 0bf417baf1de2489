package resolver

import "time"

// A wheel has wheelSize buckets. A time-out spans wheelTick of them: the wheel reaches two time-outs ahead.
const (
	wheelSize = 256
	wheelTick = 128
)

// A wheel is a timing wheel: items by the tick at which they are due. To put one in and to take one out costs a few
// writes, however many wait.
type wheel struct {
	buckets [wheelSize]queue
	at      uint8         // the bucket that is due next
	due     time.Duration // when it is
	tick    time.Duration
	n       int // items
}

func newWheel(timeout time.Duration) *wheel {
	w := &wheel{tick: max(timeout/wheelTick, 1)}
	for i := range w.buckets {
		w.buckets[i] = newQueue()
	}
	return w
}

// push puts in an item that is due at a moment, at the latest in two time-outs.
func (w *wheel) push(items []item, i uint32, now, due time.Duration) {
	if w.n == 0 {
		w.due = now + w.tick
	}
	k := min(max((due-w.due+w.tick-1)/w.tick, 0), wheelSize-1)
	b := w.at + uint8(k)
	items[i].bucket = b
	w.buckets[b].push(items, i)
	w.n++
}

func (w *wheel) remove(items []item, i uint32) {
	w.buckets[items[i].bucket].remove(items, i)
	w.n--
}

// pop takes out the next item that is due; nowhere: there is none.
func (w *wheel) pop(items []item, now time.Duration) uint32 {
	for w.n > 0 && w.due <= now {
		if b := &w.buckets[w.at]; b.n > 0 {
			i := b.oldest
			b.remove(items, i)
			w.n--
			return i
		}
		w.at++
		w.due += w.tick
	}
	return nowhere
}
