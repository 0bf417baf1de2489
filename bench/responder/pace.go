package main

import "time"

// A pace is that of a server with a capacity. What arrives while it is busy waits in the receive buffer of the socket,
// and is lost once that is full, as with a resolver that has no more processor.
type pace struct {
	perSecond float64       // questions; 0: without a limit
	free      time.Duration // when the work so far is done
}

// work is how long the server is busy with n more questions, which it reads now.
func (p *pace) work(n int, now time.Duration) time.Duration {
	if p.perSecond == 0 {
		return 0
	}
	p.free = max(p.free, now) + time.Duration(float64(n)/p.perSecond*float64(time.Second))
	return p.free - now
}
