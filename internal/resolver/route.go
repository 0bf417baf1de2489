package resolver

import (
	crand "crypto/rand"
	"math/rand/v2"

	"stsscan/internal/window"
)

// A route is a lane's way to one upstream: its own ports, and its own window.
type route struct {
	upstream *upstream
	number   uint16
	ports    []lanePort
	window   window.Window
	sent     queue // questions in flight, by the time they were sent
	first    int   // first attempts of them
	repeated int   // the others
	opened   int64 // when its breaker was opened, as far as the window knows
}

// A lanePort is a port of a lane, and how much waits for replies on it.
type lanePort struct {
	port
	number      uint16 // of the ports of the lane
	inFlight    int    // questions in flight
	idsTaken    int    // ids, of questions in flight and of others
	failed      bool   // at least once
	maxInFlight int    // questions that may be in flight, so that all replies at once fit its buffer
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

// openRoute opens the ports of a route for so many questions in flight: its part
// of fewestPorts over all lanes, and more where their buffers cannot hold the
// replies to all of those questions.
func (r *Resolver) openRoute(number int, inFlight int, links *routeSet) (*route, error) {
	u := r.upstreams[number]
	rt := &route{upstream: u, number: uint16(number)}
	fewest := (fewestPorts + r.shares.lanes - 1) / r.shares.lanes
	replies := 0
	for want := 1; len(rt.ports) < want; {
		p, err := openPort(r.sockets, u.addr, links.calls)
		if err != nil {
			rt.close()
			return nil, err
		}
		w := lanePort{port: p, number: links.ports, maxInFlight: maxWaiting}
		links.ports++
		if size := p.buffer(); size > 0 {
			w.maxInFlight = max(1, min(maxWaiting, size/replyCharge))
		}
		rt.ports = append(rt.ports, w)
		replies += w.maxInFlight
		want = min(max(fewest, (inFlight+w.maxInFlight-1)/w.maxInFlight), r.shares.route)
	}
	rt.window = window.New(r.floor, min(inFlight, replies), r.schedule.timeout/firstAttemptTime)
	return rt, nil
}

func (rt *route) close() {
	for i := range rt.ports {
		rt.ports[i].close()
	}
}

// room is how many more questions may be in flight on a port.
func (p *lanePort) room() int { return min(p.maxInFlight-p.inFlight, mostIDs-p.idsTaken) }

// choose is a port at random that has room, and how much; 0: none has.
func (rt *route) choosePort(d *rng) (port int, room int) {
	start := d.below(len(rt.ports))
	for i := range rt.ports {
		k := (start + i) % len(rt.ports)
		if room := rt.ports[k].room(); room > 0 {
			return k, room
		}
	}
	return 0, 0
}

// room is how many more questions may be in flight, repeated ones or not.
func (rt *route) room(repeated bool) int {
	if repeated {
		return rt.window.RoomRepeated(rt.first, rt.repeated)
	}
	return rt.window.Room(rt.first)
}

// pick is the route for some questions that were sent over avoid last, repeated
// ones or not: one of the others where there is any with room, as often as it
// answers. Even one that loses all is asked now and then, or its return would go
// unnoticed. nil means that none has room.
func (l *lane) pickRoute(avoid *route, repeated bool) *route {
	const rest = 1.0 / 16
	var best *route
	l.rotation++
	for i := range l.routes {
		rt := l.routes[(l.rotation+i)%len(l.routes)]
		if rt.room(repeated) <= 0 || rt == avoid || rt.upstream.breaker.open.Load() {
			continue
		}
		lost := rt.upstream.loss.Share()
		if lost == 0 || l.rng.float() < max(rest, 1-lost) {
			return rt
		}
		if best == nil || lost < best.upstream.loss.Share() {
			best = rt
		}
	}
	if best == nil && avoid != nil && avoid.room(repeated) > 0 && !avoid.upstream.breaker.open.Load() {
		return avoid
	}
	return best
}

// dice are random bits that nobody can guess (RFC 5452, section 9.2), a few at
// a time.
type rng struct {
	source *rand.ChaCha8
	bits   uint64
	left   int // bits that are not used up
}

func newRNG() (*rng, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, err
	}
	return &rng{source: rand.NewChaCha8(seed)}, nil
}

// take is n random bits, at most 32.
func (d *rng) take(n int) uint32 {
	if d.left < n {
		d.bits, d.left = d.source.Uint64(), 64
	}
	v := uint32(d.bits & (1<<n - 1))
	d.bits >>= n
	d.left -= n
	return v
}

// below is a number from 0 to n-1, for small n.
func (d *rng) below(n int) int { return int(uint64(d.take(24)) * uint64(n) >> 24) }

func (d *rng) float() float64 { return float64(d.take(24)) / (1 << 24) }

// takeID gives a holder a free id of p. Most are.
func (l *lane) takeID(p *lanePort, holder uint32) uint16 {
	p.idsTaken++
	for {
		if id := uint16(l.rng.take(16)); l.ids.take(p.number, id, holder) {
			return id
		}
	}
}

func (l *lane) releaseID(p *lanePort, id uint16) {
	p.idsTaken--
	l.ids.release(p.number, id)
}
