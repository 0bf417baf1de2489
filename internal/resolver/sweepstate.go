package resolver

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A Sweep that hears nothing asks no more questions after silentAfter failures in a row. After probeAfter it probes
// the upstreams, once all attempts of a question would have had their time.
const (
	silentAfter = 256
	probeAfter  = 16
)

// A sweep is what the lanes of one Sweep share, with the goroutines of slow questions.
type sweep struct {
	// Set by Sweep, and never changed.
	resolver *Resolver
	ctx      context.Context
	yield    func([]Answer) // called concurrently
	stop     context.CancelCauseFunc
	began    time.Duration
	workers  *sync.WaitGroup // goroutines of slow questions, and of a probe

	nextMu sync.Mutex                               // guards next
	next   func(into []Question) (n int, more bool) // nil when there are no more

	waiting  atomic.Int64 // questions that wait in lanes, at most about MostWaiting
	slow     atomic.Int64 // slow questions that have a goroutine
	underway atomic.Int64 // questions without an answer

	failedInARow atomic.Int64 // questions, since a reply came
	failingSince atomic.Int64 // when the first of them failed
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

// deliver yields answers and counts the failures in a row.
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

// silent reports whether so much failed in a row that no more questions may be sent. It stops the sweep when no
// upstream answers a probe either.
func (s *sweep) silent() bool {
	failed := s.failedInARow.Load()
	if failed < probeAfter {
		return false
	}
	now := s.resolver.now()
	quiet := now - max(time.Duration(s.resolver.lastReply.Load()), s.began)
	if quiet < s.resolver.schedule.longest(false, false) {
		return failed >= silentAfter
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
			s.resolver.log.Warn("no upstream answers: the sweep stops", "questions", failed)
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
