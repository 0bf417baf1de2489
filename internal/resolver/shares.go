package resolver

import "fmt"

// usefulPorts is how many UDP sockets are of use: fewer where those of lanes have
// goroutines and buffers too, and always some for each upstream.
func usefulPorts(upstreams int, portable bool) int {
	if portable {
		return max(256, 2*upstreams)
	}
	return max(1024, 4*upstreams)
}

// Shares are how the UDP sockets of a Resolver are shared out. Each upstream has
// several, so that a forger has to guess the port of a question, too (RFC 5452,
// section 9.2). Where there are many upstreams, each has fewer: which of them was
// asked is as hard to guess (section 7, N times P).
type shares struct {
	exchange int // for Exchange, of each upstream
	lanes    int // of a Sweep
	route    int // ports of a lane to one upstream, at most
}

// share shares out so many sockets. An eighth is for Exchange at most, since each of
// those has a goroutine and a buffer of 64 KiB. Of lanes there are as many as wanted,
// unless that leaves one of them without a port to some upstream: each lane reaches
// them all.
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

// socketsPerUpstream is the number of sockets for Exchange that each upstream is
// given where there are enough: a few, so that the port of a question is hard to
// guess, and enough for the replies in flight to fit the receive buffer that an
// unprivileged process gets, which holds about 256 of them.
func socketsPerUpstream(inFlight, upstreams int) int {
	const fewest, most, replies = 4, 32, 256
	return min(max(fewest, inFlight/(replies*upstreams)), most)
}

const (
	// replyCharge is what a small reply takes in a receive buffer, in octets:
	// the kernel counts its own structures too.
	replyCharge = 1 << 10
	// fewestPorts is what each upstream has over all lanes, where the share
	// allows it, so that a forger has to guess one (RFC 5452, section 9.2), and
	// mostPorts what it has at most in a lane, so that each brings several replies
	// at a time.
	fewestPorts = 8
	mostPorts   = 128
)
