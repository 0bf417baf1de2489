package resolver

import (
	"time"

	"stsscan/internal/codes"
)

// whileInFlight is which part of a time-out a question may be in flight before it
// waits.
const inFlightPart = 10

// expire lets questions wait that have been in flight for a while, and ends the
// attempts whose time is up. A question over an upstream that has said nothing since
// stays in flight: it may be the upstream that is silent, which is to get no more.
func (l *lane) expire() {
	l.countWaiting()
	room := MostWaiting - l.sweep.waiting.Load()
	for _, rt := range l.routes {
		for rt.sent.n > 0 {
			i := rt.sent.oldest
			it := &l.table.items[i]
			age, patience := l.now-it.sent(), l.attemptTime(i, l.resolver.isPrompt(rt.upstream, l.now))
			if age >= patience {
				l.leaveFlight(i)
				l.attemptTimedOut(i)
				continue
			}
			if age < l.schedule.timeout/inFlightPart || room <= 0 || time.Duration(rt.upstream.lastReply.Load()) <= it.sent() {
				break
			}
			room--
			l.leaveFlight(i)
			l.waitUntil(i, it.sent()+l.attemptTime(i, true))
		}
	}
	for i := l.wheel.pop(l.table.items, l.now); i != nowhere; i = l.wheel.pop(l.table.items, l.now) {
		it := &l.table.items[i]
		it.where = inTransit
		if it.is(toStage) {
			l.restage(i)
			continue
		}
		patience := l.attemptTime(i, l.resolver.isPrompt(l.lastRoute(it).upstream, l.now))
		if l.now-it.sent() < patience {
			l.waitUntil(i, it.sent()+patience)
			continue
		}
		l.attemptTimedOut(i)
	}
}

// attemptTime is how long the last attempt of an item waits for a reply.
func (l *lane) attemptTime(i uint32, prompt bool) time.Duration {
	it := &l.table.items[i]
	return l.schedule.wait(int(it.tries)-l.history[i].forgiven, it.is(isPatient), prompt && l.resolver.watch != nil)
}

// attemptTimedOut ends an attempt that got no reply in its time, or one that was no answer
// while an earlier attempt was waited for.
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
