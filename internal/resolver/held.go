package resolver

import "time"

// stall is how much later than due a lane may come round before it concludes
// that the process, or the machine, was stopped.
const stall = time.Second

// mostAgain is how often a question that failed by a fault of this machine is
// asked from its beginning while upstreams answer others well.
const mostAgain = 32

// tell notes what time it is. Time that passed while the process was stopped is
// no upstream's delay: what waits for a reply counts as sent later, and what finds it
// due looks at that.
func (l *lane) tell(now time.Duration) {
	if gap := now - l.now; gap > stall {
		for _, rt := range l.routes {
			rt.window.Suspended(gap)
		}
		for i := range l.table.items {
			if it := &l.table.items[i]; it.where == inFlight || it.where == inWheel {
				it.after += uint32(gap / time.Millisecond)
			}
		}
		l.log.Warn("this process was stopped, or starved: what waits for an answer gets its time back",
			"for", gap.Round(time.Millisecond))
	}
	l.now = now
}

// hold keeps a question that all attempts failed until that can be believed.
func (l *lane) hold(i uint32) {
	if l.watch == nil {
		l.giveUp(i)
		return
	}
	it := &l.table.items[i]
	guard := &l.last(it).guard
	if h := l.history[i]; h.silent() && h.forgiven == 0 && !it.is(isAgain) {
		guard.silence.Missed(it.began)
	}
	it.stamp(l.now)
	l.table.dropSlot(it)
	it.where = inHold
	l.held.push(l.table.items, i)
	guard.want()
}

// believe ends the questions whose failure can be believed, since the upstream
// has answered a later canary. Where one was stopped meanwhile they are asked
// from their beginning, and so are those that failed by our own fault.
func (l *lane) believe() {
	for l.held.n > 0 {
		i := l.held.oldest
		it := &l.table.items[i]
		rt := l.last(it)
		h := l.history[i]
		ours := h.kept == nil && h.failed != nil && h.failed.local && h.again < mostAgain
		switch {
		case l.doubted(rt.upstream, it.began):
			l.pluck(i)
			l.fresh(i)
		case rt.guard.good.Load() <= int64(it.sent()):
			rt.guard.want()
			return
		case ours:
			h.again++
			l.history[i] = h
			l.pluck(i)
			l.fresh(i)
		default:
			l.pluck(i)
			l.giveUp(i)
		}
	}
}

// fresh stages a question as if it had not been asked, but for the replies that are
// expected.
func (l *lane) fresh(i uint32) {
	it := &l.table.items[i]
	if int(it.tries)+l.most(it.is(isPatient), false) > MaxRetries {
		it.tries = 0 // it does not count further
	}
	h := l.history[i]
	l.history[i] = history{forgiven: int(it.tries), again: h.again}
	it.began, it.after = l.now, 0
	l.restage(i)
}

// restart gives a route that was stopped a window near the beginning: whether it bears
// what it did is not known any more.
func (l *lane) restart() {
	for _, rt := range l.routes {
		if opened := rt.guard.opened.Load(); opened != rt.opened {
			rt.opened = opened
			rt.window = rt.window.Restarted()
		}
	}
}
