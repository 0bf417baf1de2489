package limiter

import (
	"slices"
	"time"
)

// An address is one that was contacted, or is about to be.
type address struct {
	usage   usage
	waiting int           // requests
	recent  []deferral    // of the hosts that were asked there last, each once, in that order; at most recentHosts
	slow    time.Time     // its rate is half until then: a host there sent a Retry-After
	until   time.Time     // no host there is asked before: too many of them sent a Retry-After
	held    time.Duration // how long that was so, in sum, in this pass
	pass    int           // the last that asked a host there
}

// A deferral is a host that was asked, and the time before which it is not asked again.
type deferral struct {
	host  uint64
	until time.Time // zero: it may be asked
}

// asked notes that a host of the address is asked now, in the given pass.
func (a *address) asked(host uint64, pass int) {
	a.recent = slices.DeleteFunc(a.recent, func(d deferral) bool { return d.host == host })
	if len(a.recent) == recentHosts {
		a.recent = slices.Delete(a.recent, 0, 1)
	}
	a.recent = append(a.recent, deferral{host: host})
	if pass > a.pass {
		a.pass, a.held = pass, 0
	}
}

// retryAfter notes the Retry-After of a host of the address. The rate is halved, and the address is held until
// too few hosts have one that still counts.
func (a *address) retryAfter(host uint64, until, now time.Time) {
	if until.After(a.slow) {
		a.slow = until
	}
	var all []time.Time
	for i := range a.recent {
		if a.recent[i].host == host {
			a.recent[i].until = until
		}
		all = append(all, a.recent[i].until)
	}
	needed := max(fewestDeferrals, (len(all)+1)/2)
	if len(all) < needed {
		return
	}
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	from := later(now, a.until)
	if more := min(all[needed-1].Sub(from), mostHeld-a.held); more > 0 {
		a.held += more
		a.until = from.Add(more)
	}
}

// rate is the limit of the address now.
func (a *address) rate(l limit, now time.Time) limit {
	if a.slow.After(now) {
		l.window *= 2
	}
	return l
}

// free is when the next connection may begin, as [usage.free] says it.
func (a *address) free(l limit, now time.Time) (at time.Time, ok bool) {
	if at, ok = a.usage.free(a.rate(l, now), now); !ok {
		return at, false
	}
	if usual, _ := a.usage.free(l, now); at.After(a.slow) {
		at = later(usual, a.slow) // from then on the usual rate counts
	}
	return later(at, a.until), true
}

// forgettable reports whether nothing has to be known of the address but, maybe, how long it was held.
func (a *address) forgettable(l limit, now time.Time) bool {
	return a.waiting == 0 && !a.until.After(now) && !a.slow.After(now) && a.usage.idle(l, now)
}
