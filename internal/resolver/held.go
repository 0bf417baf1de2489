package resolver

import (
	"errors"
	"time"
)

// stall is how much later than due a lane may come round before it concludes
// that the process, or the machine, was stopped.
const stall = time.Second

// mostAgain is how often a question that failed by a fault of this machine is
// asked from its beginning while upstreams answer others well.
const mostAgain = 32

// tell notes what time it is. Time that passed while the process was stopped is
// nobody's delay.
func (l *lane) tell(now time.Duration) {
	if gap := now - l.now; gap > stall {
		for _, rt := range l.routes {
			rt.window.stop(gap)
		}
		for i := l.flying.oldest; i != nowhere; i = l.table.slots[i].newer {
			l.table.slots[i].sent += gap
		}
		l.log.Warn("this process was stopped, or starved: what waits for an answer gets its time back", "for", gap.Round(time.Millisecond))
	}
	l.now = now
}

// hold keeps a question that all attempts failed until that can be believed.
func (l *lane) hold(i uint32) {
	if l.watch == nil {
		l.giveUp(i)
		return
	}
	s := &l.table.slots[i]
	guard := &l.routes[s.route].guard
	if h := l.history[i]; h.kept == nil && errors.Is(h.failed.err, errNoAnswer) && !l.table.questions[i].Again {
		guard.silence.missed(s.began)
	}
	s.sent = l.now
	l.held.push(l.table.slots, i)
	guard.want()
}

// believe ends the questions whose failure can be believed, since the upstream
// has answered a later canary. Where one was stopped meanwhile they are asked
// from their beginning, and so are those that failed by our own fault.
func (l *lane) believe() {
	for l.held.n > 0 {
		i := l.held.oldest
		s := &l.table.slots[i]
		rt := l.routes[s.route]
		h := l.history[i]
		ours := h.kept == nil && h.failed.local && h.again < mostAgain
		switch {
		case l.doubted(s.began):
			l.held.remove(l.table.slots, i)
			l.fresh(i)
		case rt.guard.good.Load() <= int64(s.sent):
			rt.guard.want()
			return
		case ours:
			h.again++
			l.history[i] = h
			l.held.remove(l.table.slots, i)
			l.fresh(i)
		default:
			l.held.remove(l.table.slots, i)
			l.giveUp(i)
		}
	}
}

// fresh stages a question as if it had not been asked.
func (l *lane) fresh(i uint32) {
	s := &l.table.slots[i]
	if int(s.tries)+l.most(l.table.questions[i].Again, false) > MaxRetries {
		s.tries = 1 // it counts no further
	}
	h := l.history[i]
	l.history[i] = history{forgiven: int(s.tries), again: h.again}
	s.began = l.now
	l.stage.push(nil, i, l.table.slots, l.now)
}

// restart gives a route that was stopped a window as at the beginning: what it
// bears is not known any more.
func (l *lane) restart() {
	for _, rt := range l.routes {
		if opened := rt.guard.opened.Load(); opened != rt.opened {
			rt.opened = opened
			rt.window = newWindow(l.floor, int(rt.window.ceiling), rt.window.cohorts.patience)
		}
	}
}
