package resolver

import "time"

// A window bounds the questions that a lane has in flight with one upstream. It
// opens by one with each answer up to a turn, and from there on by a constant
// for each window of answers. Strain brings the turn to half of the window, and
// the window to where it began: what was lost is found out a time-out later, all
// at once, and must not go out again all at once (slow start and congestion
// avoidance after a retransmission time-out, RFC 5681, section 3.1).
//
// A lost question or a SERVFAIL is no strain by itself: networks lose, and lists
// have dead domains. Strain is a share of failures that is well above what this
// upstream always has.
type window struct {
	size           float64
	first          float64 // where it begins
	turn           float64 // up to where it opens quickly
	strained       bool    // once at least: beyond the turn it opens a quarter as fast
	floor, ceiling float64
	recent         float64       // share of failures among the last hundred or so
	base           float64       // the same among the last thousands
	calm           time.Duration // until then it is not closed again: what was sent before still fails
}

const (
	firstWindow = 64
	// firstTurn is about what a server with a receive buffer of the usual size,
	// busy with other things for a moment, does not lose.
	firstTurn = 1000
	recently  = 1.0 / 128
	always    = 1.0 / 8192
	// margin is how far recent failures must be above the base: about ten
	// times the deviation that chance gives them at one loss in a hundred.
	margin = 0.08
)

func newWindow(floor, ceiling int) window {
	c := float64(max(ceiling, 1))
	f := min(float64(max(floor, 1)), c)
	first := min(max(firstWindow, f), c)
	return window{size: first, first: first, turn: max(first, min(firstTurn, c)), floor: f, ceiling: c}
}

// room is how many more questions may be in flight.
func (w *window) room(flying int) int { return int(w.size) - flying }

// answered notes n answers that were no failures.
func (w *window) answered(n int) {
	for range min(n, 1024) { // by then nothing is left of what was
		w.recent -= w.recent * recently
		w.base -= w.base * always
	}
	quick := min(float64(n), max(w.turn-w.size, 0))
	w.size += quick
	step := w.ceiling / 64
	if w.strained {
		step /= 4
	}
	w.size += (float64(n) - quick) * step / w.size
	w.size = min(w.size, w.ceiling)
}

// failed notes a question that was lost, or was answered SERVFAIL or REFUSED.
func (w *window) failed(now, timeout time.Duration) {
	w.recent += (1 - w.recent) * recently
	w.base += (1 - w.base) * always
	if w.recent > 2*w.base+margin && now >= w.calm {
		w.turn = max(w.size/2, w.floor)
		w.size = min(w.first, w.turn)
		w.strained = true
		w.calm = now + timeout
	}
}
