package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Sweep that hears nothing asks no more questions once so many in a row have
// failed, and doubts that anybody is there after the smaller number, when all
// attempts of a question would have had their time.
const (
	silentAfter = 256
	probeAfter  = 16
)

// An Outcome is what became of a Question.
type Outcome uint8

const (
	Failed   Outcome = iota // no reply: see Err
	NXDOMAIN                // the name does not exist, and nothing else was said
	NODATA                  // the name has no such record (RFC 2308, section 2.2), and nothing else was said
	Reply                   // anything else, errors too: see Msg
)

// A sweep is the state that the lanes of one Sweep share.
type sweep struct {
	resolver *Resolver
	ctx      context.Context
	yield    func([]Answer)
	stop     context.CancelCauseFunc
	began    time.Duration

	nextMu sync.Mutex
	next   func(into []Question) (n int, more bool) // nil when there are no more

	waiting atomic.Int64 // questions that wait in lanes, at most about MostWaiting
	slow    atomic.Int64 // that run

	underway atomic.Int64 // questions without an answer
	workers  *sync.WaitGroup

	// The row of questions in a row that nobody answered.
	failedInARow atomic.Int64
	failingSince atomic.Int64 // when the first of them was over
	probing      atomic.Bool
}

// take fills into with the next questions.
func (s *sweep) take(into []Question) (n int, more bool) {
	s.nextMu.Lock()
	defer s.nextMu.Unlock()
	if s.next == nil {
		return 0, false
	}
	if n, more = s.next(into); !more {
		s.next = nil
	}
	return n, more
}

// deliver yields answers and counts the row of questions that nobody answered.
func (s *sweep) deliver(answers []Answer) {
	if len(answers) == 0 {
		return
	}
	failed := int64(0)
	for i := range answers {
		if answers[i].Outcome == Failed {
			failed++
		}
	}
	s.yield(answers)
	s.countQuestions(-int64(len(answers)))
	now := int64(s.resolver.now())
	switch {
	case failed < int64(len(answers)):
		if s.failedInARow.Load() != 0 {
			s.failedInARow.Store(0)
		}
		return
	case s.failedInARow.Load() == 0 || s.resolver.lastReply.Load() > s.failingSince.Load():
		s.failedInARow.Store(0)
		s.failingSince.Store(now)
	}
	s.failedInARow.Add(failed)
}

// silent reports whether the row is so long that no more questions may be
// spent. It stops the sweep when no upstream answers a probe either.
func (s *sweep) silent() bool {
	row := s.failedInARow.Load()
	if row < probeAfter {
		return false
	}
	now := s.resolver.now()
	quiet := now - max(time.Duration(s.resolver.lastReply.Load()), s.began)
	if quiet < time.Duration(s.resolver.schedule.attempts)*s.resolver.schedule.timeout {
		return row >= silentAfter
	}
	if s.probing.Swap(true) {
		return true
	}
	s.workers.Go(func() {
		defer s.probing.Store(false)
		if s.resolver.probe(s.ctx, now) {
			s.failedInARow.Store(0)
			return
		}
		if s.ctx.Err() == nil {
			s.resolver.log.Warn("no upstream answers: the sweep stops", "questions", row)
			s.stop(ErrSilent)
		}
	})
	return true
}

// countQuestions adds to the questions that have no answer.
func (s *sweep) countQuestions(n int64) {
	s.underway.Add(n)
	s.resolver.progress.underway.Add(n)
}
