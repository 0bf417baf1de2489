package egress

import (
	"hash/maphash"
	"slices"
	"time"
)

// A Retry-After, with a 429 or 503, is that of one host, and counts for its address
// when others there agree: when at least fewestDeferrals, and half of the
// recentHosts that were asked there last, have sent one that still counts. Then the
// address is left alone for as long as that is so, but no longer than mostHeld in
// sum in one pass over the hosts. One alone halves the rate of the address.
const (
	recentHosts     = 8
	fewestDeferrals = 3
	mostHeld        = 10 * time.Minute

	// mostDeferrals bounds the hosts that are remembered. Beyond it any of them is
	// forgotten, and asked again when others are whose policies failed.
	mostDeferrals = 1 << 18
	// mostHistories bounds the addresses that are remembered for nothing but the
	// time for which they were left alone.
	mostHistories = 1 << 16
)

// A deferral is a host that was asked, and when it may be asked again.
type deferral struct {
	host  uint64
	until time.Time // zero: whenever we like
}

// A deferredError is an errLater for the Retry-After of the very host.
type deferredError struct{ until time.Time }

func (e *deferredError) Error() string        { return "put off: the host asked to be left alone" }
func (e *deferredError) Is(target error) bool { return target == errLater }

// deferrals are when hosts may be asked again, by the hash of their names.
type deferrals struct {
	seed  maphash.Seed
	until map[uint64]time.Time
	tidy  time.Time // when those that are over were last forgotten
}

func newDeferrals() deferrals {
	return deferrals{seed: maphash.MakeSeed(), until: make(map[uint64]time.Time)}
}

func (d *deferrals) key(host string) uint64 { return maphash.String(d.seed, host) }

func (d *deferrals) note(host uint64, until, now time.Time) {
	if len(d.until) >= mostDeferrals && now.Sub(d.tidy) >= time.Second {
		d.tidy = now
		for host, until := range d.until {
			if !until.After(now) {
				delete(d.until, host)
			}
		}
	}
	if _, known := d.until[host]; !known && len(d.until) >= mostDeferrals {
		for other := range d.until {
			delete(d.until, other)
			break
		}
	}
	d.until[host] = until
}

// asked notes that a host of the place is asked now, in the given pass.
func (p *place) asked(host uint64, pass int) {
	p.recent = slices.DeleteFunc(p.recent, func(d deferral) bool { return d.host == host })
	if len(p.recent) == recentHosts {
		p.recent = slices.Delete(p.recent, 0, 1)
	}
	p.recent = append(p.recent, deferral{host: host})
	if pass > p.pass {
		p.pass, p.held = pass, 0
	}
}

// deferred notes the Retry-After of a host of the place. The rate is halved, and the
// place is held until fewer hosts than are needed have one that still counts.
func (p *place) deferred(host uint64, until, now time.Time) {
	if until.After(p.slow) {
		p.slow = until
	}
	var all []time.Time
	for i := range p.recent {
		if p.recent[i].host == host {
			p.recent[i].until = until
		}
		all = append(all, p.recent[i].until)
	}
	needed := max(fewestDeferrals, (len(all)+1)/2)
	if len(all) < needed {
		return
	}
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	from := now
	if p.until.After(now) {
		from = p.until
	}
	if more := min(all[needed-1].Sub(from), mostHeld-p.held); more > 0 {
		p.held += more
		p.until = from.Add(more)
	}
}

// rate is the limit of the place now.
func (p *place) rate(l limit, now time.Time) limit {
	if p.slow.After(now) {
		l.window *= 2
	}
	return l
}

// free is when the next connection may begin, as [quota.free] says it.
func (p *place) free(l limit, now time.Time) (at time.Time, ok bool) {
	if at, ok = p.quota.free(p.rate(l, now), now); !ok {
		return at, false
	}
	if usual, _ := p.quota.free(l, now); at.After(p.slow) {
		at = later(usual, p.slow) // from then on the usual rate counts
	}
	return later(at, p.until), true
}

// forgettable reports whether nothing has to be known of the place but, maybe,
// for how long it was held.
func (p *place) forgettable(l limit, now time.Time) bool {
	return p.waiting == 0 && !p.until.After(now) && !p.slow.After(now) && p.idle(l, now)
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
