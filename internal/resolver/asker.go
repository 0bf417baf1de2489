package resolver

import "time"

// An asker is what one question needs while it is asked. It is used for one
// question after the other, by one goroutine at a time.
type asker struct {
	query
	flights [mostFlights]flight // one for an upstream; those over the latest come first
	done    chan *flight        // capacity mostFlights: those whose reply or error is there
	timer   *time.Timer
	trace   Trace
	plain   bool // readPlain will do, for a question made by query.ask

	timeout    time.Duration // of an attempt; 0: that of the Resolver
	promptTime time.Duration // of an attempt at an upstream that is prompt; 0: no other
	sentAt     time.Duration // the attempt under way
	until      time.Duration // it waits
	isCanary   bool          // the question is one, which is asked of those that are stopped too
}

// mostFlights is at how many upstreams a question expects replies at a time.
const mostFlights = 3

func newAsker() *asker {
	a := &asker{done: make(chan *flight, mostFlights), timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	for i := range a.flights {
		a.flights[i].ended = a.done
	}
	return a
}

// forget expects no reply any more.
func (a *asker) forget() {
	for i := range a.flights {
		if f := &a.flights[i]; f.upstream != nil {
			if !f.socket.forget(f) {
				<-a.done // of this one or of another that has come
			}
			f.upstream = nil
		}
	}
}

// flightTo is the flight to u to which a reply is expected. Where there is none it is
// a new one, over a socket at random, in place of the oldest.
func (a *asker) flightTo(u *upstream) (f *flight, isNew bool) {
	f = &a.flights[0]
	for i := range a.flights {
		g := &a.flights[i]
		if g.upstream == u {
			return g, false
		}
		if g.upstream == nil || f.upstream != nil && g.sent < f.sent {
			f = g
		}
	}
	if f.upstream != nil && !f.socket.forget(f) {
		a.dropEnded(f)
	}
	f.upstream, f.socket = u, u.randomSocket()
	return f, true
}

// dropEnded takes the end of a flight, which has come, from among the others.
func (a *asker) dropEnded(f *flight) {
	for {
		g := <-a.done
		if g == f {
			return
		}
		a.done <- g
	}
}
