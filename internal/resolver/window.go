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
// Each reply opens the window by one at first: up to a size at which it stays for
// as long as it takes to learn what always fails, then up to a turn, and from
// there on by a constant for each window of replies, until the first limit is
// found.
type window struct {
	size           float64
	floor, ceiling float64
	turn           float64 // up to where it opens quickly at first
	limit          float64 // size that was too much; 0: none is known
	beyond         float64 // the last step beyond the limit
	base           float64 // share that always fails
	known          bool    // the base is
	trial          trial

	judged  bool
	rate    float64 // of answers to first attempts for each span, at best
	gauge   gauge
	cohorts cohorts
	seen    cohort        // first attempts since the size changed last, as far as their outcome is known
	spans   int           // of the cohorts that it is about
	replies int           // since then
	full    bool          // since then it was full
	changed time.Duration // when it changed last

	yield   yield
	median  float64 // of the latencies of the latest replies to first attempts, about, in seconds
	latency float64 // their mean
	heard   float64 // replies that it is the mean of
	least   float64 // of these medians
}

// A trial holds how it was before the window was closed; the zero value: none.
type trial struct {
	size, share float64
	again       bool // as much failed at first, when more was still waiting with the upstream
}

// A gauge learns what fails while little is in flight, which the names are to blame
// for.
type gauge struct {
	from, to time.Duration // when the questions were sent; 0: it has not begun, or not ended
	sent     int
	seen     cohort
	done     bool
}

const (
	firstWindow = 64
	// gaugeWindow is the size at which the base is learned, from so many
	// attempts and for so long at least; gaugeMost is the largest share that is
	// believed without a trial.
	gaugeWindow   = 256
	gaugeAttempts = 1024
	gaugeTime     = 100 * time.Millisecond
	gaugeMost     = 0.15
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
	dropped = 0.25
	// nobodyThere is a share by which a silent upstream is not told from names.
	nobodyThere = 0.95
	// A share is taken of so many attempts at least, and of so many spans in which
	// some were sent; it is strain where so many failed.
	enoughAttempts, enoughFailures = 256, 100
	enoughSpans                    = 16
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
func (w *window) sent(now time.Duration, n int) {
	w.cohorts.sent(now, n)
	if g := &w.gauge; g.to == 0 {
		if g.from == 0 && w.size >= w.gaugeSize() {
			g.from = now
		}
		if g.from > 0 {
			g.sent += n
		}
		if g.sent >= gaugeAttempts && now-g.from >= gaugeTime {
			g.to = now
		}
	}
}

func (w *window) gaugeSize() float64 { return min(max(gaugeWindow, w.floor), w.turn) }

// learn takes what became of the first questions into the base. It reports false
// until that is known.
func (w *window) learn(now time.Duration) bool {
	g := &w.gauge
	if g.done || g.to == 0 {
		return g.done
	}
	ripe, _ := w.cohorts.ripe(now, g.from)
	g.seen.sent += ripe.sent
	g.seen.answered += ripe.answered
	if now < g.to+w.cohorts.patience+w.cohorts.span {
		return false
	}
	g.done = true
	if share := g.seen.failed(); g.seen.sent >= enoughAttempts && share <= gaugeMost {
		w.base, w.known = share, true
	}
	w.change(now, w.size)
	w.changed = g.to
	return true
}

// answered notes a good answer to a first attempt that was sent at a time.
func (w *window) answered(now, sent time.Duration) {
	w.cohorts.answered(sent)
	w.heard = min(w.heard+1, latencyOf)
	w.latency += ((now - sent).Seconds() - w.latency) / w.heard
	if took := (now - sent).Seconds(); took > w.median {
		w.median = max(w.median*(1+1.0/16), 1e-4)
	} else {
		w.median *= 1 - 1.0/16
	}
	if w.heard == latencyOf && (w.least == 0 || w.median < w.least) {
		w.least = w.median
	}
}

// replied notes n replies of any kind, to any attempt.
func (w *window) replied(now time.Duration, n int) {
	w.replies += n
	w.yield.count(now, n)
	switch {
	case w.limit > 0 || w.trial.size > 0 || w.slow():
		return
	case w.gauge.to == 0:
		w.size = max(w.size, min(w.size+float64(n), w.gaugeSize()))
		return
	case w.missed(now):
		if w.size > w.gaugeSize() && !w.judged {
			w.turn = max(w.size/2, w.gaugeSize())
			w.size = w.gaugeSize()
		}
		return
	}
	quick := min(float64(n), max(w.turn-w.size, 0))
	w.size += quick
	size := w.size + (float64(n)-quick)*w.ceiling/64/w.size
	w.size = max(w.size, min(size, w.ceiling, w.yield.most(now, w)))
}

// slow reports whether replies take so long that more questions would only wait.
func (w *window) slow() bool { return w.median > max(slowSeconds, slowTimes*w.least) }

// missed reports whether much of what ought to have been answered by now was not:
// it is too early to say why.
func (w *window) missed(now time.Duration) bool {
	c := w.cohorts.recent(now, time.Duration(overdue*w.latency*float64(time.Second)))
	return float64(c.sent-c.answered) > (w.base+missing)*float64(c.sent)
}

// judge takes what has become known. prompt says that the upstream answers its
// canaries.
func (w *window) judge(now time.Duration, prompt bool) {
	if !w.learn(now) {
		return
	}
	ripe, spans := w.cohorts.ripe(now, w.changed)
	w.spans += spans
	w.seen.sent += ripe.sent
	w.seen.answered += ripe.answered
	n := float64(w.seen.sent)
	if w.seen.sent < enoughAttempts {
		// Nothing is known of names, but the upstream answers.
		if w.trial.size == 0 && w.size < nearLimit*w.limit && w.replies >= enoughAttempts && now > w.changed+2*w.cohorts.patience {
			w.open(now)
		}
		return
	}
	if w.spans < enoughSpans {
		return
	}
	share := w.seen.failed()
	strained := share > w.most(n)
	rate := float64(w.seen.answered) / float64(w.spans)
	if strained && rate < w.rate/2 && prompt && w.trial.size == 0 {
		w.seen, w.spans, w.replies = cohort{}, 0, 0 // more do not answer, but no more are asked
		w.rate *= 0.98
		return
	}
	w.rate = max(0.98*w.rate, rate)
	if strained && share*n < enoughFailures {
		return // let there be more
	}
	w.judged = true
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
		w.base, w.known = max(min(w.base, share), leftAtNone(before.share, share)), true
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
