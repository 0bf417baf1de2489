package pipeline

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// visits is how many parts are asked again at a time if they have as many rows that
// wait as a visit takes. The fewer they have, the more parts: a name that nobody
// answers for holds up a part for as long as all its attempts take.
const visits = 8

// A pace is how Later spends its time while domains wait for manners.
type pace struct {
	held  time.Duration // for which an address is left alone that was not to be asked
	visit time.Duration // for which a visit begins with more domains: what it finds is on disk only when it ends
	least time.Duration // between rounds that got nowhere, at first
	most  time.Duration // and at last
}

func (p pace) withDefaults() pace {
	if p == (pace{}) {
		return pace{held: 15 * time.Second, visit: 2 * time.Minute, least: time.Second, most: time.Minute}
	}
	return p
}

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
// The Source of config is not used; Wrote hears of each part that is written
// anew. Other errors are those of [Run]; after any of them each part is whole, old
// or new.
func Later(ctx context.Context, config Config, parts []output.PartInfo) error {
	ctx, halt := context.WithCancel(ctx)
	defer halt()
	l := &later{
		Config: config.withDefaults(), stop: ctx, parts: make(map[int]output.PartInfo),
		flying: make(map[netip.Addr]int), held: make(map[netip.Addr]time.Time), alone: make(map[int]time.Time),
		noted: make(map[int]time.Time), rests: make(map[int64]time.Time), turn: make(map[int]bool),
	}
	for _, info := range parts {
		l.note(info)
	}
	clear(l.turn)
	l.warnOfFuture()
	c := l.Config
	c.Source, c.Chunks = l, l
	c.Wrote = func(info output.PartInfo) {
		l.note(info)
		l.Wrote(info)
	}
	c.Excluded = func() (*domains.Exclusions, error) {
		late, err := l.Excluded()
		if err != nil {
			halt() // and with it the visits that are going on
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.late = late
		return late, nil
	}
	pause := l.pace.least
	fewer, told := l.Now(), false // since when as many wait as now
	for {
		before := l.left()
		if before == 0 {
			return nil
		}
		wait := l.wait(l.Now())
		if wait == 0 {
			if _, err := c.Excluded(); err != nil {
				return err
			}
			c.OpenParts = l.visits()
			if err := l.round(ctx, c); err != nil {
				return err
			}
			if ctx.Err() != nil && l.left() > 0 { // not all was asked
				return fmt.Errorf("%w: run the same command again to go on", ErrInterrupted)
			}
			if err := l.stuck(); err != nil {
				return err
			}
			now, left := l.Now(), l.left()
			if left < before {
				fewer, told = now, false
			}
			if !told && now.Sub(fewer) > l.PassDelay+l.pace.most {
				l.Log.Info("domains wait for their turn, and for longer than a pass", "domains", left,
					"until", now.Add(pause).UTC().Truncate(time.Second))
				told = true
			}
			if left < before || l.progress {
				pause = l.pace.least
				continue
			}
			wait, pause = pause, min(2*pause, l.pace.most)
		} else if wait > l.pace.most {
			l.Log.Info("all domains that are left wait", "domains", before,
				"until", l.Now().Add(wait).UTC().Truncate(time.Second))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: run the same command again to go on", ErrInterrupted)
		}
	}
}

// A later is the state of one call of Later: the Source and the Chunks of its
// rounds, each of which goes once through the parts that wait.
type later struct {
	Config
	stop     context.Context
	ready    chan *visit // visits of this round; closed at its end
	open     *visit      // taken from ready, for Open
	progress bool        // a part was written in this round
	quick    bool        // the round is about what is due, and not about what waits for manners
	cursor   int         // part that the next round for manners begins at

	mu     sync.Mutex
	parts  map[int]output.PartInfo // with provisional rows
	noted  map[int]time.Time       // when they were read, or written
	flying map[netip.Addr]int      // surveys under way
	held   map[netip.Addr]time.Time
	alone  map[int]time.Time   // parts that are not to be visited before
	rests  map[int64]time.Time // the same of domains, by rank: as many as the transport keeps away from for their own sake
	failed error               // of the reading ahead
	late   *domains.Exclusions // those who opted out late, as they were read last

	// Since stuck looked: rows that waited for a fault of ours and were asked, how many
	// got past it, or past manners, and how many times one got in the way; the parts
	// that were written, and wait.
	asked, settled, faults int64
	turn                   map[int]bool

	last  bool  // the next time is the last for them
	fault error // that one of them met
}
