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

	mu          sync.Mutex
	hosts       map[netip.Addr]*place
	networks    map[netip.Prefix]*network
	sweepAt     int // number of places at which those are looked for that can be forgotten
	deferrals   deferrals
	connections connections
	arrivals    int64 // turns so far
	counts      MannersCounts
}

// A turn is one connection, from the request for it to its end.
type turn struct {
	turns      *turns
	arrival    int64 // its number
	addr       netip.Addr
	host       uint64    // that it is about
	until      time.Time // that host is not asked before
	place      *place
	network    *network
	joined     time.Time
	lacking    time.Duration // in which connections had been waited for when it joined
	forManners bool          // it waits, or has waited, for the sake of its address or network
	granted    chan struct{} // closed when it may begin
	end        sync.Once
}

// newTurns makes turns that keep the manners, with at most so many connections at
// a time; 0: no bound.
func newTurns(m Manners, connections int) *turns {
	m = m.withDefaults()
	t := &turns{
		manners:   m,
		host:      newLimit(m.HostConnections, m.HostRate),
		subnet:    newLimit(m.NetworkConnections, m.NetworkRate),
		hosts:     make(map[netip.Addr]*place),
		networks:  make(map[netip.Prefix]*network),
		sweepAt:   fewPlaces,
		deferrals: newDeferrals(),
	}
	t.connections.limit = max(connections, 0)
	return t
}

// take waits until it is our turn to connect to addr for a host, and says for how
// long it has waited. The turn lasts until its leave is called. Patience is about
// manners: it does not run out while all connections are in use. The error is
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
	cause := t.wait(ctx, mine)
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

// wait waits for a turn to begin, and says why it did no longer.
func (t *turns) wait(ctx context.Context, mine *turn) error {
	patience := time.NewTimer(t.patience(ctx))
	defer patience.Stop()
	for {
		select {
		case <-mine.granted:
			return errLater
		case <-patience.C:
			left := t.patienceLeft(ctx, mine)
			if left <= 0 {
				return errLater
			}
			patience.Reset(left)
		case <-ctx.Done():
			if cancelled(ctx) {
				return context.Cause(ctx)
			}
			return errLater
		}
	}
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
	t.admit(mine.network, now)
	if mine.begun() || t.allowed(mine, now) {
		return mine, nil
	}
	mine.forManners = true
	t.counts.Waiting++
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
		if mine.forManners {
			t.counts.Waited++
		}
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
	mine.network.drop(mine)
	mine.place.waiting--
	if mine.forManners {
		t.counts.Waiting--
	}
	t.admit(mine.network, time.Now())
}

// leave ends a turn that has begun, once.
func (m *turn) leave() {
	m.end.Do(func() {
		t := m.turns
		t.mu.Lock()
		defer t.mu.Unlock()
		m.place.inFlight--
		m.network.inFlight--
		t.connections.open--
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
	t.admit(m.network, now)
}

func (t *turns) countsNow() MannersCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}
