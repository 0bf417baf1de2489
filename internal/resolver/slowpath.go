package resolver

import (
	"stsscan/internal/codes"
)

// maxErrands bounds the goroutines of a Sweep that run errands; as many more wait as
// may wait at all.
const maxSlow = 256

// A slowQuestion is a question that a lane cannot end without blocking.
type slowQuestion struct {
	question Question
	effort   questionState
	trace    Trace
	step     step
}

// toSlowPath makes an errand of a question, for the upstream that is being read if
// there was a reply. Until a goroutine is free it waits like others.
func (l *lane) toSlowPath(i uint32, at step) {
	it := &l.table.items[i]
	l.detach(i)
	l.closeFlight(it, true)
	l.closeFlight(it, false)
	if at == stepTCP || at == stepBare {
		it.flights[0].port = l.readPort.number
	}
	l.table.dropSlot(it)
	it.bucket = uint8(at)
	it.where = inSlowPath
	l.slowPath.push(l.table.items, i)
}

// handOff gives errands to goroutines, as long as there are not too many.
func (l *lane) handOff() {
	for l.slowPath.n > 0 && l.sweep.slow.Load() < maxSlow {
		i := l.slowPath.oldest
		it := &l.table.items[i]
		h := l.history[i]
		e := slowQuestion{question: l.table.question(i), step: step(it.bucket), effort: questionState{
			began: it.began, tried: it.sent(), made: int(it.tries) - h.forgiven, evidence: h.evidence,
		}}
		if rt := l.lastRoute(it); rt != nil {
			e.effort.last = rt.upstream
			if it.tries > 0 {
				e.trace = l.trace(i, rt)
			}
			if e.step == stepNone {
				e.effort.evidence.failed = e.effort.evidence.failure(rt.upstream)
			}
		}
		l.detach(i)
		l.drop(i)
		l.sweep.slow.Add(1)
		l.sweep.workers.Go(func() {
			l.sweep.runSlow(e)
			l.sweep.slow.Add(-1)
		})
	}
}

// runSlow ends a question and yields its answer.
func (s *sweep) runSlow(e slowQuestion) {
	if s.ctx.Err() != nil {
		return
	}
	a := s.resolver.askers.Get().(*asker)
	answer := s.askSlow(a, e)
	s.resolver.release(a)
	if s.ctx.Err() == nil || answer.Outcome != Failed {
		s.deliver([]Answer{answer})
	}
}

// askSlow ends a question the way that Exchange does.
func (s *sweep) askSlow(a *asker, e slowQuestion) Answer {
	q := &e.question
	answer := Answer{Tag: q.Tag, Rcode: -1}
	if err := a.ask(q.owner(), q.Type); err != nil {
		answer.Err = &Error{question: q.String(), reason: codes.RecordMalformed, err: err}
		return answer
	}
	a.trace, a.plain = e.trace, true
	ctx := s.ctx
	if q.Patient {
		ctx = WithPatience(ctx)
	}
	rd, err := s.resolver.askWatched(ctx, a, &e.effort, e.step)
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
