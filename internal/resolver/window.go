package resolver

import "time"

// A window bounds the questions that a lane has in flight with one upstream.
//
// Each reply opens it by one: up to a size at which it stays until enough was sent
// to learn what always fails (gauge), then up to a turn. From there on each window of
// replies opens it by a constant, as long as that brings more of them (yield), until
// so many fail that the upstream must be asked too much (strain).
type window struct {
	size           float64
	floor, ceiling float64
	turn           float64 // up to where it opens quickly
	full           bool    // it was, since changed
	replies        int     // since changed
	changed        time.Duration

	cohorts cohorts
	gauge   gauge
	latency latency
	yield   yield
	strain  strain
}

const (
	firstWindow = 64
	// firstTurn is about what a server with a receive buffer of the usual size,
	// busy with other things for a moment, does not lose.
	firstTurn = 1000
	// openings is how many windows of replies it takes from the turn to the
	// ceiling.
	openings = 64
	// windowPatience is the part of a time-out after which a first attempt counts
	// as one that failed.
	windowPatience = 3
	// missing is how many more than usual may be overdue while a window opens.
	missing = 0.4
	// earlyWait and earlySent are what it takes to see that of the first ones.
	earlyWait, earlySent = 250 * time.Millisecond, 64
)

func newWindow(floor, ceiling int, patience time.Duration) window {
	c := float64(max(ceiling, 1))
	f := min(float64(max(floor, 1)), c)
	first := min(max(firstWindow, f), c)
	return window{
		size: first, turn: max(first, min(firstTurn, c)), floor: f, ceiling: c, cohorts: newCohorts(patience),
	}
}

// room is how many more questions may be in flight.
func (w *window) room(flying int) int {
	room := int(w.size) - flying
	w.full = w.full || room <= 0
	return room
}

// roomAgain is how many more repeated ones may be in flight: as many as first attempts,
// and beside them, so that names without an answer keep no other name waiting. In
// a trial they share the room, or what was lost before would spoil it.
func (w *window) roomAgain(flying, again int) int {
	if w.strain.trial.size > 0 {
		again += flying
	}
	return int(w.size) - again
}

// sent notes n first attempts of questions that did not fail before.
func (w *window) sent(now time.Duration, n int) {
	w.cohorts.sent(now, n)
	if w.size >= w.gaugeSize() {
		w.gauge.note(now, n)
	}
}

// gaugeSize is the size at which the window stays for the gauge.
func (w *window) gaugeSize() float64 { return min(max(gaugeWindow, w.floor), w.turn) }

// answered notes a good answer to a first attempt of a question that did not fail
// before, by when it was sent.
func (w *window) answered(now, sent time.Duration) {
	w.cohorts.answered(sent)
	w.latency.note(now - sent)
}

// replied notes n replies of any kind, to any attempt of any question.
func (w *window) replied(now time.Duration, n int) {
	w.replies += n
	w.yield.replied(now, n)
	w.gauge.replied(now, n)
	switch {
	case w.strain.limit > 0 || w.strain.trial.size > 0: // it opens by steps
	case w.latency.beyond(longSeconds):
	case w.gauge.to == 0:
		w.size = max(w.size, min(w.size+float64(n), w.gaugeSize()))
	case w.missed(now):
		if w.size > w.gaugeSize() && !w.strain.judged { // it is too early to say why
			w.turn, w.size = max(w.size/2, w.gaugeSize()), w.gaugeSize()
		}
	default:
		quick := min(float64(n), max(w.turn-w.size, 0))
		w.size += quick
		w.creep(now, float64(n)-quick)
	}
}

// creep opens the window beyond the turn for n replies.
func (w *window) creep(now time.Duration, n float64) {
	most := w.ceiling
	if w.latency.beyond(notable) {
		most = min(most, w.yield.most(now, w.size))
	} else {
		w.yield.size = 0
	}
	w.size = max(w.size, min(w.size+n*w.ceiling/openings/w.size, most))
}

// missed reports whether much of what ought to have been answered by now was not.
func (w *window) missed(now time.Duration) bool {
	return w.overdue(now, 0).failed() > w.strain.base+missing
}

// missedEarly reports the same of the first questions, of which the answers to a few
// say little about the others.
func (w *window) missedEarly(now time.Duration) bool {
	late := w.overdue(now, earlyWait)
	return late.sent >= earlySent && late.failed() > missing
}

// overdue is some of the latest questions that ought to have been answered by now,
// sent so long ago at least.
func (w *window) overdue(now, wait time.Duration) cohort {
	return w.cohorts.before(now - max(w.latency.overdue(), wait))
}

func (w *window) change(now time.Duration, size float64) {
	w.size = min(max(size, w.floor), w.ceiling)
	w.changed, w.replies, w.full = now, 0, false
	w.strain.forget()
}

// rested is the window without what is in flight.
func (w window) rested() window {
	w.change(0, max(w.size, w.strain.trial.size))
	w.strain.trial = trial{}
	w.cohorts = newCohorts(w.cohorts.patience)
	return w
}

// restarted is the window of an upstream that was stopped: as at first, but for the
// limit that was found, and what always fails.
func (w window) restarted() window {
	first := newWindow(int(w.floor), int(w.ceiling), w.cohorts.patience)
	if s := w.strain; s.limit > 0 || s.trial.size > 0 {
		first.strain = strain{base: s.base, known: s.known, limit: max(s.limit, s.trial.size)}
		first.gauge.done, first.gauge.to = true, 1
	}
	return first
}

// stop says that this process was stopped for gap.
func (w *window) stop(gap time.Duration) { w.cohorts.stop(gap) }
