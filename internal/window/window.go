// Package window decides how much an upstream resolver may be asked: how many questions at a time ([Window]) and how
// many a second ([Limiter]). [Loss] is the share of questions without an answer.
//
// A Window is a congestion window in the manner of RFC 9438 (CUBIC), for datagrams that often fail for another reason
// than congestion: many names have no server that answers. So it learns which share of questions always fails, and
// closes only when more does.
//
// Nothing here sends, receives or, but for the Limiter, reads a clock. Times are durations since a moment that the
// caller chose.
package window

import "time"

// A Window bounds the questions that one caller has in flight with one upstream. It is not safe for concurrent use.
//
// Each reply opens it by one: up to a size at which it stays until enough was sent to learn what always fails
// (baseline), then up to a threshold. Beyond that each window of replies opens it by a constant, as long as that
// brings more of them (throughput), until so many fail that the upstream must be overloaded (overload).
type Window struct {
	size           float64
	floor, ceiling float64
	threshold      float64 // it opens quickly up to here
	full           bool    // it was, since changed
	replies        int     // since changed
	changed        time.Duration

	cohorts    cohorts
	baseline   baseline
	latency    latency
	throughput throughput
	overload   overload
}

const (
	firstSize = 64
	// firstThreshold is about what a server with a receive buffer of the usual size, busy with other things for a
	// moment, does not lose.
	firstThreshold = 1000
	// openings is how many windows of replies it takes from the threshold to the ceiling.
	openings = 64
	// missing is how many more than usual may be overdue while a window opens.
	missing = 0.4
	// earlyWait and earlySent are what it takes to see that of the first questions.
	earlyWait, earlySent = 250 * time.Millisecond, 64
)

// New returns the window of a new upstream. It stays between floor and ceiling. A first attempt without an answer
// for a time-out counts as failed.
func New(floor, ceiling int, timeout time.Duration) Window {
	c := float64(max(ceiling, 1))
	f := min(float64(max(floor, 1)), c)
	first := min(max(firstSize, f), c)
	return Window{
		size: first, threshold: max(first, min(firstThreshold, c)), floor: f, ceiling: c, cohorts: newCohorts(timeout),
	}
}

// Size is how many questions may be in flight.
func (w *Window) Size() int { return int(w.size) }

// Ceiling is the largest size.
func (w *Window) Ceiling() int { return int(w.ceiling) }

// Room is how many more first attempts may be in flight, beside those that are.
func (w *Window) Room(inFlight int) int {
	room := int(w.size) - inFlight
	w.full = w.full || room <= 0
	return room
}

// RoomRepeated is how many more repeated attempts may be in flight: as many as first ones, and beside them, so that
// names without an answer keep no other name waiting. In a trial they share the room, or what was lost before would
// spoil it.
func (w *Window) RoomRepeated(inFlight, repeated int) int {
	if w.overload.trial.size > 0 {
		repeated += inFlight
	}
	return int(w.size) - repeated
}

// Sent notes n first attempts of questions that did not fail before.
func (w *Window) Sent(now time.Duration, n int) {
	w.cohorts.sent(now, n)
	if w.size >= w.baselineSize() {
		w.baseline.note(now, n)
	}
}

// baselineSize is the size at which the window stays until the baseline is known.
func (w *Window) baselineSize() float64 { return min(max(baselineSize, w.floor), w.threshold) }

// Answered notes a good answer to a first attempt of a question that did not fail before, by when it was sent.
func (w *Window) Answered(now, sent time.Duration) {
	w.cohorts.answered(sent)
	w.latency.note(now - sent)
}

// Replied notes n replies of any kind, to any attempt of any question.
func (w *Window) Replied(now time.Duration, n int) {
	w.replies += n
	w.throughput.replied(now, n)
	w.baseline.replied(now, n)
	switch {
	case w.overload.limit > 0 || w.overload.trial.size > 0: // it opens by steps
	case w.latency.beyond(longSeconds):
	case w.baseline.to == 0:
		w.size = max(w.size, min(w.size+float64(n), w.baselineSize()))
	case w.missed(now):
		if w.size > w.baselineSize() && !w.overload.judged { // it is too early to say why
			w.threshold, w.size = max(w.size/2, w.baselineSize()), w.baselineSize()
		}
	default:
		quick := min(float64(n), max(w.threshold-w.size, 0))
		w.size += quick
		w.openSlowly(now, float64(n)-quick)
	}
}

// openSlowly opens the window beyond the threshold for n replies.
func (w *Window) openSlowly(now time.Duration, n float64) {
	most := w.ceiling
	if w.latency.beyond(notable) {
		most = min(most, w.throughput.most(now, w.size))
	} else {
		w.throughput.size = 0
	}
	w.size = max(w.size, min(w.size+n*w.ceiling/openings/w.size, most))
}

// missed reports whether much of what should have been answered by now was not.
func (w *Window) missed(now time.Duration) bool {
	return w.overdue(now, 0).failed() > w.overload.base+missing
}

// missedEarly reports the same of the first questions. A few of their answers say little about the others.
func (w *Window) missedEarly(now time.Duration) bool {
	late := w.overdue(now, earlyWait)
	return late.sent >= earlySent && late.failed() > missing
}

// overdue is some of the latest questions that should have been answered by now, sent at least wait ago.
func (w *Window) overdue(now, wait time.Duration) cohort {
	return w.cohorts.before(now - max(w.latency.overdue(), wait))
}

func (w *Window) change(now time.Duration, size float64) {
	w.size = min(max(size, w.floor), w.ceiling)
	w.changed, w.replies, w.full = now, 0, false
	w.overload.forget()
}

// Rested is the window for a later Sweep: without what is in flight.
func (w Window) Rested() Window {
	w.change(0, max(w.size, w.overload.trial.size))
	w.overload.trial = trial{}
	w.cohorts = newCohorts(w.cohorts.timeout)
	return w
}

// Restarted is the window of an upstream that was stopped: as at first, but for the limit that was found and for what
// always fails.
func (w Window) Restarted() Window {
	first := New(int(w.floor), int(w.ceiling), w.cohorts.timeout)
	if o := w.overload; o.limit > 0 || o.trial.size > 0 {
		first.overload = overload{base: o.base, known: o.known, limit: max(o.limit, o.trial.size)}
		first.baseline.done, first.baseline.to = true, 1
	}
	return first
}

// Suspended says that this process was stopped for gap: what was sent before has as much more time.
func (w *Window) Suspended(gap time.Duration) { w.cohorts.suspended += gap }
