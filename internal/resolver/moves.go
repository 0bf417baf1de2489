package resolver

import "time"

// lastRoute is the route that an item was sent over last, or is to avoid; nil: none.
func (l *lane) lastRoute(it *item) *route {
	if it.flights[0].port == noPort {
		return nil
	}
	return l.byPort[it.flights[0].port].route
}

// trace is what the attempts of an item, the last over rt, took.
func (l *lane) trace(i uint32, rt *route) Trace {
	it := &l.table.items[i]
	return Trace{Upstream: rt.upstream.addr, Attempts: int(it.tries), Elapsed: l.now - it.began}
}

// leaveFlight takes an item out of the window. Its reply is still expected.
func (l *lane) leaveFlight(i uint32) {
	it := &l.table.items[i]
	at := l.byPort[it.flights[0].port]
	at.port.inFlight--
	if it.tries == 1 {
		at.route.first--
	} else {
		at.route.repeated--
	}
	at.route.sent.remove(l.table.items, i)
	l.inFlight--
	it.where = inNoList
}

// closeFlight expects no reply to an attempt any more.
func (l *lane) closeFlight(it *item, first bool) {
	f, mark := it.flights[0], liveFirst
	if !first {
		f, mark = it.flights[1], liveSecond
	}
	if it.is(mark) {
		l.releaseID(l.byPort[f.port].port, f.id)
		it.marks &^= mark
	}
}

// waitUntil puts an item that has left the flight into the wheel, without a slot.
func (l *lane) waitUntil(i uint32, due time.Duration) {
	it := &l.table.items[i]
	l.table.dropSlot(it)
	it.where = inWheel
	l.wheel.push(l.table.items, i, l.now, due)
}

// detach takes an item from where it is.
func (l *lane) detach(i uint32) {
	it := &l.table.items[i]
	switch it.where {
	case inFlight:
		l.leaveFlight(i)
	case inStage:
		l.stage.removeRepeat(i, l.table.items)
	case inWheel:
		l.wheel.remove(l.table.items, i)
	case inUnconfirmed:
		l.unconfirmed.remove(l.table.items, i)
	case inSlowPath:
		l.slowPath.remove(l.table.items, i)
	}
	it.where = inNoList
	it.marks &^= toStage
}

// drop ends an item that has been detached.
func (l *lane) drop(i uint32) {
	it := &l.table.items[i]
	l.closeFlight(it, true)
	l.closeFlight(it, false)
	if it.tries > 1 || len(l.history) > 0 {
		delete(l.history, i)
	}
	l.table.release(i)
}

// takeID gives a holder a free id of p. Most are free.
func (l *lane) takeID(p *lanePort, holder uint32) uint16 {
	p.idsTaken++
	for {
		if id := uint16(l.random.Bits(16)); l.ids.Take(p.number, id, holder) {
			return id
		}
	}
}

func (l *lane) releaseID(p *lanePort, id uint16) {
	p.idsTaken--
	l.ids.Release(p.number, id)
}

// countWaiting counts the questions of this lane that wait, for the sweep.
func (l *lane) countWaiting() {
	if n := l.table.waiting(); n != l.waitingCounted {
		l.sweep.waiting.Add(int64(n - l.waitingCounted))
		l.waitingCounted = n
	}
}

// maxParsed is how many messages may wait for the end of a round: each is large.
const maxParsed = 64

// deliverAnswers yields the answers that are there.
func (l *lane) deliverAnswers() {
	l.sweep.deliver(l.answers)
	clear(l.answers)
	l.answers, l.parsed = l.answers[:0], 0
}

// toSlowPath lets a question wait for a goroutine that goes on at a step: with the upstream that is being read, if
// there was a reply.
func (l *lane) toSlowPath(i uint32, at step) {
	it := &l.table.items[i]
	l.detach(i)
	l.closeFlight(it, true)
	l.closeFlight(it, false)
	if at == stepTCP || at == stepBare {
		it.flights[0].port = l.readPort.number
	}
	l.table.dropSlot(it)
	it.bucket = uint8(at)
	it.where = inSlowPath
	l.slowPath.push(l.table.items, i)
}
