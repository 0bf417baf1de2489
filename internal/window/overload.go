package window

import (
	"math"
	"time"
)

// An overload tells an upstream that is asked too much from names that get no answer.
//
// Evidence is first attempts of questions that did not fail before, and only the share of them that has no good
// answer in time. Where it is well above what always fails, the window closes to a quarter, as a trial. If as much
// fails then, the names are to blame: that share becomes what always fails, and the window opens again. Otherwise its
// size was a limit, and what comes then is the idea of CUBIC (RFC 9438, section 4): from half of the limit towards
// it, slower the nearer, and beyond it slowly at first. Each step waits for the outcome of the one before, since each
// question beyond the limit is asked in vain.
type overload struct {
	base   float64 // share that always fails
	known  bool    // the base is
	trial  trial
	limit  float64 // size that was too much; 0: none is known
	beyond float64 // the last step beyond the limit
	judged bool    // once at least

	seen  cohort  // attempts since the window changed whose outcome is known
	spans int     // how many they were sent in
	rate  float64 // good answers for each span, at best
}

// A trial holds how it was before the window was closed; the zero value: none.
type trial struct {
	size, share float64
	second      bool // its first share, when the upstream still had what was sent before, was as large
}

const (
	// margin is how far above the base a share is overload, beside what chance gives.
	margin = 0.06
	// supposed is the share that needs no trial while the base is unknown.
	supposed = 0.02
	// dropped is the least part of its odds that failure loses when the window is a quarter, if its size is to blame.
	// Where each question beyond a limit waits for its time-out, failure loses three quarters.
	dropped = 0.25
	// nothingAnswered is a share at which a silent upstream cannot be told from silent names.
	nothingAnswered = 0.95
	// A share is of enoughAttempts at least, sent in so many spans, and an overload has enoughFailures.
	enoughFailures, enoughSpans = 100, 16
	// forgets is after how many attempts the base has come down.
	forgets = 4096
	// The best rate is forgotten by this part with each share that is taken.
	fades = 1.0 / 64
	// fewer is which part of the best rate is left where names are to blame.
	fewer = 0.6
	// nearLimit times the limit is where steps towards it end.
	nearLimit = 0.95
)

// Judge takes what has become known and changes the size accordingly. prompt says that the upstream answers its
// canaries.
func (w *Window) Judge(now time.Duration, prompt bool) {
	o := &w.overload
	if !o.judged && o.limit == 0 && o.trial.size == 0 && w.missedEarly(now) {
		w.baseline.to, w.baseline.done = now, true
		w.try(now, w.overdue(now, earlyWait).failed())
		return
	}
	if !w.baseline.done && !w.learn(now) {
		return
	}
	ripe, spans := w.cohorts.ripe(now, w.changed)
	o.seen.add(ripe)
	o.spans += spans
	n := float64(o.seen.sent)
	if n < enoughAttempts || o.spans < enoughSpans {
		// Nothing is known of names, but the upstream answers.
		if o.trial.size == 0 && w.size < nearLimit*o.limit && n < enoughAttempts && w.replies >= enoughAttempts &&
			now > w.changed+2*w.cohorts.timeout {
			w.open(now)
		}
		return
	}
	share, rate := o.seen.failed(), float64(o.seen.answered)/float64(o.spans)
	overloaded := share > o.most(n)
	if overloaded && prompt && o.trial.size == 0 && rate < fewer*o.rate {
		// Fewer are answered of as many as before, and canaries among them: these are dead names, one after the
		// other.
		o.rate -= o.rate * fades
		o.forget()
		return
	}
	if overloaded && share*n < enoughFailures && !o.trial.clear(share, n) {
		return
	}
	o.rate = max(o.rate-o.rate*fades, rate)
	o.judged = true
	switch {
	case o.trial.size > 0:
		w.conclude(now, share, n, prompt)
	case overloaded:
		w.try(now, share)
	default:
		o.base += min(share-o.base, 0) * min(n/forgets, 1)
		w.open(now)
	}
}

// clear reports whether a share of n attempts is far from the one that decides the trial.
func (t *trial) clear(share, n float64) bool {
	o := (1 - dropped) * odds(t.share)
	return t.size > 0 && math.Abs(share-o/(1+o)) > 3*math.Sqrt(share*(1-share)/n)
}

// learn takes the base from the baseline. It reports false until that is known.
func (w *Window) learn(now time.Duration) bool {
	share, believed, known := w.baseline.learned(now, &w.cohorts)
	if !known {
		return false
	}
	if believed {
		w.overload.base, w.overload.known = share, true
	}
	w.changed = w.baseline.to
	return true
}

// try closes the window to a quarter, to see whether less fails. Near its floor it cannot, and from then on opens
// slowly.
func (w *Window) try(now time.Duration, share float64) {
	if w.size < 2*w.floor {
		w.overload.limit, w.overload.beyond = w.size, 0
		w.change(now, w.floor)
		return
	}
	w.overload.trial = trial{size: w.size, share: share}
	w.change(now, w.size/4)
}

// conclude ends a trial with a share of n attempts, if it shows enough.
func (w *Window) conclude(now time.Duration, share, n float64, prompt bool) {
	o := &w.overload
	whole := o.trial
	names := odds(share) > (1-dropped)*odds(whole.share)
	switch {
	case share > nothingAnswered && !prompt:
		w.change(now, w.size) // there may be no upstream at all
	case names && !whole.second:
		o.trial.second = true
		w.change(now, w.size)
	case names:
		o.base, o.known, o.trial = share, true, trial{}
		w.change(now, whole.size)
	default:
		o.base, o.known = max(min(o.base, share), leftAtNone(whole.share, share)), true
		o.limit, o.beyond, o.trial = whole.size, 0, trial{}
		if share > o.most(n) {
			w.try(now, share)
			return
		}
		w.change(now, whole.size/2)
	}
}

// open takes the next step, where a limit is known and the window was full.
func (w *Window) open(now time.Duration) {
	o := &w.overload
	switch {
	case o.limit == 0 || !w.full || w.latency.beyond(longSeconds):
		o.forget()
		w.replies = 0
	case w.size < nearLimit*o.limit:
		w.change(now, w.size+(o.limit-w.size)/4)
	default:
		o.beyond = max(2*o.beyond, o.limit/64)
		w.change(now, w.size+o.beyond)
	}
}

// most is the share of n attempts that may fail without overload.
func (o *overload) most(n float64) float64 {
	if !o.known {
		return supposed
	}
	return o.base + margin + 3*math.Sqrt(o.base*(1-o.base)/n)
}

// forget begins a new share.
func (o *overload) forget() { o.seen, o.spans = cohort{}, 0 }

// leftAtNone is the share that would fail without any other question in flight, by a straight line of its odds
// through those of a whole window and of a quarter. So much at least fails because of the names.
func leftAtNone(whole, quarter float64) float64 {
	o := max(odds(quarter)-(odds(whole)-odds(quarter))/3, 0)
	return o / (1 + o)
}

func odds(share float64) float64 { return share / max(1-share, 1e-3) }
