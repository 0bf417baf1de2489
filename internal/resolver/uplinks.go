package resolver

// Uplinks are the routes of a lane, and the memory of the calls to their ports:
// some 4 MiB of addresses, of which what no reply is written to takes no memory.
// A Resolver keeps them for its next Sweep.
//
// This is also where ports would go that are connected to no upstream, for questions
// to very many authoritative servers: ids are taken by port of the lane, whoever is
// asked. Such a question needs the number of its server, in 32 bits, in place of a
// route, a datagram the comparison of its source with that server, and the servers a
// table of some 70 octets each, without pointers, in place of routes and windows.
type routeSet struct {
	routes []*route // by the number of the upstream
	calls  *batches // nil: its ports need none
	ports  uint16   // ports
}

// openUplinks are those of an earlier lane, or new ones for so many questions in
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
	u := new(routeSet)
	if !portable(r.sockets) {
		u.calls = newBatches()
	}
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

// leave ends the use of uplinks. They are closed where replies may still come to
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

// settled reports whether nothing is expected on any port, and none has failed.
func (u *routeSet) isQuiet() bool {
	for _, rt := range u.routes {
		for i := range rt.ports {
			if p := &rt.ports[i]; p.idsTaken > 0 || p.failed {
				return false
			}
		}
	}
	return true
}

func (u *routeSet) close() {
	for _, rt := range u.routes {
		rt.close()
	}
}

// closeIdle closes the uplinks that no lane uses.
func (r *Resolver) closeIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.idleRoutes {
		u.close()
	}
	r.idleRoutes = nil
}
