package egress

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Manners bound what one address, and the network that it is in, get to see of
// us, whatever number of Policy Hosts live there. Networks are a /24 of IPv4 and
// a /48 of IPv6. A negative number stands for no bound.
//
// A rate r of 1 or more admits as many connections as its whole part in any
// stretch of that number divided by r: 2 are at most two in any second, 2.5 at
// most two in any 0.8 seconds. A smaller rate admits one in any 1/r seconds.
type Manners struct {
	HostConnections    int     // in flight at a time to an address, from dialling to the end; 0: 2
	HostRate           float64 // new connections a second to an address; 0: 2
	NetworkConnections int     // in flight at a time to a network; 0: 16
	NetworkRate        float64 // new connections a second to a network; 0: 16

	// Queue is how many requests may wait for one address, first come first
	// served, and MaxWait for how long. Those that would wait longer, or find the
	// queue full, end at once, with an [*Error] that says Later. 0: 8 requests,
	// 5 s; a negative Queue lets none wait.
	Queue   int
	MaxWait time.Duration

	// MaxRetryAfter is the longest Retry-After of a 429 or 503 that is honoured;
	// longer ones are cut. It keeps us from the host that sent it, and halves the
	// rate to its address. Where at least three hosts there, and half of the last
	// eight that were asked, say so, it keeps us from the address, for at most ten
	// minutes in sum in each pass (see [WithPass]). 0: 10 min; negative: none is
	// honoured.
	MaxRetryAfter time.Duration

	// SlowTime is for how long, in sum over the life of a Transport, the slow hosts
	// of an address are waited for that have more than quick limits (see
	// [WithWholeTime]). Those that are too slow when nothing is left end with an
	// [*Error] that says NotAwaited. 0: 10 min.
	SlowTime time.Duration
}

// NoManners bound nothing: for a test bed, where thousands of hosts share few
// addresses that bother nobody.
func NoManners() Manners {
	return Manners{HostConnections: -1, HostRate: -1, NetworkConnections: -1, NetworkRate: -1, MaxRetryAfter: -1, SlowTime: -1}
}

const (
	defaultHostConnections    = 2
	defaultHostRate           = 2
	defaultNetworkConnections = 16
	defaultNetworkRate        = 16
	defaultQueue              = 8
	defaultMaxWait            = 5 * time.Second
	defaultMaxRetryAfter      = 10 * time.Minute
	defaultSlowTime           = 10 * time.Minute

	// tooManyWait is for a 429 that names no time: it is about us all the same.
	tooManyWait = 10 * time.Second
)

// DefaultManners are what the zero Manners stand for.
func DefaultManners() Manners { return Manners{}.withDefaults() }

func (m Manners) withDefaults() Manners {
	for _, field := range []struct {
		value   *int
		initial int
	}{
		{&m.HostConnections, defaultHostConnections}, {&m.NetworkConnections, defaultNetworkConnections}, {&m.Queue, defaultQueue},
	} {
		if *field.value == 0 {
			*field.value = field.initial
		}
	}
	if m.HostRate == 0 {
		m.HostRate = defaultHostRate
	}
	if m.NetworkRate == 0 {
		m.NetworkRate = defaultNetworkRate
	}
	if m.MaxWait == 0 {
		m.MaxWait = defaultMaxWait
	}
	if m.MaxRetryAfter == 0 {
		m.MaxRetryAfter = defaultMaxRetryAfter
	}
	if m.SlowTime == 0 {
		m.SlowTime = defaultSlowTime
	}
	return m
}

// MannersCounts is what manners have cost so far.
type MannersCounts struct {
	Waiting int64 // connections that wait for their turn now
	Waited  int64 // that had to wait, and got it
	PutOff  int64 // that were not made: their requests ended with an error that says Later
	Held    int64 // times that a host asked us to come back later, and was heard
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

// retryAfter is for how long a response asks not to be asked again (RFC 9110,
// section 10.2.3, RFC 6585, section 4).
func retryAfter(resp *http.Response, now time.Time) (time.Duration, bool) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, seconds > 0
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now), at.After(now)
	}
	return tooManyWait, resp.StatusCode == http.StatusTooManyRequests
}
