package resolver

import (
	"time"

	"stsscan/internal/forgery"
	"stsscan/internal/udpbatch"
	"stsscan/internal/window"
)

// A route is the way of one lane to one upstream. The lane owns it, but for the upstream.
type route struct {
	upstream *upstream
	number   uint16 // of the upstream
	ports    []lanePort
	window   window.Window
	sent     queue         // questions in flight, by the time they were sent
	first    int           // first attempts of them
	repeated int           // the others
	opened   time.Duration // when its breaker was opened, as far as the window knows
}

// A lanePort is a port of a lane, and how much waits for replies on it.
type lanePort struct {
	conn        udpbatch.Conn
	number      uint16 // among the ports of the lane
	inFlight    int    // questions
	idsTaken    int    // by questions in flight, and by others
	failed      bool   // at least once
	maxInFlight int    // so that all replies at once fit its buffer
}

func (rt *route) close() {
	for i := range rt.ports {
		rt.ports[i].conn.Close()
	}
}

// room is how many more questions may be in flight on a port.
func (p *lanePort) room() int { return min(p.maxInFlight-p.inFlight, forgery.MostIDs-p.idsTaken) }

// choosePort is a random port that has room, and how much; 0: none has.
func (rt *route) choosePort(random *forgery.Random) (port int, room int) {
	start := random.Below(len(rt.ports))
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

// A routeSet is the routes of a lane, and the memory for the calls to their ports: some 4 MiB of addresses, of which
// pages that no reply is written to take no memory. A Resolver keeps it for its next Sweep.
//
// This is also where ports would go that are connected to no upstream, for questions to very many authoritative
// servers: ids are taken by port, whichever server is asked. Such a question would need the number of its server, in
// 32 bits, in place of a route; a datagram the comparison of its source with that server; and the servers a table of
// some 70 octets each, without pointers, in place of routes and windows.
type routeSet struct {
	routes []*route          // by the number of the upstream
	calls  *udpbatch.Buffers // of its ports
	ports  uint16            // how many
}

// isQuiet reports whether nothing is expected on any port, and none has failed.
func (s *routeSet) isQuiet() bool {
	for _, rt := range s.routes {
		for i := range rt.ports {
			if p := &rt.ports[i]; p.idsTaken > 0 || p.failed {
				return false
			}
		}
	}
	return true
}

func (s *routeSet) close() {
	for _, rt := range s.routes {
		rt.close()
	}
}
