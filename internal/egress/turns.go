package egress

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"
)

// errLater says that manners forbid the connection for now.
var errLater = errors.New("put off: the address has been asked often enough for now")

// turns says when it is whose turn to connect. It may be used concurrently.
type turns struct {
	manners      Manners
	host, subnet limit

	mu       sync.Mutex
	hosts    map[netip.Addr]*place
	networks map[netip.Prefix]*network
	sweepAt  int // number of places at which those are looked for that can be forgotten
	counts   MannersCounts
}

// A turn is one connection, from the wish for it to its end.
type turn struct {
	turns   *turns
	addr    netip.Addr
	place   *place
	network *network
	granted chan struct{} // closed when it may begin
	end     sync.Once
}

func newTurns(m Manners) *turns {
	m = m.withDefaults()
	return &turns{
		manners:  m,
		host:     newLimit(m.HostConnections, m.HostRate),
		subnet:   newLimit(m.NetworkConnections, m.NetworkRate),
		hosts:    make(map[netip.Addr]*place),
		networks: make(map[netip.Prefix]*network),
		sweepAt:  fewPlaces,
	}
}

// take waits until it is our turn to connect to addr, and says for how long it
// has waited. The turn lasts until its leave is called. The error is errLater, or
// the cause of ctx where that was cancelled.
func (t *turns) take(ctx context.Context, addr netip.Addr) (*turn, time.Duration, error) {
	began := time.Now()
	mine, soon := t.join(ctx, addr, began)
	if !soon {
		return nil, 0, errLater
	}
	select {
	case <-mine.granted:
		return mine, 0, nil
	default:
	}
	patience := time.NewTimer(t.patience(ctx))
	defer patience.Stop()
	cause := errLater
	select {
	case <-mine.granted:
	case <-patience.C:
	case <-ctx.Done():
		if cancelled(ctx) {
			cause = context.Cause(ctx)
		}
	}
	waited := time.Since(began)
	if !t.settle(mine, cause == errLater) {
		return nil, waited, cause
	}
	return mine, waited, nil
}

// join begins a turn, or queues it. It reports whether there is hope that it
// comes soon enough.
func (t *turns) join(ctx context.Context, addr netip.Addr, now time.Time) (*turn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.newTurn(addr, now)
	ahead := mine.place.waiting
	mine.network.queue = append(mine.network.queue, mine)
	mine.place.waiting++
	t.counts.Waiting++
	t.admit(mine.network, now)
	if mine.begun() {
		return mine, true
	}
	from := now
	if mine.place.until.After(from) {
		from = mine.place.until
	}
	full := ahead >= max(t.manners.Queue, 0) && !patient(ctx)
	if wait := mine.place.after(ahead, t.host, from).Sub(now); full || wait >= t.patience(ctx) && wait > 0 {
		t.withdraw(mine)
		t.counts.PutOff++
		return nil, false
	}
	return mine, true
}

func (m *turn) begun() bool {
	select {
	case <-m.granted:
		return true
	default:
		return false
	}
}

// settle ends the waiting for a turn, and reports whether it has begun.
func (t *turns) settle(mine *turn, putOff bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.begun() {
		t.counts.Waited++
		return true
	}
	t.withdraw(mine)
	if putOff {
		t.counts.PutOff++
	}
	return false
}

// withdraw takes a turn that has not begun out of its queue.
func (t *turns) withdraw(mine *turn) {
	queue := mine.network.queue
	for i, other := range queue {
		if other == mine {
			mine.network.queue = append(queue[:i], queue[i+1:]...)
			break
		}
	}
	mine.place.waiting--
	t.counts.Waiting--
}

// admit begins the turns of a network that may begin now, and sets the alarm for
// the next.
func (t *turns) admit(n *network, now time.Time) {
	var next time.Time
	waiting := n.queue[:0]
	for i, mine := range n.queue {
		at, ok := n.free(t.subnet, now)
		if !ok || at.After(now) {
			next = earlier(next, at)
			waiting = append(waiting, n.queue[i:]...)
			break
		}
		if at, ok = mine.place.free(t.host, now); ok && mine.place.until.After(at) {
			at = mine.place.until
		}
		if !ok || at.After(now) {
			next = earlier(next, at)
			waiting = append(waiting, mine)
			continue
		}
		n.begin(t.subnet, now)
		mine.place.begin(t.host, now)
		mine.place.waiting--
		t.counts.Waiting--
		close(mine.granted)
	}
	clear(n.queue[len(waiting):])
	n.queue = waiting

	if n.alarm != nil {
		n.alarm.Stop()
		n.alarm = nil
	}
	if !next.IsZero() {
		n.alarm = time.AfterFunc(next.Sub(now), func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.admit(n, time.Now())
		})
	}
}

// earlier is the earlier of two times, a zero one being none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// leave ends a turn that has begun, once.
func (m *turn) leave() {
	m.end.Do(func() {
		t := m.turns
		t.mu.Lock()
		defer t.mu.Unlock()
		m.place.inFlight--
		m.network.inFlight--
		t.admit(m.network, time.Now())
	})
}

// hold keeps everybody away from the address of the turn for a while.
func (m *turn) hold(d time.Duration) {
	t := m.turns
	if d = min(d, t.manners.MaxRetryAfter); d <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Held++
	if until := time.Now().Add(d); until.After(m.place.until) {
		m.place.until = until
	}
}

func (t *turns) countsNow() MannersCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}
