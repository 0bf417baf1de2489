package resolver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Watch begins to watch the upstreams, until Close. It must be called once at
// most, before any Sweep and any Exchange.
//
// Each upstream is asked canaries all the time. A wrong answer stops it, and
// what it said since the last good canary is not to be believed: see
// [Resolver.Vouch]. No answer, while it fails far more often than its median,
// stops it too, and so do questions without a reply beyond MaxSilence. A stopped
// upstream gets canaries only, until they come out well again. Failures are not
// believed before a later canary came out well; those of an upstream that was
// stopped meanwhile are asked again. While all upstreams are stopped, questions
// wait, until MaxPause has passed.
func (r *Resolver) Watch(w Watch) {
	w.Interval = cmp.Or(w.Interval, time.Second)
	w.MaxPause = cmp.Or(w.MaxPause, 10*time.Minute)
	if r.limiter != nil { // canaries are a tenth of what may be asked, at most
		questions := 10 * len(w.Canaries) * len(r.upstreams)
		w.Interval = max(w.Interval, time.Duration(float64(questions)/r.limiter.PerSecond()*float64(time.Second)))
	}
	r.watch = &watcher{config: w, timeout: min(r.schedule.timeout, canaryTime), change: make(chan struct{}), counts: make([]CanaryCounts, len(r.upstreams))}
	r.watch.gaveUp, r.watch.giveUp = context.WithCancelCause(r.ctx)
	for i, u := range r.upstreams {
		r.watch.counts[i].Upstream = u.addr
		u.breaker.lastGood.Store(int64(r.now()))
		u.breaker.silence.Settled = time.Duration(r.schedule.attempts)*r.schedule.timeout + 2*w.Interval
		r.goroutines.Go(func() { r.runMonitor(u, &r.watch.counts[i]) })
	}
}

// A monitor is the watch over one upstream.
type monitor struct {
	resolver       *Resolver
	upstream       *upstream
	counts         *CanaryCounts
	asker          *asker
	tallies        []tally       // at the ends of rounds, the first one before the window
	shares         []float64     // of failures, of windows that were full
	goodRounds     int           // rounds in a row
	unhealthySince time.Duration // since it was first stopped without a calm window after; 0: it is calm
	closedAt       time.Duration // when it was last closed
	why            string
}

func (r *Resolver) runMonitor(u *upstream, counts *CanaryCounts) {
	p := &monitor{resolver: r, upstream: u, counts: counts, asker: newAsker(), tallies: []tally{u.tally()}}
	p.asker.timeout, p.asker.isCanary = r.watch.timeout, true
	w := r.watch
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-timer.C:
		case <-u.breaker.canaryWanted:
			wait := time.NewTimer(w.config.Interval / canaryRest)
			select {
			case <-wait.C:
			case <-r.ctx.Done():
				wait.Stop()
				return
			}
			select {
			case <-u.breaker.canaryWanted: // the round is for these too
			default:
			}
		}
		p.check()
		timer.Reset(w.config.Interval)
	}
}

// check asks the canaries and decides.
func (p *monitor) check() {
	sent, before := p.resolver.now(), p.upstream.tally()
	sang, why := canaryGood, ""
	for _, c := range p.resolver.watch.config.Canaries {
		if sang, why = p.resolver.askCanary(p.resolver.ctx, p.asker, p.upstream, c, canaryTimes); sang != canaryGood {
			break
		}
	}
	if p.resolver.ctx.Err() != nil {
		return
	}
	now := p.resolver.now()
	p.resolver.watch.countCanary(p.counts, sang)
	during := p.upstream.tally().minus(before)
	recent := p.slideTallies()
	switch open := p.upstream.breaker.open.Load(); {
	case sang == canaryWrong && open:
		p.goodRounds, p.why = 0, why
		p.upstream.breaker.distrusted.Store(true)
		p.upstream.breaker.distrust(now)
	case sang == canaryWrong:
		p.stop(now, true, why)
	case sang == canaryFailed && open:
		p.goodRounds = 0
	case sang == canaryFailed && (during.answered == 0 || p.farAboveMedian(recent.share())):
		p.stop(now, false, "a canary was not answered: "+why)
	case sang == canaryFailed:
	case open:
		if p.goodRounds++; p.goodRounds >= closingRounds {
			p.resume(sent, now)
		}
	default:
		p.upstream.breaker.lastGood.Store(int64(sent))
		p.checkSilence(now, recent)
	}
	p.resolver.watch.notePause(p.resolver, p.upstream, now, p.unhealthySince, p.why)
}

// judge stops an upstream that leaves too many questions without a reply.
func (p *monitor) checkSilence(now time.Duration, recent tally) {
	n := recent.attempts()
	if calm := time.Duration(p.resolver.schedule.attempts)*p.resolver.schedule.timeout + 4*p.resolver.watch.config.Interval; now-p.closedAt > calm && (n >= windowLeast || now-p.closedAt > 10*calm) {
		p.unhealthySince = 0 // for as long as a question can take to fail
	}
	begun, missed := p.upstream.breaker.silence.Latest(now, p.closedAt, windowMost)
	silence := float64(missed) / float64(max(begun, 1))
	if p.resolver.watch.config.MaxSilence > 0 && begun >= windowLeast && silence > p.resolver.watch.config.MaxSilence {
		p.stop(now, false, fmt.Sprintf(
			"%.1f %% of the latest %d questions got no reply at all, more than %.1f %%: it drops questions in silence",
			100*silence, begun, 100*p.resolver.watch.config.MaxSilence))
		return
	}
	if n < windowLeast {
		return
	}
	p.shares = append(p.shares, recent.share())
	if len(p.shares) > medianOf {
		p.shares = p.shares[1:]
	}
}

// slideTallies moves the window, and returns what is in it.
func (p *monitor) slideTallies() tally {
	now := p.upstream.tally()
	p.tallies = append(p.tallies, now)
	for len(p.tallies) > 2 {
		if t := now.minus(p.tallies[1]); t.attempts() < windowMost {
			break
		}
		p.tallies = p.tallies[1:]
	}
	return now.minus(p.tallies[0])
}

// farAboveMedian reports whether a share of failures is far above the median.
func (p *monitor) farAboveMedian(share float64) bool {
	if len(p.shares) == 0 {
		return share > failsFar
	}
	median := slices.Sorted(slices.Values(p.shares))[len(p.shares)/2]
	return share > max(failsFarther*median, failsFar) || 1-share < (1-median)/failsFarther
}

func (p *monitor) stop(now time.Duration, wrong bool, why string) {
	p.upstream.breaker.trip(p.resolver.now, wrong)
	p.goodRounds, p.why = 0, why
	if p.unhealthySince == 0 {
		p.unhealthySince = now
	}
	p.resolver.watch.noteChange(p.counts, TrustEvent{time.Now(), p.upstream.addr, "stopped", why})
	p.resolver.log.Warn("a resolver is stopped", "resolver", p.upstream.addr, "why", why)
}

func (p *monitor) resume(sent, now time.Duration) {
	p.upstream.breaker.lastGood.Store(int64(sent))
	p.upstream.breaker.reset()
	p.tallies = []tally{p.upstream.tally()}
	p.closedAt, p.goodRounds = now, 0
	p.resolver.watch.noteChange(nil, TrustEvent{time.Now(), p.upstream.addr, "resumed", "its canaries are answered well"})
	p.resolver.log.Info("a resolver is asked again", "resolver", p.upstream.addr)
}
