package resolver

import (
	"errors"
	"syscall"

	"stsscan/internal/codes"
)

const (
	timedOut  = codes.RecordTimeout
	malformed = codes.RecordMalformed
)

// A history is what earlier attempts of a question brought.
type history struct {
	kept   *reading // the last reply whose rcode is tried again; nil: none
	source Trace    // of kept
	failed *Error   // the last attempt that says most about the question; nil: none

	forgiven int   // attempts that do not count, since an upstream was stopped
	again    uint8 // how often the question was asked from its beginning
}

// failed ends an attempt that brought no reply, or none that can be read.
func (l *lane) failed(i uint32, err *Error) {
	s := &l.table.slots[i]
	rt := l.routes[s.route]
	h := l.history[i]
	if err.outweighs(h.failed) {
		err.upstream = rt.addr
		h.failed = err
	}
	l.history[i] = h
	l.again(i, err.local)
}

// declined ends an attempt that brought a reply whose rcode is tried again.
func (l *lane) declined(i uint32, rd reading) {
	h := l.history[i]
	h.kept, h.source = &rd, l.trace(i)
	l.history[i] = h
	l.again(i, false)
}

// again begins the next attempt of a question that failed, or gives it up. When
// nobody listens, and there is nobody else, it waits a moment.
func (l *lane) again(i uint32, local bool) {
	s := &l.table.slots[i]
	rt := l.routes[s.route]
	switch {
	case int(s.tries)-l.history[i].forgiven >= l.mostOf(i):
		l.hold(i)
	case local && len(l.routes) == 1:
		s.sent = l.now
		l.parked.push(l.table.slots, i)
	default:
		l.stage.push(rt, i, l.table.slots, l.now)
	}
}

// mostOf is how many attempts a question gets.
func (l *lane) mostOf(i uint32) int {
	return l.most(l.table.questions[i].Again, l.history[i].kept != nil)
}

// giveUp ends a question that all attempts failed.
func (l *lane) giveUp(i uint32) {
	s := &l.table.slots[i]
	h := l.history[i]
	if h.kept != nil {
		a := Answer{
			Tag: l.table.questions[i].Tag, Outcome: Reply, EDE: h.kept.ede, Authenticated: h.kept.authenticated,
			Rcode: h.kept.rcode, Msg: h.kept.msg, Trace: l.trace(i),
		}
		a.Trace.Upstream = h.source.Upstream
		l.answers = append(l.answers, a)
		l.forget(i)
		return
	}
	if l.watch == nil && errors.Is(h.failed.err, errNoAnswer) && l.heard.Load() <= int64(s.sent) {
		l.handOver(i, stepNone) // is anybody there at all?
		return
	}
	h.failed.question = l.table.questions[i].String()
	l.answers = append(l.answers, Answer{Tag: l.table.questions[i].Tag, Rcode: -1, Err: h.failed, Trace: l.trace(i)})
	l.forget(i)
}

func (l *lane) forget(i uint32) {
	delete(l.history, i)
	l.table.release(i)
}

// portFailed ends the attempts of all questions that wait on a port: an ICMP
// error about a datagram of ours, or a fault of this machine. They need not
// wait.
func (l *lane) portFailed(rt *route, p *lanePort, err error) {
	for i := l.flying.oldest; p.n > 0 && i != nowhere; {
		s := &l.table.slots[i]
		next := s.newer
		if l.routes[s.route] == rt && &rt.ports[s.port] == p {
			l.land(i)
			rt.counts.failed.Add(1)
			rt.loss.count(true)
			l.failed(i, fault(err))
		}
		i = next
	}
}

// abandon answers every question that is left: the Resolver was closed.
func (l *lane) abandon() {
	for i := range l.table.slots {
		q := &l.table.questions[i]
		if q.Name == "" {
			continue
		}
		err := fault(syscall.ECANCELED)
		err.question = q.String()
		l.answers = append(l.answers, Answer{Tag: q.Tag, Rcode: -1, Err: err})
		l.forget(uint32(i))
	}
	l.hand(l.answers)
}
