package resolver

import (
	"stsscan/internal/udpbatch"
	"stsscan/internal/window"
)

// takeRoutes are those of an earlier lane, or new ones for so many questions in
// flight.
func (r *Resolver) takeRoutes(inFlight int) (*routeSet, error) {
	r.mu.Lock()
	if n := len(r.idleRoutes); n > 0 {
		u := r.idleRoutes[n-1]
		r.idleRoutes = r.idleRoutes[:n-1]
		r.mu.Unlock()
		return u, nil
	}
	r.mu.Unlock()
	u := &routeSet{calls: udpbatch.NewBuffers(r.sockets)}
	for i := range r.upstreams {
		rt, err := r.openRoute(i, inFlight, u)
		if err != nil {
			u.close()
			return nil, err
		}
		u.routes = append(u.routes, rt)
	}
	return u, nil
}

// keepRoutes ends the use of uplinks. They are closed where replies may still come to
// them, or a port has failed: the addresses of this machine may be others now.
func (r *Resolver) keepRoutes(u *routeSet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil || !u.isQuiet() {
		u.close()
		return
	}
	r.idleRoutes = append(r.idleRoutes, u)
}

// openRoute opens the ports of a route for so many questions in flight: its part
// of fewestPorts over all lanes, and more where their buffers cannot hold the
// replies to all of those questions.
func (r *Resolver) openRoute(number int, inFlight int, links *routeSet) (*route, error) {
	u := r.upstreams[number]
	rt := &route{upstream: u, number: uint16(number)}
	fewest := (fewestPorts + r.shares.lanes - 1) / r.shares.lanes
	replies := 0
	for want := 1; len(rt.ports) < want; {
		conn, err := udpbatch.Dial(r.sockets, u.addr, links.calls)
		if err != nil {
			rt.close()
			return nil, err
		}
		w := lanePort{conn: conn, number: links.ports, maxInFlight: maxWaiting}
		links.ports++
		if size := conn.ReadBuffer(); size > 0 {
			w.maxInFlight = max(1, min(maxWaiting, size/replyCharge))
		}
		rt.ports = append(rt.ports, w)
		replies += w.maxInFlight
		want = min(max(fewest, (inFlight+w.maxInFlight-1)/w.maxInFlight), r.shares.route)
	}
	rt.window = window.New(r.floor, min(inFlight, replies), r.schedule.timeout/firstAttemptTime)
	return rt, nil
}
