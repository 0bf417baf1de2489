package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// Later asks the domains of provisional rows again until no row of the parts is provisional, and rewrites each part
// that has changed. A failure that may mend is asked again when PassDelay has passed, on another upstream if there
// is one, and up to Passes times in all. Domains that wait for manners are asked at the rate that their addresses
// allow. The rows on disk are the queue. A row whose time is in the future was observed by a wrong clock, and
// counts as observed when its part was read.
//
// Domains that met a fault of this machine are asked again too. When only they are left, each gets one more time
// and a last time. If no row becomes final, the error wraps [ErrLocalFault]. The last time, a host out of reach is
// a finding, unless it shows that the fault is ours.
//
// Later does not use the Source and the Chunks of config, and calls Wrote for each part that it rewrites. Other
// errors are those of [Run]. After any error each part is whole, old or new.
func Later(ctx context.Context, config Config, parts []output.PartInfo) error {
	ctx, halt := context.WithCancel(ctx)
	defer halt()
	c := config.withDefaults()
	waits := newPendingParts(c.Now, c.PassDelay, c.intervals.hold)
	for _, info := range parts {
		waits.note(info)
	}
	waits.warnOfFuture(c.Log)
	l := &repass{config: c, pending: waits, localFaults: localFaults{hadTurn: make(map[int]bool)}}
	l.config.Wrote = func(info output.PartInfo) {
		waits.note(info)
		l.localFaults.wrote(info)
		c.Wrote(info)
	}
	l.config.Excluded = func() (*domains.Exclusions, error) {
		late, err := c.Excluded()
		if err != nil {
			halt() // and the revisits with it
		}
		return late, err
	}
	l.round = round{revisits: revisiting{
		Dataset: c.Dataset, Engine: c.Engine, Stats: c.Stats, Now: c.Now, Passes: c.Passes, intervals: c.intervals,
		pending: waits, localFaults: &l.localFaults, stop: ctx, octets: new(atomic.Int64),
	}}
	return l.run(ctx)
}

// A repass is the state of one call of Later.
type repass struct {
	config      Config
	pending     *pendingParts
	localFaults localFaults
	round       round
}

// run makes rounds until no row waits.
func (l *repass) run(ctx context.Context) error {
	pause := l.config.intervals.minPause
	fewer, logged := l.config.Now(), false // since when as many wait as now
	var loggedUntil time.Time              // until when it was said how long all that is left waits
	for {
		before, _ := l.pending.left()
		if before == 0 {
			return nil
		}
		now := l.config.Now()
		wait := l.pending.wait(now)
		rest := Left{Waiting: before, Again: now.Add(wait), Last: now.Add(l.pending.waitForAll(now))}
		if wait >= l.config.intervals.minPause && rest.Again.After(loggedUntil) {
			l.config.Log.Info(rest.Words(now), "until", rest.Again.UTC().Truncate(time.Second))
			loggedUntil = rest.Last
		}
		if wait == 0 {
			if err := l.makeRound(ctx); err != nil {
				return err
			}
			left, why := l.pending.left()
			if ctx.Err() != nil && left > 0 { // not all was asked
				return errInterrupted()
			}
			if err := l.localFaults.check(l.pending.count(), left, why); err != nil {
				return err
			}
			now := l.config.Now()
			if left < before {
				fewer, logged = now, false
			}
			if !logged && now.Sub(fewer) > l.config.PassDelay+l.config.intervals.maxPause {
				l.config.Log.Info("domains wait for their turn, and for longer than a pass", "domains", left,
					"until", now.Add(pause).UTC().Truncate(time.Second))
				logged = true
			}
			if left < before || l.pending.takeWritten() {
				pause = l.config.intervals.minPause
				continue
			}
			wait, pause = pause, min(2*pause, l.config.intervals.maxPause)
			rest = Left{Waiting: left, Again: now.Add(wait)}
		}
		if err := l.pauseFor(ctx, wait, rest); err != nil {
			return err
		}
	}
}

// pauseFor waits, since all rows do.
func (l *repass) pauseFor(ctx context.Context, wait time.Duration, rest Left) error {
	over := l.config.Stats.meter.pause(time.Now(), rest)
	defer func() { over(time.Now()) }()
	timer := time.NewTimer(wait)
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		timer.Stop()
		return errInterrupted()
	}
}

// makeRound asks all domains that may be asked now, part by part.
func (l *repass) makeRound(ctx context.Context) error {
	late, err := l.config.Excluded()
	if err != nil {
		return err
	}
	l.pending.takeWritten() // of rounds before
	l.round.exclude(late)
	l.round.begin(l.config.Now())
	reading, enough := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { l.round.readAhead(reading) })
	stop, halt := context.WithCancel(ctx)
	defer halt()
	r := &run{config: l.config, source: &l.round, repass: true, lastTry: l.localFaults.isLastTry(), stop: stop, halt: halt}
	r.config.OpenParts = min(l.pending.partsNow(), l.config.MostParts)
	r.partSlots = make(chan struct{}, l.config.MostParts)
	r.total, _ = l.pending.left()
	err = r.run()
	enough()
	reader.Wait()
	return err
}
