package resolver

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"time"

	"stsscan/internal/udpbatch"
)

// MostWaiting is how many questions may wait in the lanes of a Sweep besides those in flight, in 64 octets each: for
// a late reply and the next attempt, for a canary that confirms their failure, or for a TCP connection.
const MostWaiting = 1 << 16

// MostInFlight is the most questions that a Sweep can keep in flight. Room for each takes some hundred octets, used
// or not.
const MostInFlight = 1_000_000

// A Config says which upstreams to ask, and how hard.
//
// Timeout is the time of an attempt over TCP, and over UDP where nothing is known of an upstream. While a [Watch]
// knows that the upstream answers its canaries promptly, all attempts of a question begin within one Timeout, evenly,
// and it is given up 1.6 Timeouts after the first; without Retries after one. A reply to an earlier attempt counts
// until then.
type Config struct {
	Upstreams []netip.AddrPort // full resolvers; at least one
	Timeout   time.Duration    // of one attempt, see above; 0: DefaultTimeout
	Retries   int              // attempts after the first, at most 254; 0: none
	Rate      float64          // questions per second over all upstreams, repeated ones too; 0: no limit
	InFlight  int              // the most questions that a Sweep keeps in flight, at most MostInFlight; 0: DefaultInFlight
	Floor     int              // the fewest that a lane of a Sweep allows an overloaded upstream; 0: DefaultFloor
	MixCase   bool             // mix the case of letters in the questions of a Sweep, which replies must repeat (0x20)
	Sockets   udpbatch.Method  // how Sweep uses sockets; empty: udpbatch.Auto
	Lanes     int              // most loops of a Sweep, each of which can keep a core busy; 0: one for two cores
	Ports     int              // most UDP sockets, and twice the most TCP connections; 0: as many as are of use
	Log       *slog.Logger     // nil: silent
}

func (c *Config) check() error {
	switch {
	case len(c.Upstreams) == 0:
		return errors.New("resolver: no upstream to ask")
	case c.Timeout < 0 || c.Retries < 0 || c.InFlight < 0 || c.Floor < 0 || c.Lanes < 0 || c.Ports < 0:
		return errors.New("resolver: timeout, retries, questions in flight, lanes and ports must not be negative")
	case c.InFlight > MostInFlight:
		return fmt.Errorf("resolver: %d questions in flight are more than %d", c.InFlight, MostInFlight)
	case c.Retries > MaxRetries:
		return fmt.Errorf("resolver: %d retries are more than %d", c.Retries, MaxRetries)
	case c.Rate < 0 || math.IsNaN(c.Rate):
		return fmt.Errorf("resolver: %v is not a rate", c.Rate)
	}
	return nil
}

// What a zero of [Config] and of [Watch] stands for.
const (
	DefaultTimeout  = 5 * time.Second
	DefaultInFlight = 1000
	DefaultFloor    = 16
	DefaultMaxPause = 10 * time.Minute
)

const (
	// maxTCP bounds the TCP connections at a time, and so the descriptors.
	maxTCP = 128

	// Of replies larger than largeReply, in octets, only maxLarge are parsed at a time.
	largeReply = 4 << 10
	maxLarge   = 4
)

// usefulPorts is how many UDP sockets are of use: fewer where those of lanes need goroutines and buffers, but always
// some for each upstream.
func usefulPorts(upstreams int, portable bool) int {
	if portable {
		return max(256, 2*upstreams)
	}
	return max(1024, 4*upstreams)
}

// shares say how the UDP sockets of a Resolver are shared out. Each upstream has several, so that a forger must guess
// the port of a question, too (RFC 5452, section 9.2). Where there are many upstreams, each has fewer: which of them
// was asked is as hard to guess (section 7, N times P).
type shares struct {
	exchange int // for Exchange, of each upstream
	lanes    int // of a Sweep
	route    int // ports of a lane to one upstream, at most
}

// share shares out so many sockets. At most an eighth is for Exchange, since each of those has a goroutine and a
// buffer of 64 KiB. There are as many lanes as wanted, unless one of them would have no port to some upstream: each
// lane reaches them all.
func share(sockets, upstreams, lanes, inFlight int) (shares, error) {
	if sockets < 2*upstreams {
		return shares{}, fmt.Errorf("%d UDP sockets are too few for %d upstreams: two each at least", sockets, upstreams)
	}
	s := shares{exchange: max(1, min(socketsPerUpstream(inFlight, upstreams), sockets/8/upstreams))}
	left := sockets/upstreams - s.exchange // for each upstream
	s.lanes = min(lanes, left)
	s.route = min(left/s.lanes, mostPorts)
	return s, nil
}

// socketsPerUpstream is how many sockets for Exchange each upstream gets where there are enough: a few, so that the
// port of a question is hard to guess, and enough for the replies in flight to fit their receive buffers. That of an
// unprivileged process holds about 256.
func socketsPerUpstream(inFlight, upstreams int) int {
	const fewest, most, replies = 4, 32, 256
	return min(max(fewest, inFlight/(replies*upstreams)), most)
}

const (
	// replyCharge is what a small reply takes in a receive buffer, in octets: the kernel counts its own structures
	// too.
	replyCharge = 1 << 10
	// Over all lanes each upstream has fewestPorts, where the share allows it, so that a forger must guess one. In a
	// lane it has at most mostPorts, so that each brings several replies at a time.
	fewestPorts = 8
	mostPorts   = 128
)
