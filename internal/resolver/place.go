package resolver

// last is the route that an item was sent over last, or is to avoid; nil: none.
func (l *lane) last(it *item) *route {
	if it.flights[0].port == noPort {
		return nil
	}
	return l.byPort[it.flights[0].port].route
}

// land takes an item out of the air. Its reply is expected still.
func (l *lane) land(i uint32) {
	it := &l.table.items[i]
	at := l.byPort[it.flights[0].port]
	at.port.n--
	if it.tries == 1 {
		at.route.flying--
	} else {
		at.route.again--
	}
	at.route.sent.remove(l.table.items, i)
	l.flying--
	it.where = inHand
}

// forgo expects no reply to an attempt any more.
func (l *lane) forgo(it *item, first bool) {
	f, mark := it.flights[0], liveFirst
	if !first {
		f, mark = it.flights[1], liveSecond
	}
	if it.is(mark) {
		l.releaseID(l.byPort[f.port].port, f.id)
		it.marks &^= mark
	}
}

// pluck takes an item from where it is.
func (l *lane) pluck(i uint32) {
	it := &l.table.items[i]
	switch it.where {
	case inFlight:
		l.land(i)
	case inStage:
		l.stage.pluck(i, l.table.items)
	case inWheel:
		l.wheel.remove(l.table.items, i)
	case inHold:
		l.held.remove(l.table.items, i)
	case inQueue:
		l.queue.remove(l.table.items, i)
	}
	it.where = inHand
	it.marks &^= toStage
}

// forget ends an item that has been plucked.
func (l *lane) forget(i uint32) {
	it := &l.table.items[i]
	l.forgo(it, true)
	l.forgo(it, false)
	if it.tries > 1 || len(l.history) > 0 {
		delete(l.history, i)
	}
	l.table.release(i)
}
