package resolver

import (
	"time"

	"stsscan/internal/codes"
)

// inFlightPart is the part of a time-out after which a question leaves the flight and waits.
const inFlightPart = 10

// expire lets questions wait that have been in flight for a while, and ends the attempts whose time is up. If the
// upstream has said nothing since, a question stays in flight: it may be the upstream that is silent, and then it
// must not get more.
func (l *lane) expire() {
	l.countWaiting()
	room := MostWaiting - l.sweep.waiting.Load()
	for _, rt := range l.routes {
		for rt.sent.n > 0 {
			i := rt.sent.oldest
			it := &l.table.items[i]
			age := l.now - it.sent()
			if age >= l.attemptTime(i, l.resolver.isPrompt(rt.upstream, l.now)) {
				l.leaveFlight(i)
				l.attemptTimedOut(i)
				continue
			}
			silent := time.Duration(rt.upstream.lastReply.Load()) <= it.sent()
			if age < l.schedule.timeout/inFlightPart || room <= 0 || silent {
				break
			}
			room--
			l.leaveFlight(i)
			l.waitUntil(i, it.sent()+l.attemptTime(i, true))
		}
	}
	for i := l.wheel.pop(l.table.items, l.now); i != nowhere; i = l.wheel.pop(l.table.items, l.now) {
		it := &l.table.items[i]
		it.where = inNoList
		if it.is(toStage) {
			l.restage(i)
			continue
		}
		due := it.sent() + l.attemptTime(i, l.resolver.isPrompt(l.lastRoute(it).upstream, l.now))
		if l.now < due {
			l.waitUntil(i, due)
			continue
		}
		l.attemptTimedOut(i)
	}
}

// attemptTime is how long the last attempt of an item waits for a reply.
func (l *lane) attemptTime(i uint32, prompt bool) time.Duration {
	it := &l.table.items[i]
	made := int(it.tries) - l.history[i].uncounted
	return l.schedule.wait(made, it.is(isPatient), prompt && l.resolver.watch != nil)
}

// attemptTimedOut ends an attempt that got no reply in its time, or whose reply was no answer while an earlier
// attempt was still in flight.
func (l *lane) attemptTimedOut(i uint32) {
	it := &l.table.items[i]
	if !it.is(liveFirst) {
		l.retry(i, false)
		return
	}
	rt := l.lastRoute(it)
	rt.upstream.counts.timeouts.Add(1)
	rt.upstream.loss.Count(true)
	l.attemptFailed(i, failure(codes.RecordTimeout, errNoAnswer), rt)
}
