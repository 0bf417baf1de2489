package resolver

import (
	"cmp"
	"time"

	"stsscan/internal/monitor"
)

// ErrUntrusted says that every upstream has answered wrongly, or left too many questions without an answer, for so
// long that waiting makes no sense. No domain is to blame.
var ErrUntrusted = monitor.ErrUntrusted

// A Watch says how upstreams are watched while they are asked.
type Watch struct {
	Canaries   []Canary      // asked of each upstream, all of them at a time
	Interval   time.Duration // from one time to the next; 0: 1 s
	MaxSilence float64       // the most questions that may get no reply, as a share; 0: no limit
	MaxPause   time.Duration // how long a run waits for upstreams; 0: DefaultMaxPause
}

const (
	canaryTime  = time.Second // for one attempt of a canary, at most
	canaryTimes = 3           // attempts of a canary
)

// Watch begins to watch the upstreams, until Close: see package monitor. It must be called once at most, before any
// Sweep and any Exchange.
//
// What an upstream said between a wrong answer to a canary and the last good one is not to be believed: see
// [Resolver.Vouch]. Failures are believed only after a later good canary. Those of an upstream that was stopped
// meanwhile are asked again. While all upstreams are stopped, questions wait, until MaxPause has passed.
func (r *Resolver) Watch(w Watch) {
	interval := cmp.Or(w.Interval, time.Second)
	if r.limiter != nil { // canaries are at most a tenth of what may be asked
		questions := 10 * len(w.Canaries) * len(r.upstreams)
		interval = max(interval, time.Duration(float64(questions)/r.limiter.PerSecond()*float64(time.Second)))
	}
	watched := make([]monitor.Upstream, len(r.upstreams))
	for i, u := range r.upstreams {
		a := newAsker()
		a.timeout, a.isCanary = r.canaryTimeout(), true
		watched[i] = monitor.Upstream{
			Addr: u.addr, Breaker: &u.breaker, Tally: u.tally,
			Check: func() (monitor.Result, string) { return r.askCanaries(a, u, w.Canaries) },
		}
	}
	r.watch = monitor.New(r.ctx, monitor.Config{
		Interval: interval, MaxSilence: w.MaxSilence, MaxPause: cmp.Or(w.MaxPause, DefaultMaxPause),
		Settled: r.schedule.longest(false, false), Now: r.now, Log: r.log,
	}, watched)
	r.goroutines.Go(r.watch.Run)
}

// askCanaries asks an upstream canaries until one of them is not answered well.
func (r *Resolver) askCanaries(a *asker, u *upstream, canaries []Canary) (monitor.Result, string) {
	for _, c := range canaries {
		if result, why := r.askCanary(r.ctx, a, u, c, canaryTimes); result != monitor.Good {
			return result, why
		}
	}
	return monitor.Good, ""
}

// canaryTimeout is the time of one attempt of a canary.
func (r *Resolver) canaryTimeout() time.Duration { return min(r.schedule.timeout, canaryTime) }
