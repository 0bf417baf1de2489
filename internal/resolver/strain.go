package resolver

import (
	"math"
	"time"
)

// A strain tells an upstream that is asked too much from names that get
// no answer.
//
// Evidence is first attempts of questions that did not fail before, and only the
// share of them that has no good answer in time. Where it is well above what always
// fails, the window closes to a quarter, as a trial. What fails as often then fails
// because of the names: it becomes what always fails, and the window opens again.
// Otherwise its size was a limit, and what comes then is the idea of CUBIC (RFC 9438,
// section 4): from half of the limit towards it, slower the nearer, and beyond it
// slowly at first. Each step waits until it is known what became of the questions of
// the one before: beyond the limit each is asked in vain.
type strain struct {
	base   float64 // share that always fails
	known  bool    // the base is
	trial  trial
	limit  float64 // size that was too much; 0: none is known
	beyond float64 // the last step beyond the limit
	judged bool    // once at least

	seen  cohort  // what has become of attempts since the window changed, as far as it is known
	spans int     // in which they were sent
	rate  float64 // good answers for each span, at best
}

// A trial holds how it was before the window was closed; the zero value: none.
type trial struct {
	size, share float64
	again       bool // as much failed at first, when the upstream still had what was sent before
}

const (
	// margin is how far above the base a share is strain, beside what chance gives.
	margin = 0.06
	// supposed is the share that needs no trial while the base is unknown.
	supposed = 0.02
	// dropped is the least part of its odds that failure loses when the window is
	// a quarter, if its size is to blame. Where each question beyond a limit waits
	// for its time, failure loses three quarters.
	dropped = 0.25
	// nobodyThere is a share by which a silent upstream is not told from names.
	nobodyThere = 0.95
	// A share is taken of enoughAttempts at least, sent in so many spans; where it
	// is strain, enoughFailures of them.
	enoughAttempts, enoughFailures, enoughSpans = 256, 100, 16
	// forgets is after how many attempts the base has come down.
	forgets = 4096
	// The best rate is forgotten by a part with each share that is taken.
	fades = 1.0 / 64
	// fewer is which part of the best rate is left where names are to blame.
	fewer = 0.6
	// nearLimit times the limit is where steps towards it end.
	nearLimit = 0.95
)

// judge takes what has become known. prompt says that the upstream answers its
// canaries.
func (w *window) judge(now time.Duration, prompt bool) {
	s := &w.strain
	if !s.judged && s.limit == 0 && s.trial.size == 0 && w.missedEarly(now) {
		w.gauge.to, w.gauge.done = now, true
		w.try(now, w.overdue(now, earlyWait).failed())
		return
	}
	if !w.gauge.done && !w.learn(now) {
		return
	}
	ripe, spans := w.cohorts.ripe(now, w.changed)
	s.seen.add(ripe)
	s.spans += spans
	n := float64(s.seen.sent)
	if n < enoughAttempts || s.spans < enoughSpans {
		// Nothing is known of names, but the upstream answers.
		if s.trial.size == 0 && w.size < nearLimit*s.limit && n < enoughAttempts && w.replies >= enoughAttempts &&
			now > w.changed+2*w.cohorts.patience {
			w.open(now)
		}
		return
	}
	share, rate := s.seen.failed(), float64(s.seen.answered)/float64(s.spans)
	strained := share > s.most(n)
	if strained && prompt && s.trial.size == 0 && rate < fewer*s.rate {
		// Fewer are answered of as many as before, and canaries among them: these
		// are dead names, one after the other.
		s.rate -= s.rate * fades
		s.forget()
		return
	}
	if strained && share*n < enoughFailures && !s.trial.clear(share, n) {
		return
	}
	s.rate = max(s.rate-s.rate*fades, rate)
	s.judged = true
	switch {
	case s.trial.size > 0:
		w.conclude(now, share, n, prompt)
	case strained:
		w.try(now, share)
	default:
		s.base += min(share-s.base, 0) * min(n/forgets, 1)
		w.open(now)
	}
}

// clear reports whether a share of n attempts is far from the one at which a trial
// would turn.
func (t *trial) clear(share, n float64) bool {
	o := (1 - dropped) * odds(t.share)
	return t.size > 0 && math.Abs(share-o/(1+o)) > 3*math.Sqrt(share*(1-share)/n)
}

// learn takes the base from the gauge. It reports false until that is known.
func (w *window) learn(now time.Duration) bool {
	share, believed, known := w.gauge.learned(now, &w.cohorts)
	if !known {
		return false
	}
	if believed {
		w.strain.base, w.strain.known = share, true
	}
	w.changed = w.gauge.to
	return true
}

// try closes the window to a quarter, to see whether less fails. Near its floor it
// cannot, and only opens no further than slowly.
func (w *window) try(now time.Duration, share float64) {
	if w.size < 2*w.floor {
		w.strain.limit, w.strain.beyond = w.size, 0
		w.change(now, w.floor)
		return
	}
	w.strain.trial = trial{size: w.size, share: share}
	w.change(now, w.size/4)
}

// conclude ends a trial with a share of n attempts, if it shows enough.
func (w *window) conclude(now time.Duration, share, n float64, prompt bool) {
	s := &w.strain
	whole := s.trial
	names := odds(share) > (1-dropped)*odds(whole.share)
	switch {
	case share > nobodyThere && !prompt:
		w.change(now, w.size) // there may be no upstream at all
	case names && !whole.again:
		s.trial.again = true
		w.change(now, w.size)
	case names:
		s.base, s.known, s.trial = share, true, trial{}
		w.change(now, whole.size)
	default:
		s.base, s.known = max(min(s.base, share), leftAtNone(whole.share, share)), true
		s.limit, s.beyond, s.trial = whole.size, 0, trial{}
		if share > s.most(n) {
			w.try(now, share)
			return
		}
		w.change(now, whole.size/2)
	}
}

// open takes the next step, where a limit is known and the window was full.
func (w *window) open(now time.Duration) {
	s := &w.strain
	switch {
	case s.limit == 0 || !w.full || w.latency.beyond(longSeconds):
		s.forget()
		w.replies = 0
	case w.size < nearLimit*s.limit:
		w.change(now, w.size+(s.limit-w.size)/4)
	default:
		s.beyond = max(2*s.beyond, s.limit/64)
		w.change(now, w.size+s.beyond)
	}
}

// most is the share of n attempts that may fail without strain.
func (s *strain) most(n float64) float64 {
	if !s.known {
		return supposed
	}
	return s.base + margin + 3*math.Sqrt(s.base*(1-s.base)/n)
}

// forget begins a new share.
func (s *strain) forget() { s.seen, s.spans = cohort{}, 0 }

// leftAtNone is the share that would fail without any other question in flight, by
// a straight line of its odds through those of a whole window and of a quarter: so
// much at least fails because of the names.
func leftAtNone(whole, quarter float64) float64 {
	o := max(odds(quarter)-(odds(whole)-odds(quarter))/3, 0)
	return o / (1 + o)
}

func odds(share float64) float64 { return share / max(1-share, 1e-3) }
