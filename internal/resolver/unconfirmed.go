package resolver

import "time"

// advanceClock notes what time it is. Time in which the process was stopped is no upstream's delay: what waits for a
// reply counts as sent so much later.
func (l *lane) advanceClock(now time.Duration) {
	if gap := now - l.now; gap > stall {
		for _, rt := range l.routes {
			rt.window.Suspended(gap)
		}
		for i := range l.table.items {
			if it := &l.table.items[i]; it.where == inFlight || it.where == inWheel {
				it.sentAfter += uint32(gap / time.Millisecond)
			}
		}
		l.resolver.log.Warn("this process was stopped, or starved: what waits for an answer gets its time back",
			"for", gap.Round(time.Millisecond))
	}
	l.now = now
}

// confirmFailures ends the questions whose failure can be believed, since the upstream has answered a later canary.
// Where an upstream was stopped meanwhile they are asked from their beginning, and so are those that failed by a
// fault of this machine.
func (l *lane) confirmFailures() {
	for l.unconfirmed.n > 0 {
		i := l.unconfirmed.oldest
		it := &l.table.items[i]
		rt := l.lastRoute(it)
		h := l.history[i]
		failed := h.evidence.failed
		local := h.evidence.kept == nil && failed != nil && failed.local
		switch {
		case l.resolver.stoppedSince(rt.upstream, it.began):
			l.detach(i)
			l.startOver(i)
		case rt.upstream.breaker.LastGood() <= it.sent():
			rt.upstream.breaker.WantCanary()
			return
		case local && h.restarts < maxRestarts:
			h.restarts++
			l.history[i] = h
			l.detach(i)
			l.startOver(i)
		default:
			l.detach(i)
			l.questionFailed(i)
		}
	}
}

// startOver stages a question as if it had not been asked, but for the replies that are still expected.
func (l *lane) startOver(i uint32) {
	it := &l.table.items[i]
	if int(it.tries)+l.schedule.maxAttempts(it.is(isPatient), false) > MaxRetries {
		it.tries = 0 // it cannot count further
	}
	h := l.history[i]
	l.history[i] = history{uncounted: int(it.tries), restarts: h.restarts}
	it.began, it.sentAfter = l.now, 0
	l.restage(i)
}

// restartWindows begins anew with the window of an upstream that was stopped: what it bears now is not known.
func (l *lane) restartWindows() {
	for _, rt := range l.routes {
		if opened := rt.upstream.breaker.Opened(); opened != rt.opened {
			rt.opened = opened
			rt.window = rt.window.Restarted()
		}
	}
}
