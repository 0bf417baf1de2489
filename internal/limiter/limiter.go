// Package limiter says when the next connection may be made. It bounds rate and concurrency for each address,
// for each network and for all of them together, and keeps away from hosts and addresses that ask for it
// (Retry-After, RFC 9110, section 10.2.3).
//
// It makes no connections, and knows nothing of DNS, TLS and HTTP. The caller acquires a [Permit] before it
// dials, says what it heard, and releases the permit when the connection is closed.
package limiter

import (
	"net/netip"
	"sync"
	"time"
)

// A Limiter bounds connections. It may be used concurrently.
type Limiter struct {
	manners             Manners
	perHost, perNetwork limit

	mu          sync.Mutex
	addresses   map[netip.Addr]*address
	networks    map[netip.Prefix]*network
	forgetAt    int // number of addresses and networks at which the idle ones are forgotten
	deferrals   deferrals
	connections connections
	arrivals    int64 // requests so far
	counts      Counts
}

// Counts are what manners have cost so far.
type Counts struct {
	Waiting int64 // requests that wait for the sake of manners now
	Waited  int64 // that had to wait, and got their permit
	PutOff  int64 // that ended with ErrLater
	Held    int64 // Retry-After that were honoured
}

// fewAddresses and networks are not worth looking for those that can be forgotten.
const fewAddresses = 1 << 10

// New makes a Limiter that allows so many connections at a time in all; 0: no bound.
func New(m Manners, connections int) *Limiter {
	m = m.withDefaults()
	l := &Limiter{
		manners:    m,
		perHost:    newLimit(m.HostConnections, m.HostRate),
		perNetwork: newLimit(m.NetworkConnections, m.NetworkRate),
		addresses:  make(map[netip.Addr]*address),
		networks:   make(map[netip.Prefix]*network),
		forgetAt:   fewAddresses,
		deferrals:  newDeferrals(),
	}
	l.connections.limit = max(connections, 0)
	return l
}

// A Request asks for one connection.
type Request struct {
	Addr     netip.Addr
	Host     string        // Policy Host or mail server: a Retry-After is about it
	Patience time.Duration // longest wait, however many wait already; 0: MaxWait, where the queue has room
}

// patience is how long a request waits.
func (l *Limiter) patience(r Request) time.Duration {
	if r.Patience > 0 {
		return r.Patience
	}
	return l.manners.MaxWait
}

// join queues a request, where there is hope that it is granted soon enough. The error is ErrLater or a
// *DeferredError.
func (l *Limiter) join(r Request, now time.Time) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, patience := l.newWaiter(r, now), l.patience(r)
	if !w.until.IsZero() && w.until.Sub(now) >= patience {
		l.counts.PutOff++
		return nil, &DeferredError{w.until}
	}
	ahead := w.address.waiting
	w.network.waiters = append(w.network.waiters, w)
	w.address.waiting++
	l.admit(w.network, now)
	if w.isGranted() || l.allowed(w, now) {
		return w, nil
	}
	w.forManners = true
	l.counts.Waiting++
	from := later(later(now, w.address.until), w.until)
	full := ahead >= max(l.manners.Queue, 0) && r.Patience <= 0
	wait := w.address.usage.after(ahead, w.address.rate(l.perHost, now), from).Sub(now)
	if full || wait >= patience && wait > 0 {
		l.withdraw(w)
		l.counts.PutOff++
		if from.Equal(w.until) { // and no later for the sake of the address
			return nil, &DeferredError{w.until}
		}
		return nil, ErrLater
	}
	return w, nil
}

// newWaiter makes a waiter with its address and network.
func (l *Limiter) newWaiter(r Request, now time.Time) *waiter {
	l.forget(now)
	prefix := networkOf(r.Addr)
	l.arrivals++
	w := &waiter{
		arrival: l.arrivals, host: l.deferrals.key(r.Host), address: l.addresses[r.Addr], network: l.networks[prefix],
		joined: now, lacking: l.connections.lackingBy(now), granted: make(chan struct{}),
	}
	if until := l.deferrals.until[w.host]; until.After(now) {
		w.until = until
	}
	if w.address == nil {
		w.address = new(address)
		l.addresses[r.Addr] = w.address
	}
	if w.network == nil {
		w.network = new(network)
		l.networks[prefix] = w.network
	}
	return w
}

// forget drops the addresses and networks that need not be known any more, when there are twice as many as had to
// stay the last time.
func (l *Limiter) forget(now time.Time) {
	if len(l.addresses)+len(l.networks) < l.forgetAt {
		return
	}
	histories := 0
	for addr, a := range l.addresses {
		if !a.forgettable(l.perHost, now) {
			continue
		}
		if a.held > 0 && histories < mostHistories {
			histories++
			continue
		}
		delete(l.addresses, addr)
	}
	for prefix, n := range l.networks {
		if len(n.waiters) == 0 && n.usage.idle(l.perNetwork, now) {
			delete(l.networks, prefix)
		}
	}
	l.forgetAt = max(fewAddresses, 2*(len(l.addresses)+len(l.networks)))
}

// leave ends the waiting, and reports whether the request was granted.
func (l *Limiter) leave(w *waiter, putOff bool) (granted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.isGranted() {
		if w.forManners {
			l.counts.Waited++
		}
		return true
	}
	l.withdraw(w)
	if putOff {
		l.counts.PutOff++
	}
	return false
}

// withdraw takes a request that was not granted out of its queue.
func (l *Limiter) withdraw(w *waiter) {
	w.network.remove(w)
	w.address.waiting--
	if w.forManners {
		l.counts.Waiting--
	}
	l.admit(w.network, time.Now())
}

// allowed reports whether manners allow a connection now.
func (l *Limiter) allowed(w *waiter, now time.Time) bool {
	network, ok := w.network.usage.free(l.perNetwork, now)
	own, free := w.free(l.perHost, now)
	return ok && free && !later(network, own).After(now)
}

// admit grants what may be granted now that something has changed for a network.
func (l *Limiter) admit(n *network, now time.Time) {
	l.findNext(n, now)
	l.grant(now)
}

// findNext finds the first waiter of a network that manners allow now, and sets the alarm for when they may
// allow another one.
func (l *Limiter) findNext(n *network, now time.Time) {
	n.next = nil
	soonest, ok := n.usage.free(l.perNetwork, now)
	if ok && !soonest.After(now) {
		n.next, soonest = n.first(l.perHost, now)
	}
	l.connections.ready.update(n)
	if n.alarm != nil {
		n.alarm.Stop()
		n.alarm = nil
	}
	if !soonest.IsZero() && len(n.waiters) > 0 {
		n.alarm = time.AfterFunc(soonest.Sub(now), func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.admit(n, time.Now())
		})
	}
}

// grant gives permits while there are networks that are ready, and connections.
func (l *Limiter) grant(now time.Time) {
	for len(l.connections.ready) > 0 && l.connections.available() {
		n := l.connections.ready[0]
		w := n.next
		n.remove(w)
		w.address.waiting--
		n.usage.begin(l.perNetwork, now)
		w.address.usage.begin(w.address.rate(l.perHost, now), now)
		l.connections.begin()
		if w.forManners {
			l.counts.Waiting--
		}
		close(w.granted)
		l.findNext(n, now)
	}
	l.connections.measure(now)
}

// Counts says what manners have cost so far.
func (l *Limiter) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// Connections says how many were open at a time. A connection is open while its permit is held.
func (l *Limiter) Connections() Connections {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.connections
	return Connections{Limit: c.limit, Most: c.most, Waited: c.lackingBy(time.Now())}
}
