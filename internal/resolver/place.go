package resolver

// last is the route that an item was sent over last, or is to avoid; nil: none.
func (l *lane) lastRoute(it *item) *route {
	if it.flights[0].port == noPort {
		return nil
	}
	return l.byPort[it.flights[0].port].route
}

// land takes an item out of the air. Its reply is expected still.
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
	it.where = inTransit
}

// forgo expects no reply to an attempt any more.
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

// pluck takes an item from where it is.
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
	it.where = inTransit
	it.marks &^= toStage
}

// forget ends an item that has been plucked.
func (l *lane) drop(i uint32) {
	it := &l.table.items[i]
	l.closeFlight(it, true)
	l.closeFlight(it, false)
	if it.tries > 1 || len(l.history) > 0 {
		delete(l.history, i)
	}
	l.table.release(i)
}
