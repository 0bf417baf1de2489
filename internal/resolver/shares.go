package resolver

import "fmt"

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
