package resolver

import (
	"math"
	"time"
)

// A window bounds the questions that a lane has in flight with one upstream.
//
// It tells an upstream that is asked too much from names that nobody answers.
// Only first attempts of questions that did not fail before are evidence, and
// only by the share of them that has no good answer in time. Where it is well
// above what always fails, the window closes to a quarter, as a trial. What fails
// as often then fails because of the names: it becomes what always fails, and
// the window opens again. Otherwise the size was a limit, and what comes then is
// CUBIC's idea (RFC 9438, section 4): from half of the limit towards it, slower
// the nearer, and beyond it slowly at first. Each step waits until it is known
// what became of the questions of the one before, since each question beyond the
// limit is asked in vain.
//
// Until the first limit is found, each reply opens the window by one up to a
// turn, and from there on by a constant for each window of replies.
type window struct {
	size           float64
	floor, ceiling float64
	turn           float64 // up to where it opens quickly at first
	limit          float64 // size that was too much; 0: none is known
	beyond         float64 // the last step beyond the limit
	base           float64 // share that always fails
	known          bool    // the base is, by a trial
	trial          trial

	cohorts cohorts
	seen    cohort        // first attempts since the size changed last, as far as their outcome is known
	spans   int           // of the cohorts that it is about
	replies int           // since then
	full    bool          // since then it was full
	changed time.Duration // when it changed last

	latency float64 // mean of the latest replies to first attempts, in seconds
	heard   float64 // replies that it is the mean of
	least   float64 // of these means
}

// A trial holds how it was before the window was closed; the zero value: none.
type trial struct {
	size, share float64
	again       bool // as much failed at first, when more was still waiting with the upstream
}

const (
	firstWindow = 64
	// windowPatience is the part of the time-out after which a first attempt
	// counts as one that failed.
	windowPatience = 3
	// firstTurn is about what a server with a receive buffer of the usual size,
	// busy with other things for a moment, does not lose.
	firstTurn = 1000
	// margin is how far above the base a share of failures is strain, beside
	// what chance gives.
	margin = 0.06
	// supposed stands for the base before the first trial: what fails more often
	// is tried.
	supposed = 0.02
	// dropped is the least share of its odds that a failure must lose when the
	// window is a quarter, if the size is to blame: where each question beyond a
	// limit waits for its time-out, it loses three quarters.
	dropped = 0.4
	// nobodyThere is a share by which a silent upstream is not told from names.
	nobodyThere = 0.95
	// evidence is how many attempts a share is taken of, and failures how many
	// of them must have failed where that is still strain.
	evidence, failures = 256, 64
	evidenceTime       = 4 // spans of cohorts
	// slowSeconds is a mean latency that a larger window would only add to, if
	// it is slowTimes the least as well.
	slowSeconds, slowTimes = 0.4, 4
	latencyOf              = 64 // replies whose latency is averaged
	// overdue times the mean latency nearly all answers have come; missing is how
	// many more than the base may not have.
	overdue, missing = 4, 0.25
	forgets          = 4096 // attempts after which the base has come down
	nearLimit        = 0.95
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
	if room <= 0 {
		w.full = true
	}
	return room
}

// sent notes n first attempts of questions that did not fail before.
func (w *window) sent(now time.Duration, n int) { w.cohorts.sent(now, n) }

// answered notes a good answer to a first attempt that was sent at a time.
func (w *window) answered(now, sent time.Duration) {
	w.cohorts.answered(sent)
	w.heard = min(w.heard+1, latencyOf)
	w.latency += ((now - sent).Seconds() - w.latency) / w.heard
	if w.heard == latencyOf && (w.least == 0 || w.latency < w.least) {
		w.least = w.latency
	}
}

// replied notes n replies of any kind, to any attempt.
func (w *window) replied(now time.Duration, n int) {
	w.replies += n
	if w.limit > 0 || w.trial.size > 0 || w.slow() || w.missed(now) {
		return
	}
	quick := min(float64(n), max(w.turn-w.size, 0))
	w.size += quick
	w.size += (float64(n) - quick) * w.ceiling / 64 / w.size
	w.size = min(w.size, w.ceiling)
}

// slow reports whether replies take so long that more questions would only wait.
func (w *window) slow() bool { return w.latency > max(slowSeconds, slowTimes*w.least) }

// missed reports whether much of what ought to have been answered by now was not:
// it is too early to say why.
func (w *window) missed(now time.Duration) bool {
	c := w.cohorts.recent(now, time.Duration(overdue*w.latency*float64(time.Second)))
	return float64(c.sent-c.answered) > (w.base+missing)*float64(c.sent)
}

// judge takes what has become known. prompt says that the upstream answers its
// canaries.
func (w *window) judge(now time.Duration, prompt bool) {
	ripe, spans := w.cohorts.ripe(now, w.changed)
	w.spans += spans
	w.seen.sent += ripe.sent
	w.seen.answered += ripe.answered
	n := float64(w.seen.sent)
	lost := n - float64(w.seen.answered)
	if w.seen.sent < evidence {
		// Nothing is known of names, but the upstream answers.
		if w.trial.size == 0 && w.size < nearLimit*w.limit && w.replies >= evidence && now > w.changed+2*w.cohorts.patience {
			w.open(now)
		}
		return
	}
	if w.spans < evidenceTime {
		return
	}
	share := lost / n
	strained := share > w.most(n)
	if strained && lost < failures {
		return // let there be more
	}
	before := w.trial
	switch {
	case before.size > 0 && share > nobodyThere && !prompt:
		w.change(now, w.size) // there may be no upstream at all
	case before.size > 0 && odds(share) > (1-dropped)*odds(before.share) && !before.again:
		w.trial.again = true
		w.change(now, w.size)
	case before.size > 0 && odds(share) > (1-dropped)*odds(before.share):
		w.base, w.known, w.trial = share, true, trial{}
		w.change(now, before.size)
	case before.size > 0:
		w.limit, w.beyond, w.trial = before.size, 0, trial{}
		w.base, w.known = max(w.base, leftAtNone(before.share, share)), true
		if share > w.most(n) {
			w.try(now, share)
		} else {
			w.change(now, before.size/2)
		}
	case strained:
		w.try(now, share)
	default:
		w.base += min(share-w.base, 0) * min(n/forgets, 1)
		w.open(now)
	}
}

// most is the share of n attempts that may fail without strain.
func (w *window) most(n float64) float64 {
	if !w.known {
		return supposed
	}
	return w.base + margin + 3*math.Sqrt(w.base*(1-w.base)/n)
}

// leftAtNone is the share of failures that would be left without questions in
// flight, by a straight line of its odds through those of a whole window and of a
// quarter: so much at least fails because of the names.
func leftAtNone(whole, quarter float64) float64 {
	o := odds(quarter) - (odds(whole)-odds(quarter))/3
	return max(o, 0) / (1 + max(o, 0))
}

func odds(share float64) float64 { return share / max(1-share, 1e-3) }

// try closes the window to a quarter, to see whether less fails.
func (w *window) try(now time.Duration, share float64) {
	w.trial = trial{size: w.size, share: share}
	w.change(now, w.size/4)
}

// open takes the next step, where a limit is known and the window was full.
func (w *window) open(now time.Duration) {
	switch {
	case w.limit == 0 || !w.full || w.slow():
		w.seen, w.spans, w.replies = cohort{}, 0, 0
	case w.size < nearLimit*w.limit:
		w.change(now, w.size+(w.limit-w.size)/4)
	default:
		w.beyond = max(2*w.beyond, w.limit/64)
		w.change(now, w.size+w.beyond)
	}
}

func (w *window) change(now time.Duration, size float64) {
	w.size = min(max(size, w.floor), w.ceiling)
	w.changed, w.seen, w.spans, w.replies, w.full = now, cohort{}, 0, 0, false
}

// rested is the window without what is in flight.
func (w window) rested() window {
	w.cohorts = newCohorts(w.cohorts.patience)
	w.change(w.changed, max(w.size, w.trial.size))
	w.trial = trial{}
	return w
}

// stop says that this process was stopped for gap.
func (w *window) stop(gap time.Duration) { w.cohorts.stop(gap) }

// isFresh reports whether a question did not fail before.
func (l *lane) isFresh(i uint32) bool { return !l.table.questions[i].Again }

// judge lets the windows take what has become known.
func (l *lane) judge() {
	for _, rt := range l.routes {
		rt.window.judge(l.now, l.prompt(rt))
	}
}

// prompt reports whether an upstream answers its canaries.
func (l *lane) prompt(rt *route) bool {
	return l.watch != nil && l.now-time.Duration(rt.guard.good.Load()) < 3*l.watch.Interval
}
