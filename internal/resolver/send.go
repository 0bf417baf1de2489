package resolver

import (
	"encoding/binary"
	"time"

	"stsscan/internal/dnswire"
	"stsscan/internal/udpbatch"
)

// stageTime is how long questions wait for more of their length.
const stageTime = 5 * time.Millisecond

// send sends what is staged, as far as windows and rate allow: whole batches, and smaller ones that have waited long
// enough or can no longer grow.
func (l *lane) send() (sent int) {
	st := &l.stage
	l.progress.limited = false
	for st.repeats.n > 0 && l.sendRepeat(st.repeats.oldest) {
		sent++
	}
	for k := range inlineQuery + 1 {
		if st.n == st.repeats.n {
			return sent
		}
		size := (st.cursor + k) % (inlineQuery + 1)
		for r := range st.rows {
			row := &st.rows[r]
			if row.n == 0 {
				continue
			}
			var avoid *route
			if r > 0 {
				avoid = l.routes[r-1]
			}
			b := &row.buckets[size]
			for len(b.items) >= udpbatch.MaxBatch || len(b.items) > 0 && (!l.more || l.now-b.since >= stageTime) {
				n := l.sendBatch(b, size, avoid)
				if n == 0 {
					st.cursor = size
					return sent
				}
				row.n -= n
				st.n -= n
				sent += n
			}
		}
	}
	return sent
}

// sendBatch sends the first questions of b over one port. It returns how many left the stage; 0 means that no more
// can be sent for now.
func (l *lane) sendBatch(b *bucket, size int, avoid *route) int {
	repeated := l.table.items[b.items[0]].tries > 0
	rt := l.pickRoute(avoid, repeated)
	if rt == nil {
		return 0
	}
	k, room := rt.choosePort(l.random)
	n := min(len(b.items), udpbatch.MaxBatch, rt.room(repeated), room, l.maxInFlight-l.inFlight)
	if n = l.tokens(n); n <= 0 {
		return 0
	}
	p := &rt.ports[k]
	l.stage.out = l.stage.out[:0]
	for _, i := range b.items[:n] {
		it := &l.table.items[i]
		it.flights[0] = portID{p.number, l.takeID(p, i)}
		l.addressQuery(it, rt)
		l.stage.out = append(l.stage.out, l.table.query(it)...)
	}
	sent, err := p.conn.Send(l.stage.out, size)
	first := 0
	for j, i := range b.items[:n] {
		it := &l.table.items[i]
		if j >= sent && err == nil {
			l.releaseID(p, it.flights[0].id) // it stays
			continue
		}
		l.noteSent(i, rt, p)
		if it.isFirstAttempt() {
			first++
		}
	}
	if err != nil {
		sent = n
	}
	if first > 0 {
		rt.window.Sent(l.now, first)
		rt.upstream.breaker.Silence.Begun(l.now, first)
	}
	rt.upstream.counts.asked.Add(int64(sent))
	b.items = b.items[:copy(b.items, b.items[sent:])]
	b.since = l.now
	if err != nil {
		l.portFailed(rt, p, err)
	}
	return sent
}

// sendRepeat repeats a question that still expects replies. To the same upstream it is the same datagram: a reply
// to any of them will do, and a forger has no more to hit (RFC 5452, section 5). It reports false when no more can
// be sent for now.
func (l *lane) sendRepeat(i uint32) bool {
	it := &l.table.items[i]
	rt := l.pickRoute(l.lastRoute(it), true)
	if rt == nil || l.inFlight >= l.maxInFlight {
		return false
	}
	k, room := rt.choosePort(l.random)
	newFlight := false
	switch rt {
	case l.liveRoute(it, 0):
	case l.liveRoute(it, 1):
		it.flights[0], it.flights[1] = it.flights[1], it.flights[0]
		if it.is(liveFirst) != it.is(liveSecond) {
			it.marks ^= liveFirst | liveSecond
		}
	default:
		newFlight = true
	}
	if newFlight && room <= 0 || l.tokens(1) <= 0 {
		return false
	}
	p := l.byPort[it.flights[0].port].port
	if newFlight {
		p = &rt.ports[k]
		if it.is(liveFirst) {
			l.closeFlight(it, false)
			it.flights[1] = it.flights[0]
			it.marks = it.marks&^liveFirst | liveSecond
		}
		it.flights[0] = portID{p.number, l.takeID(p, i)}
	}
	l.addressQuery(it, rt)
	sent, err := p.conn.Send(l.table.query(it), int(it.size))
	if sent == 0 && err == nil {
		it.marks |= liveFirst // of a datagram that may never leave: its id is taken all the same
		return false
	}
	l.stage.removeRepeat(i, l.table.items)
	l.noteSent(i, rt, p)
	rt.upstream.counts.asked.Add(1)
	if err != nil {
		l.portFailed(rt, p, err)
	}
	return true
}

// liveRoute is the route of a flight that still expects a reply; nil: there is none.
func (l *lane) liveRoute(it *item, k int) *route {
	if !it.is([...]marks{liveFirst, liveSecond}[k]) {
		return nil
	}
	return l.byPort[it.flights[k].port].route
}

// addressQuery writes the id, and the case of letters, of the last flight into a query.
func (l *lane) addressQuery(it *item, rt *route) {
	binary.BigEndian.PutUint16(l.table.query(it), it.flights[0].id)
	if l.mixCase {
		question := l.table.questionSection(it)
		if rt.upstream.foldsCase.Load() {
			dnswire.LowerCase(question)
		} else {
			l.cases.Mix(question, it.tag, it.flights[0].port, it.flights[0].id)
		}
	}
}

// noteSent notes that a question was sent over a port of rt.
func (l *lane) noteSent(i uint32, rt *route, p *lanePort) {
	it := &l.table.items[i]
	if it.tries == 0 {
		it.began, l.progress.began = l.now, l.now
	}
	it.stamp(l.now)
	it.tries++
	it.marks |= liveFirst
	it.where = inFlight
	rt.sent.push(l.table.items, i)
	p.inFlight++
	if it.tries == 1 {
		rt.first++
	} else {
		rt.repeated++
	}
	l.inFlight++
}

// tokens is how many of n questions the rate limit lets out now.
func (l *lane) tokens(n int) int {
	if l.limiter == nil || n <= 0 {
		return n
	}
	let := l.limiter.Take(n)
	l.progress.limited = l.progress.limited || let < n
	return let
}

// pickRoute is the route for some questions, repeated ones or not, that were sent over avoid last: one of the others
// if any has room, as often as it answers. Even one that loses all is asked now and then, or its return would go
// unnoticed. nil: none has room.
func (l *lane) pickRoute(avoid *route, repeated bool) *route {
	const rest = 1.0 / 16
	var best *route
	l.rotation++
	for i := range l.routes {
		rt := l.routes[(l.rotation+i)%len(l.routes)]
		if rt.room(repeated) <= 0 || rt == avoid || rt.upstream.breaker.IsOpen() {
			continue
		}
		lost := rt.upstream.loss.Share()
		if lost == 0 || l.random.Float() < max(rest, 1-lost) {
			return rt
		}
		if best == nil || lost < best.upstream.loss.Share() {
			best = rt
		}
	}
	if best == nil && avoid != nil && avoid.room(repeated) > 0 && !avoid.upstream.breaker.IsOpen() {
		return avoid
	}
	return best
}

// routeToAvoid is the route to the upstream of a number; nil where there is none.
func (l *lane) routeToAvoid(n uint16) *route {
	if n == 0 || int(n) > len(l.routes) {
		return nil
	}
	return l.routes[n-1]
}
