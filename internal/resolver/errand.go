package resolver

import (
	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// maxErrands bounds the goroutines of a Sweep that run errands; as many more wait as
// may wait at all.
const maxErrands = 256

// A step is where an attempt goes on.
type step uint8

const (
	stepUDP  step = iota // from its beginning
	stepTCP              // the answer over UDP is truncated, or not to be believed
	stepBare             // EDNS(0) was not understood
	stepNone             // no attempt is left: what remains is to judge
	stepWait             // replies to earlier attempts are expected still
)

// An errand is a question that a lane cannot end without blocking.
type errand struct {
	question Question
	effort   effort
	trace    Trace
	step     step
}

// handOver makes an errand of a question, for the upstream that is being read if
// there was a reply. Until a goroutine is free it waits like others.
func (l *lane) handOver(i uint32, at step) {
	it := &l.table.items[i]
	l.pluck(i)
	l.forgo(it, true)
	l.forgo(it, false)
	if at == stepTCP || at == stepBare {
		it.flights[0].port = l.reads.number
	}
	l.table.dropSlot(it)
	it.bucket = uint8(at)
	it.where = inQueue
	l.queue.push(l.table.items, i)
}

// lendAll gives errands to goroutines, as long as there are not too many.
func (l *lane) lendAll() {
	for l.queue.n > 0 && l.errands.Load() < maxErrands {
		i := l.queue.oldest
		it := &l.table.items[i]
		h := l.history[i]
		e := errand{question: l.table.question(i), step: step(it.bucket), effort: effort{
			began: it.began, tried: it.sent(), made: int(it.tries) - h.forgiven, evidence: h.evidence,
		}}
		if rt := l.last(it); rt != nil {
			e.effort.last = rt.upstream
			if it.tries > 0 {
				e.trace = l.trace(i, rt)
			}
			if e.step == stepNone {
				e.effort.failed = e.effort.failure(rt.upstream)
			}
		}
		l.pluck(i)
		l.forget(i)
		l.errands.Add(1)
		l.workers.Go(func() {
			l.runErrand(e)
			l.errands.Add(-1)
		})
	}
}

// runErrand ends a question and yields its answer.
func (s *sweep) runErrand(e errand) {
	if s.ctx.Err() != nil {
		return
	}
	a := s.askers.Get().(*asker)
	answer := s.finish(a, e)
	s.release(a)
	if s.ctx.Err() == nil || answer.Outcome != Failed {
		s.hand([]Answer{answer})
	}
}

// finish ends a question the way that Exchange does.
func (s *sweep) finish(a *asker, e errand) Answer {
	q := &e.question
	answer := Answer{Tag: q.Tag, Rcode: -1}
	if err := a.query.Ask(q.owner(), q.Type); err != nil {
		answer.Err = &Error{question: q.String(), reason: codes.RecordMalformed, err: err}
		return answer
	}
	a.trace, a.plain = e.trace, true
	ctx := s.ctx
	if q.Patient {
		ctx = WithPatience(ctx)
	}
	rd, err := s.pursue(ctx, a, &e.effort, e.step)
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

// String is the question for people.
func (q *Question) String() string { return dns.Type(q.Type).String() + " " + q.owner() }
