package resolver

import "syscall"

// attemptFailed ends an attempt that brought no reply.
func (l *lane) attemptFailed(i uint32, err *Error, rt *route) {
	l.noteFailure(i, err, rt)
	l.retry(i, err.local)
}

// noteFailure notes how an attempt over rt failed. Silence alone needs no history.
func (l *lane) noteFailure(i uint32, err *Error, rt *route) {
	h, ok := l.history[i]
	if !ok && err.err == errNoAnswer {
		return
	}
	h.evidence.noteFailure(err, rt.upstream)
	l.history[i] = h
}

// proceed goes on with a question whose reply was no answer. It stays where it is while another attempt is in flight,
// or it waits to be sent or confirmed.
func (l *lane) proceed(i uint32, local bool) {
	it := &l.table.items[i]
	switch {
	case it.where == inNoList:
	case it.where == inWheel && !it.awaitsReply():
		l.detach(i)
	default:
		return
	}
	l.retry(i, local)
}

// retry stages the next attempt of a question, or holds it as failed. After a fault of this machine it waits a moment
// where there is no other upstream.
func (l *lane) retry(i uint32, local bool) {
	it := &l.table.items[i]
	h := l.history[i]
	switch {
	case int(it.tries)-h.uncounted >= l.schedule.maxAttempts(it.is(isPatient), h.evidence.kept != nil):
		l.holdFailure(i)
	case local && len(l.routes) == 1:
		it.marks |= toStage
		l.waitUntil(i, l.now+l.schedule.timeout/10)
	default:
		l.restage(i)
	}
}

// restage stages a question that was sent before, or lets it wait for a slot.
func (l *lane) restage(i uint32) {
	it := &l.table.items[i]
	it.marks &^= toStage
	switch {
	case !l.table.takeSlot(it):
		it.marks |= toStage
		l.waitUntil(i, l.now+l.wheel.tick)
	case it.awaitsReply():
		l.stage.repeat(i, l.table.items)
	default:
		l.stage.push(l.lastRoute(it), i, l.table.items, l.now)
	}
}

// questionFailed ends a question after all its attempts have failed.
func (l *lane) questionFailed(i uint32) {
	it := &l.table.items[i]
	rt := l.lastRoute(it)
	h := l.history[i]
	a := Answer{Tag: it.tag, Rcode: -1, Trace: l.trace(i, rt)}
	if kept := h.evidence.kept; kept != nil {
		a.Outcome, a.EDE, a.Authenticated = Reply, kept.ede, kept.authenticated
		a.Rcode, a.Msg = kept.rcode, kept.msg
		a.Trace.Upstream = h.evidence.source.Upstream
	} else {
		failed := h.evidence.failure(rt.upstream)
		if l.resolver.watch == nil && failed.err == errNoAnswer && l.resolver.lastReply.Load() <= int64(it.sent()) {
			l.toSlowPath(i, stepNone) // does any upstream answer at all?
			return
		}
		q := l.table.question(i)
		failed.question = q.String()
		a.Err = failed
	}
	l.answers = append(l.answers, a)
	l.drop(i)
}

// portFailed ends the attempts of all questions in flight on a port, after an ICMP error about one of their datagrams
// or a fault of this machine. Those that wait go on waiting.
func (l *lane) portFailed(rt *route, p *lanePort, err error) {
	p.failed = true
	for i := rt.sent.oldest; p.inFlight > 0 && i != nowhere; {
		it := &l.table.items[i]
		next := it.newer
		if it.flights[0].port == p.number {
			l.leaveFlight(i)
			l.closeFlight(it, true)
			rt.upstream.counts.failed.Add(1)
			rt.upstream.loss.Count(true)
			l.attemptFailed(i, fault(err), rt)
		}
		i = next
	}
}

// abandon answers every question that is left when the Resolver is closed.
func (l *lane) abandon() {
	for i := range l.table.items {
		if l.table.items[i].where == inNoList {
			continue // it is free
		}
		q := l.table.question(uint32(i))
		err := fault(syscall.ECANCELED)
		err.question = q.String()
		l.answers = append(l.answers, Answer{Tag: q.Tag, Rcode: -1, Err: err})
	}
	l.sweep.deliver(l.answers)
}

// holdFailure keeps a question whose attempts have all failed until a canary confirms that.
func (l *lane) holdFailure(i uint32) {
	if l.resolver.watch == nil {
		l.questionFailed(i)
		return
	}
	it := &l.table.items[i]
	breaker := &l.lastRoute(it).upstream.breaker
	if h := l.history[i]; h.evidence.silent() && h.uncounted == 0 && !it.is(failedBefore) {
		breaker.Silence.Missed(it.began)
	}
	it.stamp(l.now)
	l.table.dropSlot(it)
	it.where = inUnconfirmed
	l.unconfirmed.push(l.table.items, i)
	breaker.WantCanary()
}
