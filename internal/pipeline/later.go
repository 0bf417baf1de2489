package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// Later asks the domains of provisional rows again until no row of the parts is
// provisional, and writes each part anew that has changed. What may mend is
// asked once PassDelay has passed, on another upstream where there is one, and
// up to Passes times in all; what waits for manners is worked through, address
// by address, at the rate that they allow. The rows on disk are the queue. A row
// whose time is in the future was observed by a wrong clock, and counts as observed
// when its part was read: nothing waits longer than a pass for what is on disk.
//
// What a fault of this machine got in the way of is asked again too; when nothing
// else is left, and to ask all of it once more and a last time has settled none of
// it, the error wraps [ErrLocalFault]. The last time, hosts that are out of reach are
// so by their own fault, where nothing shows that it is ours.
//
// The Source and the Chunks of config are not used; Wrote hears of each part that is
// written anew. Other errors are those of [Run]; after any of them each part is whole, old
// or new.
func Later(ctx context.Context, config Config, parts []output.PartInfo) error {
	ctx, halt := context.WithCancel(ctx)
	defer halt()
	c := config.withDefaults()
	waits := newWaiting(c.Now, c.PassDelay, c.pace.held)
	for _, info := range parts {
		waits.note(info)
	}
	waits.warnOfFuture(c.Log)
	l := &later{Config: c, waiting: waits, stuck: stuck{turn: make(map[int]bool)}}
	l.Wrote = func(info output.PartInfo) {
		waits.note(info)
		l.stuck.wrote(info)
		c.Wrote(info)
	}
	l.Excluded = func() (*domains.Exclusions, error) {
		late, err := c.Excluded()
		if err != nil {
			halt() // and with it the visits that are going on
		}
		return late, err
	}
	l.round = round{visiting: visiting{
		Dataset: c.Dataset, Engine: c.Engine, Stats: c.Stats, Now: c.Now, Passes: c.Passes, pace: c.pace,
		waiting: waits, stuck: &l.stuck, stop: ctx, octets: new(atomic.Int64),
	}}
	return l.run(ctx)
}

// A later is the state of one call of Later.
type later struct {
	Config
	waiting *waiting
	stuck   stuck
	round   round
}

// run makes rounds until nothing waits.
func (l *later) run(ctx context.Context) error {
	pause := l.pace.least
	fewer, told := l.Now(), false // since when as many wait as now
	var said time.Time            // until when it was said how long all that is left waits
	for {
		before, _ := l.waiting.left()
		if before == 0 {
			return nil
		}
		now := l.Now()
		wait := l.waiting.wait(now)
		rest := Left{Waiting: before, Again: now.Add(wait), Last: now.Add(l.waiting.waitForAll(now))}
		if wait >= l.pace.least && rest.Again.After(said) {
			l.Log.Info(rest.Words(now), "until", rest.Again.UTC().Truncate(time.Second))
			said = rest.Last
		}
		if wait == 0 {
			if err := l.goRound(ctx); err != nil {
				return err
			}
			left, why := l.waiting.left()
			if ctx.Err() != nil && left > 0 { // not all was asked
				return errInterrupted()
			}
			if err := l.stuck.judge(l.waiting.count(), left, why); err != nil {
				return err
			}
			now := l.Now()
			if left < before {
				fewer, told = now, false
			}
			if !told && now.Sub(fewer) > l.PassDelay+l.pace.most {
				l.Log.Info("domains wait for their turn, and for longer than a pass", "domains", left,
					"until", now.Add(pause).UTC().Truncate(time.Second))
				told = true
			}
			if left < before || l.waiting.progress() {
				pause = l.pace.least
				continue
			}
			wait, pause = pause, min(2*pause, l.pace.most)
			rest = Left{Waiting: left, Again: now.Add(wait)}
		}
		if err := l.pauseFor(ctx, wait, rest); err != nil {
			return err
		}
	}
}

// pauseFor waits, since all that is left does.
func (l *later) pauseFor(ctx context.Context, wait time.Duration, rest Left) error {
	over := l.Stats.meter.pause(time.Now(), rest)
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

// goRound asks again what may be asked now, part by part.
func (l *later) goRound(ctx context.Context) error {
	late, err := l.Excluded()
	if err != nil {
		return err
	}
	l.waiting.progress() // of rounds before
	l.round.exclude(late)
	l.round.begin(l.Now())
	reading, enough := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { l.round.readAhead(reading) })
	stop, halt := context.WithCancel(ctx)
	defer halt()
	r := &run{Config: l.Config, source: &l.round, again: true, last: l.stuck.isLast(), stop: stop, halt: halt}
	r.OpenParts = min(l.waiting.visits(), l.MostParts)
	r.opening = make(chan struct{}, l.MostParts)
	r.most, _ = l.waiting.left()
	err = r.run()
	enough()
	reader.Wait()
	return err
}
