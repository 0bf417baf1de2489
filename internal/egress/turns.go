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

	mu        sync.Mutex
	hosts     map[netip.Addr]*place
	networks  map[netip.Prefix]*network
	sweepAt   int // number of places at which those are looked for that can be forgotten
	deferrals deferrals
	counts    MannersCounts
}

// A turn is one connection, from the request for it to its end.
type turn struct {
	turns   *turns
	addr    netip.Addr
	host    uint64    // that it is about
	until   time.Time // that host is not asked before
	place   *place
	network *network
	granted chan struct{} // closed when it may begin
	end     sync.Once
}

func newTurns(m Manners) *turns {
	m = m.withDefaults()
	return &turns{
		manners:   m,
		host:      newLimit(m.HostConnections, m.HostRate),
		subnet:    newLimit(m.NetworkConnections, m.NetworkRate),
		hosts:     make(map[netip.Addr]*place),
		networks:  make(map[netip.Prefix]*network),
		sweepAt:   fewPlaces,
		deferrals: newDeferrals(),
	}
}

// take waits until it is our turn to connect to addr for a host, and says for how
// long it has waited. The turn lasts until its leave is called. The error is
// errLater, a *deferredError, or the cause of ctx where that was cancelled.
func (t *turns) take(ctx context.Context, addr netip.Addr, host string) (*turn, time.Duration, error) {
	began := time.Now()
	mine, err := t.join(ctx, addr, host, began)
	if err != nil {
		return nil, 0, err
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
	if cancelled(ctx) { // it came with the end of those before
		mine.leave()
		return nil, waited, context.Cause(ctx)
	}
	return mine, waited, nil
}

// join begins a turn, or queues it where there is hope that it comes soon enough.
// The error is errLater or a *deferredError.
func (t *turns) join(ctx context.Context, addr netip.Addr, host string, now time.Time) (*turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mine := t.newTurn(addr, host, now)
	if patience := t.patience(ctx); !mine.until.IsZero() && mine.until.Sub(now) >= patience {
		t.counts.PutOff++
		return nil, &deferredError{mine.until}
	}
	ahead := mine.place.waiting
	mine.network.queue = append(mine.network.queue, mine)
	mine.place.waiting++
	t.counts.Waiting++
	t.admit(mine.network, now)
	if mine.begun() {
		return mine, nil
	}
	from := later(later(now, mine.place.until), mine.until)
	full := ahead >= max(t.manners.Queue, 0) && !patient(ctx)
	wait := mine.place.after(ahead, mine.place.rate(t.host, now), from).Sub(now)
	if full || wait >= t.patience(ctx) && wait > 0 {
		t.withdraw(mine)
		t.counts.PutOff++
		if from.Equal(mine.until) { // and no later for the sake of the address
			return nil, &deferredError{mine.until}
		}
		return nil, errLater
	}
	return mine, nil
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
		if at, ok = mine.place.free(t.host, now); ok {
			at = later(at, mine.until)
		}
		if !ok || at.After(now) {
			next = earlier(next, at)
			waiting = append(waiting, mine)
			continue
		}
		n.begin(t.subnet, now)
		mine.place.begin(mine.place.rate(t.host, now), now)
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

// asked notes that the host of the turn is asked, in the given pass.
func (m *turn) asked(pass int) {
	t := m.turns
	if t.manners.MaxRetryAfter < 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m.place.asked(m.host, pass)
}

// hold notes that the host of the turn, which was asked, asks to be left alone
// for a while.
func (m *turn) hold(d time.Duration) {
	t := m.turns
	if d = min(d, t.manners.MaxRetryAfter); d <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Held++
	now := time.Now()
	t.deferrals.note(m.host, now.Add(d), now)
	m.place.deferred(m.host, now.Add(d), now)
}

func (t *turns) countsNow() MannersCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}
