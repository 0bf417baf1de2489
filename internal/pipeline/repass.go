package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// Repass asks the domains of provisional rows again until no row of the parts is provisional, and rewrites each part
// that has changed. A failure that may mend is asked again when PassDelay has passed, on another upstream if there
// is one, and up to Passes times in all. Domains that wait for manners are asked at the rate that their addresses
// allow. The rows on disk are the queue. A row whose time is in the future was observed by a wrong clock, and
// counts as observed when its part was read.
//
// Domains that met a fault of this machine are asked again too. When only they are left, each gets one more time
// and a last time. If no row becomes final, the error wraps [ErrLocalFault]. The last time, a host out of reach is
// a finding, unless it shows that the fault is ours.
//
// Repass does not use the Source and the Chunks of config, and calls Wrote for each part that it rewrites. Other
// errors are those of [Run]. After any error each part is whole, old or new.
func Repass(ctx context.Context, config Config, parts []output.PartInfo) error {
	ctx, halt := context.WithCancel(ctx)
	defer halt()
	c := config.withDefaults()
	waits := newPendingParts(c.Now, c.PassDelay, c.intervals.hold)
	for _, info := range parts {
		waits.note(info)
	}
	waits.warnOfFuture(c.Log)
	p := &repass{config: c, pending: waits, localFaults: localFaults{hadTurn: make(map[int]bool)}}
	p.config.Wrote = func(info output.PartInfo) {
		waits.note(info)
		p.localFaults.wrote(info)
		c.Wrote(info)
	}
	p.config.Excluded = func() (*domains.Exclusions, error) {
		late, err := c.Excluded()
		if err != nil {
			halt() // and the revisits with it
		}
		return late, err
	}
	p.round.revisits = revisiting{
		Dataset: c.Dataset, Engine: c.Engine, Stats: c.Stats, Now: c.Now, Passes: c.Passes, intervals: c.intervals,
		pending: waits, localFaults: &p.localFaults, stop: ctx, octets: new(atomic.Int64),
	}
	return p.run(ctx)
}

// A repass is the state of one call of Repass.
type repass struct {
	config      Config
	pending     *pendingParts
	localFaults localFaults
	round       round
}

// run makes rounds until no row waits.
func (p *repass) run(ctx context.Context) error {
	pause := p.config.intervals.minPause
	fewerSince, logged := p.config.Now(), false // since when no fewer rows wait
	var loggedUntil time.Time                   // the end of the wait that was last logged
	for {
		before, _ := p.pending.left()
		if before == 0 {
			return nil
		}
		now := p.config.Now()
		wait := p.pending.wait(now)
		rest := Left{Waiting: before, First: now.Add(wait), Last: now.Add(p.pending.waitForAll(now))}
		if wait >= p.config.intervals.minPause && rest.First.After(loggedUntil) {
			p.config.Log.Info(rest.Words(now), "until", rest.First.UTC().Truncate(time.Second))
			loggedUntil = rest.Last
		}
		if wait == 0 {
			if err := p.makeRound(ctx); err != nil {
				return err
			}
			left, why := p.pending.left()
			if ctx.Err() != nil && left > 0 { // not all was asked
				return stopped(ctx)
			}
			if err := p.localFaults.check(p.pending.count(), left, why); err != nil {
				return err
			}
			now := p.config.Now()
			if left < before {
				fewerSince, logged = now, false
			}
			if !logged && now.Sub(fewerSince) > p.config.PassDelay+p.config.intervals.maxPause {
				p.config.Log.Info("domains wait for their turn, and for longer than a pass", "domains", left,
					"until", now.Add(pause).UTC().Truncate(time.Second))
				logged = true
			}
			if left < before || p.pending.takeWritten() {
				pause = p.config.intervals.minPause
				continue
			}
			wait, pause = pause, min(2*pause, p.config.intervals.maxPause)
			rest = Left{Waiting: left, First: now.Add(wait)}
		}
		if err := p.pauseFor(ctx, wait, rest); err != nil {
			return err
		}
	}
}

// pauseFor waits, since all rows do.
func (p *repass) pauseFor(ctx context.Context, wait time.Duration, rest Left) error {
	over := p.config.Stats.meter.pause(time.Now(), rest)
	defer func() { over(time.Now()) }()
	timer := time.NewTimer(wait)
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		timer.Stop()
		return stopped(ctx)
	}
}

// makeRound asks all domains that may be asked now, part by part.
func (p *repass) makeRound(ctx context.Context) error {
	late, err := p.config.Excluded()
	if err != nil {
		return err
	}
	p.pending.takeWritten() // of rounds before
	p.round.late.Store(late)
	p.round.begin(p.config.Now())
	reading, enough := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { p.round.readAhead(reading) })
	stop, halt := context.WithCancel(ctx)
	defer halt()
	r := &run{config: p.config, source: &p.round, repass: true, lastTry: p.localFaults.isLastTry(), stop: stop, halt: halt}
	r.config.OpenParts = min(p.pending.partsNow(), p.config.MostParts)
	r.partSlots = make(chan struct{}, p.config.MostParts)
	r.total, _ = p.pending.left()
	err = r.run()
	enough()
	reader.Wait()
	return err
}
