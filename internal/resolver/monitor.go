package resolver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Watch begins to watch the upstreams, until Close. It must be called once at most, before any Sweep and any
// Exchange.
//
// Each upstream is asked canaries all the time. A wrong answer stops it, and what it said since the last good
// canary is not to be believed: see [Resolver.Vouch]. A canary without an answer stops it too, if the upstream
// fails far more often than its median, and so do questions without a reply beyond MaxSilence. A stopped
// upstream gets canaries only, until it answers them well again.
//
// Failures are believed only after a later good canary. Those of an upstream that was stopped meanwhile are
// asked again. While all upstreams are stopped, questions wait, until MaxPause has passed.
func (r *Resolver) Watch(w Watch) {
	w.Interval = cmp.Or(w.Interval, time.Second)
	w.MaxPause = cmp.Or(w.MaxPause, 10*time.Minute)
	if r.limiter != nil { // canaries are at most a tenth of what may be asked
		questions := 10 * len(w.Canaries) * len(r.upstreams)
		w.Interval = max(w.Interval, time.Duration(float64(questions)/r.limiter.PerSecond()*float64(time.Second)))
	}
	r.watch = &watcher{
		config: w, timeout: min(r.schedule.timeout, canaryTime), upstreams: r.upstreams,
		change: make(chan struct{}), counts: make([]CanaryCounts, len(r.upstreams)),
	}
	r.watch.gaveUp, r.watch.giveUp = context.WithCancelCause(r.ctx)
	for i, u := range r.upstreams {
		r.watch.counts[i].Upstream = u.addr
		u.breaker.lastGood.Store(int64(r.now()))
		u.breaker.silence.Settled = r.schedule.longest(false, false) + 2*w.Interval
		m := &monitor{
			resolver: r, watch: r.watch, upstream: u, breaker: &u.breaker, counts: &r.watch.counts[i],
			asker: newAsker(), tallies: []tally{u.tally()},
		}
		m.asker.timeout, m.asker.isCanary = r.watch.timeout, true
		r.goroutines.Go(m.run)
	}
}

// A monitor watches one upstream, on a goroutine of its own. It alone decides whether the upstream is to be
// believed, and writes its breaker.
type monitor struct {
	resolver       *Resolver
	watch          *watcher
	upstream       *upstream
	breaker        *breaker // of the upstream
	counts         *CanaryCounts
	asker          *asker
	tallies        []tally       // at the ends of rounds, the first one before the sliding window
	shares         []float64     // of failures, of windows that were full
	goodRounds     int           // in a row
	unhealthySince time.Duration // when it was first stopped without a healthy window after; 0: it is healthy
	closedAt       time.Duration // when the breaker was last closed
	why            string        // it was last stopped
}

// run checks the upstream at each interval, and sooner where a failure waits for that.
func (m *monitor) run() {
	interval, closed := m.watch.config.Interval, m.resolver.ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-closed:
			return
		case <-timer.C:
		case <-m.breaker.canaryWanted:
			wait := time.NewTimer(interval / canaryRest)
			select {
			case <-wait.C:
			case <-closed:
				wait.Stop()
				return
			}
			select {
			case <-m.breaker.canaryWanted: // the check is for these too
			default:
			}
		}
		m.check()
		timer.Reset(interval)
	}
}

// check asks the canaries and decides what their results mean.
func (m *monitor) check() {
	sent, before := m.resolver.now(), m.upstream.tally()
	result, why := canaryGood, ""
	for _, c := range m.watch.config.Canaries {
		result, why = m.resolver.askCanary(m.resolver.ctx, m.asker, m.upstream, c, canaryTimes)
		if result != canaryGood {
			break
		}
	}
	if m.resolver.ctx.Err() != nil {
		return
	}
	now := m.resolver.now()
	m.watch.countCanary(m.counts, result)
	m.decide(result, why, sent, now, m.upstream.tally().minus(before))
	m.watch.notePause(m.upstream, now, m.unhealthySince, m.why)
}

// decide is the one place that decides whether an upstream is to be believed: by the result of the canaries
// that were sent at a time, by what else it did meanwhile, and by how much it left unanswered.
func (m *monitor) decide(result canaryResult, why string, sent, now time.Duration, meanwhile tally) {
	recent := m.slideTallies()
	switch open := m.breaker.open.Load(); {
	case result == canaryWrong && open:
		m.goodRounds, m.why = 0, why
		m.breaker.distrusted.Store(true)
		m.breaker.distrust(now)
	case result == canaryWrong:
		m.stop(now, true, why)
	case result == canaryFailed && open:
		m.goodRounds = 0
	case result == canaryFailed && (meanwhile.answered == 0 || m.farAboveMedian(recent.share())):
		m.stop(now, false, "a canary was not answered: "+why)
	case result == canaryFailed:
	case open:
		if m.goodRounds++; m.goodRounds >= closingRounds {
			m.resume(sent, now)
		}
	default:
		m.breaker.lastGood.Store(int64(sent))
		m.checkSilence(now, recent)
	}
}

// checkSilence stops an upstream that leaves too many questions without a reply.
func (m *monitor) checkSilence(now time.Duration, recent tally) {
	n := recent.attempts()
	// For as long as a question can take to fail:
	healthy := m.resolver.schedule.longest(false, false) + 4*m.watch.config.Interval
	if took := now - m.closedAt; took > healthy && (n >= windowLeast || took > 10*healthy) {
		m.unhealthySince = 0
	}
	begun, missed := m.breaker.silence.Latest(now, m.closedAt, windowMost)
	silence, most := float64(missed)/float64(max(begun, 1)), m.watch.config.MaxSilence
	if most > 0 && begun >= windowLeast && silence > most {
		m.stop(now, false, fmt.Sprintf(
			"%.1f %% of the latest %d questions got no reply at all, more than %.1f %%: it drops questions in silence",
			100*silence, begun, 100*most))
		return
	}
	if n < windowLeast {
		return
	}
	m.shares = append(m.shares, recent.share())
	if len(m.shares) > medianOf {
		m.shares = m.shares[1:]
	}
}

// slideTallies moves the sliding window, and returns what is in it.
func (m *monitor) slideTallies() tally {
	now := m.upstream.tally()
	m.tallies = append(m.tallies, now)
	for len(m.tallies) > 2 {
		if t := now.minus(m.tallies[1]); t.attempts() < windowMost {
			break
		}
		m.tallies = m.tallies[1:]
	}
	return now.minus(m.tallies[0])
}

// farAboveMedian reports whether a share of failures is far above the median.
func (m *monitor) farAboveMedian(share float64) bool {
	if len(m.shares) == 0 {
		return share > failsFar
	}
	median := slices.Sorted(slices.Values(m.shares))[len(m.shares)/2]
	return share > max(failsFarther*median, failsFar) || 1-share < (1-median)/failsFarther
}

// stop opens the breaker.
func (m *monitor) stop(now time.Duration, wrong bool, why string) {
	m.breaker.trip(m.resolver.now, wrong)
	m.goodRounds, m.why = 0, why
	if m.unhealthySince == 0 {
		m.unhealthySince = now
	}
	m.watch.noteChange(m.counts, TrustEvent{time.Now(), m.upstream.addr, "stopped", why})
	m.resolver.log.Warn("a resolver is stopped", "resolver", m.upstream.addr, "why", why)
}

// resume closes the breaker. The last good canaries were sent at a time.
func (m *monitor) resume(sent, now time.Duration) {
	m.breaker.lastGood.Store(int64(sent))
	m.breaker.reset()
	m.tallies = []tally{m.upstream.tally()}
	m.closedAt, m.goodRounds = now, 0
	m.watch.noteChange(nil, TrustEvent{time.Now(), m.upstream.addr, "resumed", "its canaries are answered well"})
	m.resolver.log.Info("a resolver is asked again", "resolver", m.upstream.addr)
}
