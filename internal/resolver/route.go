package resolver

import (
	crand "crypto/rand"
	"math/rand/v2"

	"stsscan/internal/window"
)

// A route is a lane's way to one upstream: its own ports, and its own window.
type route struct {
	*upstream
	number uint16
	ports  []lanePort
	window window.Window
	sent   queue // questions in flight, by the time they were sent
	flying int   // first attempts of them
	again  int   // the others
	opened int64 // when its breaker was opened, as far as the window knows
}

// A lanePort is a port of a lane, and how much waits for replies on it.
type lanePort struct {
	port
	number uint16 // of the ports of the lane
	n      int    // questions in flight
	taken  int    // ids, of questions in flight and of others
	failed bool   // at least once
	max    int    // questions that may be in flight, so that all replies at once fit its buffer
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
func (r *Resolver) openRoute(number int, inFlight int, links *uplinks) (*route, error) {
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
		w := lanePort{port: p, number: links.opened, max: maxWaiting}
		links.opened++
		if size := p.buffer(); size > 0 {
			w.max = max(1, min(maxWaiting, size/replyCharge))
		}
		rt.ports = append(rt.ports, w)
		replies += w.max
		want = min(max(fewest, (inFlight+w.max-1)/w.max), r.shares.route)
	}
	rt.window = window.New(r.floor, min(inFlight, replies), r.timeout/firstAttemptTime)
	return rt, nil
}

func (rt *route) close() {
	for i := range rt.ports {
		rt.ports[i].close()
	}
}

// room is how many more questions may be in flight on a port.
func (p *lanePort) room() int { return min(p.max-p.n, mostIDs-p.taken) }

// choose is a port at random that has room, and how much; 0: none has.
func (rt *route) choose(d *dice) (port int, room int) {
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
		return rt.window.RoomRepeated(rt.flying, rt.again)
	}
	return rt.window.Room(rt.flying)
}

// pick is the route for some questions that were sent over avoid last, repeated
// ones or not: one of the others where there is any with room, as often as it
// answers. Even one that loses all is asked now and then, or its return would go
// unnoticed. nil means that none has room.
func (l *lane) pick(avoid *route, repeated bool) *route {
	const rest = 1.0 / 16
	var best *route
	l.turn++
	for i := range l.routes {
		rt := l.routes[(l.turn+i)%len(l.routes)]
		if rt.room(repeated) <= 0 || rt == avoid || rt.guard.open.Load() {
			continue
		}
		lost := rt.loss.Share()
		if lost == 0 || l.dice.share() < max(rest, 1-lost) {
			return rt
		}
		if best == nil || lost < best.loss.Share() {
			best = rt
		}
	}
	if best == nil && avoid != nil && avoid.room(repeated) > 0 && !avoid.guard.open.Load() {
		return avoid
	}
	return best
}

// dice are random bits that nobody can guess (RFC 5452, section 9.2), a few at
// a time.
type dice struct {
	source *rand.ChaCha8
	bits   uint64
	left   int // bits that are not used up
}

func newDice() (*dice, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, err
	}
	return &dice{source: rand.NewChaCha8(seed)}, nil
}

// take is n random bits, at most 32.
func (d *dice) take(n int) uint32 {
	if d.left < n {
		d.bits, d.left = d.source.Uint64(), 64
	}
	v := uint32(d.bits & (1<<n - 1))
	d.bits >>= n
	d.left -= n
	return v
}

// below is a number from 0 to n-1, for small n.
func (d *dice) below(n int) int { return int(uint64(d.take(24)) * uint64(n) >> 24) }

func (d *dice) share() float64 { return float64(d.take(24)) / (1 << 24) }

// takeID gives a holder a free id of p. Most are.
func (l *lane) takeID(p *lanePort, holder uint32) uint16 {
	p.taken++
	for {
		if id := uint16(l.dice.take(16)); l.ids.take(p.number, id, holder) {
			return id
		}
	}
}

func (l *lane) releaseID(p *lanePort, id uint16) {
	p.taken--
	l.ids.release(p.number, id)
}
