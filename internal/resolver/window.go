package resolver

import "time"

// A window bounds the questions that a lane has in flight with one upstream. It
// opens by one with each answer until the upstream first shows strain, and then
// by a constant for each window of answers; strain closes it by a third
// (additive increase, multiplicative decrease, RFC 5681).
//
// A lost question or a SERVFAIL is no strain by itself: networks lose, and lists
// have dead domains. Strain is a share of failures that is well above what this
// upstream always has.
type window struct {
	size           float64
	floor, ceiling float64
	recent         float64       // share of failures among the last hundred or so
	base           float64       // the same among the last thousands
	strained       bool          // it was closed at least once
	calm           time.Duration // until then it is not closed again: what was sent before still fails
}

const (
	firstWindow = 64
	recently    = 1.0 / 128
	always      = 1.0 / 8192
	// margin is how far recent failures must be above the base: about ten
	// times the deviation that chance gives them at one loss in a hundred.
	margin = 0.08
)

func newWindow(floor, ceiling int) window {
	c := float64(max(ceiling, 1))
	f := min(float64(max(floor, 1)), c)
	return window{size: min(max(firstWindow, f), c), floor: f, ceiling: c}
}

// room is how many more questions may be in flight.
func (w *window) room(flying int) int { return int(w.size) - flying }

// answered notes n answers that were no failures.
func (w *window) answered(n int) {
	for range min(n, 1024) { // by then nothing is left of what was
		w.recent -= w.recent * recently
		w.base -= w.base * always
	}
	if w.strained {
		w.size += float64(n) * w.ceiling / 256 / w.size
	} else {
		w.size += float64(n)
	}
	w.size = min(w.size, w.ceiling)
}

// failed notes a question that was lost, or was answered SERVFAIL or REFUSED.
func (w *window) failed(now, timeout time.Duration) {
	w.recent += (1 - w.recent) * recently
	w.base += (1 - w.base) * always
	if w.recent > 2*w.base+margin && now >= w.calm {
		w.size = max(w.size*2/3, w.floor)
		w.strained = true
		w.calm = now + timeout
	}
}
