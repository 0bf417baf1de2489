package egress

import (
	"context"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

const (
	// manyNetworks is how many networks must be out of reach, and no connection
	// made since the first of them, before that is a fault of ours: strangers in so
	// many places do not fail all at once.
	manyNetworks = 8
	// mostHosts bounds the hosts that a family counts.
	mostHosts = 1 << 10
)

// outOfReach reports whether err says that an address cannot be reached, by words
// that do not tell whose fault it is. A router near the address says so, and so do
// a rule, a route or a firewall of this machine: Linux makes EACCES of the ICMPv6
// codes 1, 5 and 6 as of its own prohibit route, EINVAL of its blackhole route.
func outOfReach(err error) bool {
	return anyOf(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EACCES, syscall.EPERM, syscall.EINVAL,
		syscall.ENETDOWN, syscall.EHOSTDOWN)
}

// A verdict says whose fault it is that an address is out of reach.
type verdict uint8

const (
	unsettled verdict = iota // few addresses failed, and no connection was made since
	theirs                   // the address's: a connection of its family was made since
	ours                     // no route, or many networks fail and no connection is made
)

// A family is what became of the connections to one port in one address family. A
// network that closes port 25 says nothing about port 443.
type family struct {
	hasRoute func() bool // whether this machine has a route for the family at all

	mu     sync.Mutex
	made   int64     // connections
	last   time.Time // when the last one was made
	failed map[netip.Prefix]struct{}
	hosts  map[string]struct{} // that were out of reach, while no connection was ever made
	wake   chan struct{}       // closed when failures may have got a verdict; nil: none waits
}

// A failure is one address that was out of reach.
type failure struct {
	family *family
	made   int64 // connections that had been made before
	said   verdict
}

// connected notes a connection. Only that counts: a reset may come from the
// firewall of this machine, which rejects with one as others reject with ICMP.
func (c *family) connected(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	c.last = now
	c.hosts = nil
	clear(c.failed)
	c.awake()
}

// out notes that an address of a host is out of reach. Before is when the host did
// not connect before; nil: it is not known to.
func (c *family) out(host string, addr netip.Addr, before *time.Time) *failure {
	routeless := !c.hasRoute()
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &failure{family: c, made: c.made}
	if c.made == 0 && len(c.hosts) < mostHosts {
		if c.hosts == nil {
			c.hosts = make(map[string]struct{})
		}
		c.hosts[host] = struct{}{}
	}
	switch {
	case routeless:
		f.said = ours
	case before != nil && (before.IsZero() || c.last.After(*before)):
		f.said = theirs // it did not connect when others did, so that it tells nothing of us
	case len(c.failed) < manyNetworks:
		if c.failed == nil {
			c.failed = make(map[netip.Prefix]struct{})
		}
		c.failed[wideNetwork(addr)] = struct{}{}
		if len(c.failed) == manyNetworks {
			c.awake()
		}
	}
	return f
}

// awake lets failures look for their verdict.
func (c *family) awake() {
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// look gives the verdict as it stands now, and what is closed when there may be
// another one.
func (f *failure) look() (verdict, <-chan struct{}) {
	c := f.family
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.said != unsettled:
	case c.made > f.made:
		f.said = theirs
	case len(c.failed) >= manyNetworks:
		f.said = ours
	default:
		if c.wake == nil {
			c.wake = make(chan struct{})
		}
	}
	return f.said, c.wake
}

// settle waits for so long for the verdict. Where ctx says that there is no later try,
// what is unsettled is the address's.
func (f *failure) settle(ctx context.Context, wait time.Duration) verdict {
	said, wake := f.look()
	if isLast, _ := ctx.Value(lastKey{}).(bool); isLast && said == unsettled {
		f.said = theirs
		return theirs
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for said == unsettled {
		select {
		case <-wake:
			said, wake = f.look()
		case <-patience.C:
			return unsettled
		case <-ctx.Done():
			return unsettled
		}
	}
	return said
}

// wideNetwork is the network of an address whose failures count once: a /16 of
// IPv4, a /32 of IPv6.
func wideNetwork(addr netip.Addr) netip.Prefix {
	bits := 16
	if addr.Is6() {
		bits = 32
	}
	network, _ := addr.WithZone("").Prefix(bits) // these lengths fit
	return network
}

// WithEarlierFailure returns a context for a host that did not connect before, at
// a time when others did, or, where at is not the zero time, at that time. If
// connections of the family were made since, it is the host's own fault to be out
// of reach again.
func WithEarlierFailure(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, beforeKey{}, &at)
}

// WithLastWord returns a context whose failures are final: a host
// that is out of reach is so by its own fault, unless it is known to be ours.
func WithLastWord(ctx context.Context) context.Context {
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
