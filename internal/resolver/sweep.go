package resolver

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// A Sweep that hears nothing asks no more questions once so many in a row have
// failed, and doubts that anybody is there after the smaller number, when all
// attempts of a question would have had their time.
const (
	silentAfter = 256
	probeAfter  = 16
)

// A Question is one element of a Sweep: about the name Label.Name.
type Question struct {
	Label string // what stands before Name, as "_mta-sts"; may be empty
	Name  string // plain labels in lower case, no final dot, no escapes
	Type  uint16
	Avoid uint16 // number of the upstream that is not to be asked first, where there is another; 0: none
	Tag   int64  // comes back with the Answer

	Again   bool // it failed before: that it does so again says nothing about an upstream
	Patient bool // silence is borne with more attempts, see [WithPatience]
}

// owner is the name that is asked for.
func (q *Question) owner() string {
	if q.Label == "" {
		return q.Name
	}
	return q.Label + "." + q.Name
}

// An Outcome is what became of a Question.
type Outcome uint8

const (
	Failed   Outcome = iota // no reply: see Err
	NXDOMAIN                // the name does not exist, and nothing else was said
	NODATA                  // the name has no such record (RFC 2308, section 2.2), and nothing else was said
	Reply                   // anything else, errors too: see Msg
)

// An Answer belongs to the Question with its Tag.
type Answer struct {
	Tag           int64
	Outcome       Outcome
	Zone          string   // owner of the SOA in the authority section, lower case, no final dot; "." for the root; "" without one
	EDE           []uint16 // extended errors (RFC 8914), each once, at most 19
	Authenticated bool     // AD
	Rcode         int      // with its extension; -1 when Failed
	Msg           *dns.Msg // for Reply; nil otherwise
	Err           error    // for Failed: an *[Error]
	Trace         Trace
}

// Sweep asks the questions that next gives, many at a time, and yields an
// Answer for each, in any order. A question that gets no reply for a tenth of a
// time-out, from an upstream that answers others, is not counted among those in
// flight any more, and holds up no other: see [MostWaiting].
//
// next fills as much of into as it likes and says how much. It reports more =
// false when no question comes after these; with n = 0 and more it is asked
// again soon, which is how the caller slows the Sweep down. It is called by one
// goroutine at a time. yield takes Answers in a slice that is used again
// afterwards, and may be called concurrently. Neither may block: replies wait
// in the kernel meanwhile, and time-outs run.
//
// Sweep returns nil once next has reported the end and every question has its
// answer. It stops before that with the cause of ctx, or with [ErrSilent] when
// questions fail in a row and no upstream has said anything for the time that
// all attempts of one take, nor answers a probe then. Questions then under way
// are dropped without an answer; those that silence made fail have answers
// whose Err is Local. With a [Watch] it waits instead while all upstreams are
// stopped, and stops with [ErrUntrusted] where that takes too long. Any other error
// says that the sockets could not be opened, or that the Resolver was closed.
func (r *Resolver) Sweep(ctx context.Context, next func(into []Question) (n int, more bool), yield func([]Answer)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &sweep{resolver: r, next: next, yield: yield, ctx: ctx, stop: stop, began: r.now()}
	if r.watch != nil {
		defer context.AfterFunc(r.watch.gaveUp, func() {
			if r.ctx.Err() == nil {
				stop(context.Cause(r.watch.gaveUp))
			}
		})()
	}

	lanes := make([]*lane, r.shares.lanes)
	for i := range lanes {
		l, err := s.openLane(r.inFlight / len(lanes))
		if err != nil {
			for _, l := range lanes[:i] {
				l.close()
			}
			return err
		}
		l.resumeWindows(i)
		lanes[i] = l
	}
	var running, workers sync.WaitGroup
	s.workers = &workers
	for _, l := range lanes {
		running.Go(l.run)
	}
	running.Wait()
	workers.Wait()
	s.countQuestions(-s.underway.Load()) // they are dropped
	for _, l := range lanes {
		l.keepWindows()
		l.close()
	}
	if ctx.Err() == nil && r.ctx.Err() != nil {
		return net.ErrClosed
	}
	return context.Cause(ctx)
}

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

// hand yields answers and counts the row of questions that nobody answered.
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
