package limiter

import (
	"cmp"
	"net/netip"
	"time"
)

// Manners bound what one address and its network see of us, however many hosts live there. Networks are a /24
// of IPv4 and a /48 of IPv6. A negative number stands for no bound.
//
// A rate r of 1 or more admits as many connections as its whole part in any stretch of that number divided by
// r: 2 are at most two in any second, 2.5 at most two in any 0.8 seconds. A smaller rate admits one in any 1/r
// seconds.
type Manners struct {
	HostConnections    int     // in flight at a time to an address, from dialling to the end; 0: 2
	HostRate           float64 // new connections a second to an address; 0: 2
	NetworkConnections int     // in flight at a time to a network; 0: 16
	NetworkRate        float64 // new connections a second to a network; 0: 16

	// Queue is how many requests may wait for one address, first come, first served, and MaxWait how long. A
	// request that would wait longer, or finds the queue full, ends at once with ErrLater. 0: 8 requests, 5 s; a
	// negative Queue lets none wait.
	Queue   int
	MaxWait time.Duration

	// MaxRetryAfter is the longest Retry-After that is honoured; longer ones are cut. It keeps us from the host
	// that sent it, and halves the rate of its address. Where at least three hosts there, and half of the last
	// eight that were asked, send one, it keeps us from the address, for at most ten minutes in sum in each pass.
	// 0: 10 min; negative: none is honoured.
	MaxRetryAfter time.Duration

	// SlowTime is how long the slow hosts of an address are waited for beyond the usual time-outs, in sum: see
	// [SlowHosts]. 0: 10 min.
	SlowTime time.Duration
}

// Share is the share of one of n processes that keep to m together, n at most the least number of connections. Each
// admits the whole part of connections divided by n, and an n-th of each rate. What the processes begin together in
// any stretch of time is at most n times what one of them may begin in it: at rate 2, 8 of them may begin 8
// connections at once, and no others for four seconds. Times and the queue are each process's own.
func (m Manners) Share(n int) Manners {
	m = m.withDefaults()
	for _, connections := range []*int{&m.HostConnections, &m.NetworkConnections} {
		if *connections > 0 {
			*connections = max(1, *connections/n)
		}
	}
	for _, rate := range []*float64{&m.HostRate, &m.NetworkRate} {
		if *rate > 0 {
			*rate /= float64(n)
		}
	}
	return m
}

// DefaultManners are those of a zero Manners, in numbers.
func DefaultManners() Manners { return Manners{}.withDefaults() }

// NoManners bound nothing. They are for a test bed, where thousands of hosts share few addresses.
func NoManners() Manners {
	return Manners{
		HostConnections: -1, HostRate: -1, NetworkConnections: -1, NetworkRate: -1, MaxRetryAfter: -1, SlowTime: -1,
	}
}

// withDefaults fills the zero fields.
func (m Manners) withDefaults() Manners {
	m.HostConnections = cmp.Or(m.HostConnections, 2)
	m.HostRate = cmp.Or(m.HostRate, 2)
	m.NetworkConnections = cmp.Or(m.NetworkConnections, 16)
	m.NetworkRate = cmp.Or(m.NetworkRate, 16)
	m.Queue = cmp.Or(m.Queue, 8)
	m.MaxWait = cmp.Or(m.MaxWait, 5*time.Second)
	m.MaxRetryAfter = cmp.Or(m.MaxRetryAfter, 10*time.Minute)
	m.SlowTime = cmp.Or(m.SlowTime, 10*time.Minute)
	return m
}

// networkOf is the network of an address.
func networkOf(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	network, _ := addr.WithZone("").Prefix(bits) // these lengths fit
	return network
}
