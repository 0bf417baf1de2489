package egress

import (
	"net/netip"
	"slices"
	"time"
)

// A place is an address that was contacted, or is about to be.
type place struct {
	quota
	waiting int
	recent  []deferral    // the hosts that were asked there last, each once, in that order; at most recentHosts
	slow    time.Time     // its rate is half until then: a host there sent a Retry-After
	until   time.Time     // no host is asked before: so many of them sent a Retry-After
	held    time.Duration // for which that was so, in sum, in this pass
	pass    int           // the last in which a host there was asked
}

// A network is the places of one prefix, and who waits for them.
type network struct {
	quota
	queue  []*turn     // first come, first served, where the address allows it
	next   *turn       // of the queue, which only lacks a connection; nil: none does
	inLine int         // one more than the index in the line for connections; 0: it is not there
	alarm  *time.Timer // of the next turn; nil: none is due at a known time
}

// drop takes a turn out of the queue.
func (n *network) drop(mine *turn) {
	if n.queue[0] == mine { // as most often
		n.queue[0] = nil
		n.queue = n.queue[1:]
		return
	}
	i := slices.Index(n.queue, mine)
	n.queue = slices.Delete(n.queue, i, i+1)
}

// fewPlaces are not worth looking for those that can be forgotten.
const fewPlaces = 1 << 10

// newTurn makes a turn with its places.
func (t *turns) newTurn(addr netip.Addr, host string, now time.Time) *turn {
	t.sweep(now)
	prefix := networkOf(addr)
	t.arrivals++
	mine := &turn{
		turns: t, arrival: t.arrivals, addr: addr, host: t.deferrals.key(host), granted: make(chan struct{}),
		joined: now, lacking: t.connections.waitedBy(now),
	}
	mine.place, mine.network = t.hosts[addr], t.networks[prefix]
	if until := t.deferrals.until[mine.host]; until.After(now) {
		mine.until = until
	}
	if mine.place == nil {
		mine.place = new(place)
		t.hosts[addr] = mine.place
	}
	if mine.network == nil {
		mine.network = new(network)
		t.networks[prefix] = mine.network
	}
	return mine
}

// sweep forgets the places that nothing has to be known of any more, when there
// have come to be twice as many as had to stay the last time.
func (t *turns) sweep(now time.Time) {
	if len(t.hosts)+len(t.networks) < t.sweepAt {
		return
	}
	histories := 0
	for addr, p := range t.hosts {
		if !p.forgettable(t.host, now) {
			continue
		}
		if p.held > 0 && histories < mostHistories {
			histories++
			continue
		}
		delete(t.hosts, addr)
	}
	for prefix, n := range t.networks {
		if len(n.queue) == 0 && n.idle(t.subnet, now) {
			delete(t.networks, prefix)
		}
	}
	t.sweepAt = max(fewPlaces, 2*(len(t.hosts)+len(t.networks)))
}
