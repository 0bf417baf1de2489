package resolver

import "stsscan/internal/codes"

// maxSlow bounds the goroutines of a Sweep for slow questions. Others wait for one of them.
const maxSlow = 256

// A slowQuestion is a question that a lane cannot end without blocking.
type slowQuestion struct {
	question Question
	state    questionState
	trace    Trace
	step     step
}

// handOff gives slow questions to goroutines, while there are not too many.
func (l *lane) handOff() {
	for l.slowPath.n > 0 && l.sweep.slow.Load() < maxSlow {
		i := l.slowPath.oldest
		it := &l.table.items[i]
		h := l.history[i]
		q := slowQuestion{question: l.table.question(i), step: step(it.bucket), state: questionState{
			began: it.began, tried: it.sent(), made: int(it.tries) - h.uncounted, evidence: h.evidence,
		}}
		if rt := l.lastRoute(it); rt != nil {
			q.state.last = rt.upstream
			if it.tries > 0 {
				q.trace = l.trace(i, rt)
			}
			if q.step == stepNone {
				q.state.evidence.failed = q.state.evidence.failure(rt.upstream)
			}
		}
		l.detach(i)
		l.drop(i)
		l.sweep.slow.Add(1)
		l.sweep.workers.Go(func() {
			l.sweep.runSlow(q)
			l.sweep.slow.Add(-1)
		})
	}
}

// runSlow ends a question and yields its answer.
func (s *sweep) runSlow(q slowQuestion) {
	if s.ctx.Err() != nil {
		return
	}
	a := s.resolver.askers.Get().(*asker)
	answer := s.askSlow(a, q)
	s.resolver.release(a)
	if s.ctx.Err() == nil || answer.Outcome != Failed {
		s.deliver([]Answer{answer})
	}
}

// askSlow ends a question the way that Exchange does.
func (s *sweep) askSlow(a *asker, slow slowQuestion) Answer {
	q := &slow.question
	answer := Answer{Tag: q.Tag, Rcode: -1}
	if err := a.query.Ask(q.owner(), q.Type); err != nil {
		answer.Err = &Error{question: q.String(), reason: codes.RecordMalformed, err: err}
		return answer
	}
	a.trace, a.sweeping = slow.trace, true
	ctx := s.ctx
	if q.Patient {
		ctx = WithPatience(ctx)
	}
	rd, err := s.resolver.askWatched(ctx, a, &slow.state, slow.step)
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
