package egress

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

const (
	// manyNetworks is how many networks must be out of reach, with no connection made since the first of them,
	// before that is a fault of ours: so many do not fail at once.
	manyNetworks = 8
	// maxHosts bounds the hosts that a family counts.
	maxHosts = 1 << 10
)

// A blame is whose fault it is that an address is out of reach.
type blame uint8

const (
	undecided blame = iota // few addresses failed, and no connection was made since then
	theirs                 // the address's: a connection of its family was made since
	ours                   // no route, or many networks fail and no connection is made
)

// A family is what became of the connections to one port in one address family. The ports are apart, since a
// network may close port 25 only.
type family struct {
	hasRoute func() bool // whether this machine has a route for the family at all

	mu        sync.Mutex
	connected int64     // connections
	last      time.Time // when the last one was made
	failed    map[netip.Prefix]struct{}
	hosts     map[string]struct{} // that were out of reach, while no connection was ever made
	wake      chan struct{}       // closed when failures may have got their blame; nil: none waits
}

// A failure is one address that was out of reach.
type failure struct {
	family          *family
	connectedBefore int64 // connections that had been made before
	blame           blame
}

// noteConnection notes a connection. Only connections count: a reset may come from the firewall of this
// machine, as an ICMP message may.
func (c *family) noteConnection(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected++
	c.last = now
	c.hosts = nil
	clear(c.failed)
	c.wakeWaiters()
}

// noteUnreachable notes that an address of a host is out of reach. before is when the host did not connect
// before; nil: it is not known to.
func (c *family) noteUnreachable(host string, addr netip.Addr, before *time.Time) *failure {
	routeless := !c.hasRoute()
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &failure{family: c, connectedBefore: c.connected}
	if c.connected == 0 && len(c.hosts) < maxHosts {
		if c.hosts == nil {
			c.hosts = make(map[string]struct{})
		}
		c.hosts[host] = struct{}{}
	}
	switch {
	case routeless:
		f.blame = ours
	case before != nil && (before.IsZero() || c.last.After(*before)):
		f.blame = theirs // it did not connect when others did: this says nothing about us
	case len(c.failed) < manyNetworks:
		if c.failed == nil {
			c.failed = make(map[netip.Prefix]struct{})
		}
		c.failed[wideNetwork(addr)] = struct{}{}
		if len(c.failed) == manyNetworks {
			c.wakeWaiters()
		}
	}
	return f
}

// wakeWaiters lets failures look for their blame.
func (c *family) wakeWaiters() {
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// blameNow is the blame as it stands, and a channel that is closed when there may be another one.
func (f *failure) blameNow() (blame, <-chan struct{}) {
	c := f.family
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.blame != undecided:
	case c.connected > f.connectedBefore:
		f.blame = theirs
	case len(c.failed) >= manyNetworks:
		f.blame = ours
	default:
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
	}
	return f.blame, c.wake
}

// waitBlame waits that long for the blame. Where ctx says that there is no later try, an undecided failure
// is the fault of the address.
func (f *failure) waitBlame(ctx context.Context, wait time.Duration) blame {
	said, wake := f.blameNow()
	if isLast, _ := ctx.Value(lastKey{}).(bool); isLast && said == undecided {
		f.blame = theirs
		return theirs
	}
	patience := time.After(wait)
	for said == undecided {
		select {
		case <-wake:
			said, wake = f.blameNow()
		case <-patience:
			return undecided
		case <-ctx.Done():
			return undecided
		}
	}
	return said
}

// wideNetwork is the network of an address whose failures count once: a /16 of IPv4, a /32 of IPv6.
func wideNetwork(addr netip.Addr) netip.Prefix {
	bits := 16
	if addr.Is6() {
		bits = 32
	}
	network, _ := addr.WithZone("").Prefix(bits) // these lengths fit
	return network
}

// WithEarlierFailure returns a context for a host that did not connect before: at the time at, or, where that
// is zero, at a time when others did. If the family has had a connection since, it is the host's own fault to
// be out of reach again.
func WithEarlierFailure(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, beforeKey{}, &at)
}

// WithLastTry returns a context whose failures are final: it is a host's own fault to be out of reach, unless
// the fault is known to be ours.
func WithLastTry(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastKey{}, true)
}

type (
	beforeKey struct{}
	lastKey   struct{}
)

func failedBefore(ctx context.Context) *time.Time {
	at, _ := ctx.Value(beforeKey{}).(*time.Time)
	return at
}

// families are those of a Dialer and its MailDialer: IPv4 and IPv6 of each port.
type families map[uint16]*[2]family

// newFamilies makes them. Where a proxy or a function dials, the routes are not known.
func newFamilies(sockets bool) families {
	all := families{httpsPort: new([2]family), smtpPort: new([2]family)}
	routes := [2]func() bool{hasIPv4, hasIPv6}
	for _, both := range all {
		for i := range both {
			both[i].hasRoute = func() bool { return true }
			if sockets {
				both[i].hasRoute = routes[i]
			}
		}
	}
	return all
}

// of is the family of an address.
func (all families) of(port uint16, ipv6 bool) *family {
	if ipv6 {
		return &all[port][1]
	}
	return &all[port][0]
}
