package resolver

import "time"

// tellWaiting tells the sweep how many questions of this lane wait.
func (l *lane) tellWaiting() {
	if n := l.table.waiting(); n != l.waits {
		l.waiting.Add(int64(n - l.waits))
		l.waits = n
	}
}

// whileInFlight is which part of a time-out a question may be in flight before it
// waits.
const whileInFlight = 10

// expire lets questions wait that have been in flight for a while, and ends the
// attempts whose time is up. A question over an upstream that has said nothing since
// stays in flight: it may be the upstream that is silent, which is to get no more.
func (l *lane) expire() {
	l.tellWaiting()
	room := MostWaiting - l.waiting.Load()
	for _, rt := range l.routes {
		for rt.sent.n > 0 {
			i := rt.sent.oldest
			it := &l.table.items[i]
			age, patience := l.now-it.sent(), l.patience(i, l.isPrompt(rt.upstream, l.now))
			if age >= patience {
				l.land(i)
				l.unanswered(i)
				continue
			}
			if age < l.timeout/whileInFlight || room <= 0 || time.Duration(rt.replied.Load()) <= it.sent() {
				break
			}
			room--
			l.land(i)
			l.wait(i, it.sent()+l.patience(i, true))
		}
	}
	for i := l.wheel.pop(l.table.items, l.now); i != nowhere; i = l.wheel.pop(l.table.items, l.now) {
		it := &l.table.items[i]
		it.where = inHand
		if it.is(toStage) {
			l.restage(i)
			continue
		}
		patience := l.patience(i, l.isPrompt(l.last(it).upstream, l.now))
		if l.now-it.sent() < patience {
			l.wait(i, it.sent()+patience)
			continue
		}
		l.unanswered(i)
	}
}

// patience is how long the last attempt of an item waits for a reply.
func (l *lane) patience(i uint32, prompt bool) time.Duration {
	it := &l.table.items[i]
	return l.schedule.wait(int(it.tries)-l.history[i].forgiven, it.is(isPatient), prompt && l.watch != nil)
}

// unanswered ends an attempt that got no reply in its time, or one that was no answer
// while an earlier attempt was waited for.
func (l *lane) unanswered(i uint32) {
	it := &l.table.items[i]
	if !it.is(liveFirst) {
		l.again(i, false)
		return
	}
	rt := l.last(it)
	rt.counts.timeouts.Add(1)
	rt.loss.Count(true)
	l.failed(i, failure(timedOut, errNoAnswer), rt)
}

// wait puts an item that has landed into the wheel, without a slot.
func (l *lane) wait(i uint32, due time.Duration) {
	it := &l.table.items[i]
	l.table.dropSlot(it)
	it.where = inWheel
	l.wheel.push(l.table.items, i, l.now, due)
}
