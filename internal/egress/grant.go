package egress

import "time"

// admit begins the turns that may begin now that something has changed for a network.
func (t *turns) admit(n *network, now time.Time) {
	t.look(n, now)
	t.grant(now)
}

// look finds the first turn of a network that manners allow now, puts it in line for
// a connection, and sets the alarm for when they may allow another one.
func (t *turns) look(n *network, now time.Time) {
	n.next = nil
	soonest, ok := n.free(t.subnet, now)
	if ok && !soonest.After(now) {
		n.next, soonest = t.first(n, now)
	}
	t.connections.line.put(n)
	if n.alarm != nil {
		n.alarm.Stop()
		n.alarm = nil
	}
	if !soonest.IsZero() && len(n.queue) > 0 {
		n.alarm = time.AfterFunc(soonest.Sub(now), func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.admit(n, time.Now())
		})
	}
}

// first is the first turn of a network, which is free itself, whose address is free;
// nil: none is. One of those before it will be so soonest, as far as that is known.
func (t *turns) first(n *network, now time.Time) (mine *turn, soonest time.Time) {
	for _, mine := range n.queue {
		at, ok := mine.free(now)
		if ok && !at.After(now) {
			return mine, soonest
		}
		soonest = earlier(soonest, at)
	}
	return nil, soonest
}

// free is when the address of a turn, and its host, allow it; ok is false where a
// connection must end first.
func (m *turn) free(now time.Time) (at time.Time, ok bool) {
	if at, ok = m.place.free(m.turns.host, now); ok {
		at = later(at, m.until)
	}
	return at, ok
}

// allowed reports whether manners allow a turn now.
func (t *turns) allowed(mine *turn, now time.Time) bool {
	network, ok := mine.network.free(t.subnet, now)
	own, free := mine.free(now)
	return ok && free && !later(network, own).After(now)
}

// earlier is the earlier of two times, a zero one being none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// grant begins the turns in the line for which there are connections.
func (t *turns) grant(now time.Time) {
	for len(t.connections.line) > 0 && t.connections.spare() {
		n := t.connections.line[0]
		mine := n.next
		n.drop(mine)
		mine.place.waiting--
		n.begin(t.subnet, now)
		mine.place.begin(mine.place.rate(t.host, now), now)
		t.connections.begin()
		if mine.forManners {
			t.counts.Waiting--
		}
		close(mine.granted)
		t.look(n, now)
	}
	t.connections.clock(now)
}
