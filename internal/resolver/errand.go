package resolver

import (
	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// maxErrands bounds the goroutines of a Sweep that run errands.
const maxErrands = 256

// A step is where an attempt goes on.
type step uint8

const (
	stepUDP  step = iota // from its beginning
	stepTCP              // the answer over UDP is truncated, or not to be believed
	stepBare             // EDNS(0) was not understood
	stepNone             // no attempt is left: what remains is to judge
)

// An errand is a question that a lane cannot end without waiting.
type errand struct {
	lane     *lane
	question Question
	effort   effort
	trace    Trace
	step     step
}

func (l *lane) overTCP(i uint32)     { l.handOver(i, stepTCP) }
func (l *lane) withoutEDNS(i uint32) { l.handOver(i, stepBare) }

// handOver makes an errand of a question that has landed.
func (l *lane) handOver(i uint32, at step) {
	s := &l.table.slots[i]
	h := l.history[i]
	e := errand{question: l.table.questions[i], trace: l.trace(i), step: at, effort: effort{
		began: s.began, tried: s.sent, made: int(s.tries), last: l.routes[s.route].upstream, source: h.source, failed: h.failed,
	}}
	if h.kept != nil {
		e.effort.kept, e.effort.got = *h.kept, true
	}
	l.forget(i)
	l.lend(e)
}

// lend gives an errand to a goroutine. It counts as in flight.
func (l *lane) lend(e errand) {
	e.lane = l
	l.lent.Add(1)
	l.errands <- e
	if l.helpers.Add(1) <= maxErrands { // each of the first errands brings a goroutine with it
		l.workers.Go(l.sweep.runErrands)
	}
}

func (s *sweep) runErrands() {
	a := newAsker()
	for e := range s.errands {
		if s.ctx.Err() == nil {
			answer := s.runErrand(a, e)
			if s.ctx.Err() == nil || answer.Outcome != Failed {
				s.hand([]Answer{answer})
			}
		}
		e.lane.lent.Add(-1)
	}
}

// runErrand ends a question the way that Exchange does.
func (s *sweep) runErrand(a *asker, e errand) Answer {
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
