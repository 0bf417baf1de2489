package resolver

import (
	"context"
	"sync"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// silentRow is the number of questions in a row without any answer from any
// upstream that ends a Sweep.
const silentRow = 256

// A Question is one element of a Sweep.
type Question struct {
	Name string // owner: plain labels in lower case, no final dot, no escapes
	Type uint16
	Tag  int64 // comes back with the Answer
}

// An Outcome is what became of a Question.
type Outcome uint8

const (
	Failed   Outcome = iota // no reply: see Err
	NXDOMAIN                // the name does not exist, and nothing else was said
	NODATA                  // the name has no such record, an SOA says so, and nothing else was said
	Reply                   // anything else, errors too: see Msg
)

// An Answer belongs to the Question with its Tag.
type Answer struct {
	Tag           int64
	Outcome       Outcome
	Zone          string   // owner of the SOA in the authority section, lower case, no final dot; "." for the root
	EDE           []uint16 // extended errors (RFC 8914), each once
	Authenticated bool     // AD
	Rcode         int      // with its extension; -1 when Failed
	Msg           *dns.Msg // for Reply; nil otherwise
	Err           error    // for Failed: an *[Error]
	Trace         Trace
}

// Sweep asks the questions that next gives, many at a time, and yields an
// Answer for each, in any order.
//
// next is called by one goroutine at a time and may block, which is how the
// caller slows the Sweep down; it must report false soon after ctx ends. yield
// may be called concurrently, and what it does delays the next question.
//
// Sweep returns nil once next has reported false and every question has its
// answer. It stops before that with the cause of ctx, or with [ErrSilent] when
// no upstream has answered any of the last 256 questions, nor anything else for
// at least one time-out. Questions then in flight are dropped without an
// answer; those that silence made fail have answers whose Err is Local.
func (r *Resolver) Sweep(ctx context.Context, next func() (Question, bool), yield func(Answer)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &sweep{Resolver: r, next: next, yield: yield, stop: stop, began: r.now()}
	var workers sync.WaitGroup
	for range r.inFlight {
		workers.Go(func() { s.work(ctx) })
	}
	workers.Wait()
	if s.cut {
		return context.Cause(ctx)
	}
	return nil
}

// A sweep is the state that the workers of one Sweep share.
type sweep struct {
	*Resolver
	yield func(Answer)
	stop  context.CancelCauseFunc
	began time.Duration

	admission sync.Mutex
	next      func() (Question, bool) // nil when there are no more

	mu    sync.Mutex
	cut   bool          // something is left unasked or unanswered
	row   int           // questions in a row that nobody answered
	since time.Duration // when the first of the row was over
}

func (s *sweep) work(ctx context.Context) {
	a := newAsker()
	for {
		q, ok := s.take(ctx)
		if !ok {
			return
		}
		answer := s.answer(ctx, a, q)
		if ctx.Err() != nil && answer.Outcome == Failed {
			s.leave()
			return
		}
		s.yield(answer)
		s.judge(ctx, answer.Outcome == Failed)
	}
}

// take is the next question, for one worker at a time.
func (s *sweep) take(ctx context.Context) (q Question, ok bool) {
	s.admission.Lock()
	defer s.admission.Unlock()
	if s.next == nil {
		return q, false
	}
	if ctx.Err() != nil {
		s.leave()
		return q, false
	}
	if q, ok = s.next(); !ok {
		s.next = nil
	}
	return q, ok
}

// leave notes that the Sweep ends before its questions do.
func (s *sweep) leave() {
	s.mu.Lock()
	s.cut = true
	s.mu.Unlock()
}

func (s *sweep) answer(ctx context.Context, a *asker, q Question) Answer {
	answer := Answer{Tag: q.Tag, Rcode: -1}
	if err := a.ask(q.Name, q.Type); err != nil {
		answer.Err = &Error{question: dns.Type(q.Type).String() + " " + q.Name, reason: codes.RecordMalformed, err: err}
		return answer
	}
	rd, err := s.ask(ctx, a, true)
	answer.Trace = a.trace
	if err != nil {
		answer.Err = err
		return answer
	}
	answer.Outcome, answer.Zone, answer.EDE = rd.outcome, rd.zone, rd.ede
	answer.Authenticated, answer.Rcode = rd.authenticated, rd.rcode
	if rd.outcome == Reply {
		answer.Msg = rd.msg
	}
	return answer
}

// judge counts the row of questions that nobody answered, stops the Sweep when
// it is long, and until then slows the worker down, so that an upstream that
// refuses at once does not burn the list.
func (s *sweep) judge(ctx context.Context, failed bool) {
	s.mu.Lock()
	now, heard := s.now(), time.Duration(s.heard.Load())
	if !failed {
		s.row = 0
		s.mu.Unlock()
		return
	}
	if s.row == 0 || heard > s.since {
		s.row, s.since = 0, now
	}
	s.row++
	long := s.row >= silentRow
	s.mu.Unlock()

	switch {
	case !long:
	case now-max(heard, s.began) < s.timeout:
		s.pause(ctx)
	case !s.alive(ctx, now):
		s.log.Warn("no upstream answers: the sweep stops", "questions", silentRow)
		s.stop(ErrSilent)
	}
}
