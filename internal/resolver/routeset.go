package resolver

import (
	"stsscan/internal/udpbatch"
	"stsscan/internal/window"
)

// takeRoutes lends a lane the routes of an earlier one, or opens new ones for so many questions in flight.
func (r *Resolver) takeRoutes(inFlight int) (*routeSet, error) {
	r.mu.Lock()
	if n := len(r.idleRoutes); n > 0 {
		set := r.idleRoutes[n-1]
		r.idleRoutes = r.idleRoutes[:n-1]
		r.mu.Unlock()
		return set, nil
	}
	r.mu.Unlock()
	set := &routeSet{calls: udpbatch.NewBuffers(r.sockets)}
	for i := range r.upstreams {
		rt, err := r.openRoute(i, inFlight, set)
		if err != nil {
			set.close()
			return nil, err
		}
		set.routes = append(set.routes, rt)
	}
	return set, nil
}

// keepRoutes takes back the routes of a lane. It closes them where replies may still come to them, or where a port
// has failed: the addresses of this machine may have changed.
func (r *Resolver) keepRoutes(set *routeSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil || !set.isQuiet() {
		set.close()
		return
	}
	r.idleRoutes = append(r.idleRoutes, set)
}

// firstAttemptTime is the part of a time-out after which a first attempt counts as failed.
const firstAttemptTime = 3

// openRoute opens the ports of a route for so many questions in flight: its part of fewestPorts over all lanes, and
// more where their buffers cannot hold the replies to all of those questions.
func (r *Resolver) openRoute(number int, inFlight int, set *routeSet) (*route, error) {
	rt := &route{upstream: r.upstreams[number], number: uint16(number)}
	fewest := (fewestPorts + r.shares.lanes - 1) / r.shares.lanes
	replies := 0
	for want := 1; len(rt.ports) < want; {
		conn, err := udpbatch.Dial(r.sockets, rt.upstream.addr, set.calls)
		if err != nil {
			rt.close()
			return nil, err
		}
		p := lanePort{conn: conn, number: set.ports, maxInFlight: maxWaiting}
		set.ports++
		if size := conn.ReadBuffer(); size > 0 {
			p.maxInFlight = max(1, min(maxWaiting, size/replyCharge))
		}
		rt.ports = append(rt.ports, p)
		replies += p.maxInFlight
		want = min(max(fewest, (inFlight+p.maxInFlight-1)/p.maxInFlight), r.shares.route)
	}
	rt.window = window.New(r.floor, min(inFlight, replies), r.schedule.timeout/firstAttemptTime)
	return rt, nil
}
