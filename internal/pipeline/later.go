package pipeline

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"stsscan/internal/codes"
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

// round asks again, part by part. What is due goes first, all of it: it waits for
// nobody. What waits for manners then has a round of bounded time, so that what
// becomes due meanwhile, and the parts behind, need not wait for a giant.
func (l *later) round(ctx context.Context, c Config) error {
	now := l.Now()
	var due, manners []output.PartInfo
	for _, k := range slices.Sorted(maps.Keys(l.parts)) {
		info := l.parts[k]
		if l.alone[k].After(now) {
			continue
		}
		if info.PendingSince != nil && !l.due(*info.PendingSince, l.noted[k]).After(now) {
			due = append(due, info)
		}
		if info.Counts.Pending[codes.PendingManners] > 0 {
			manners = append(manners, info)
		}
	}
	infos := due
	if l.quick = len(due) > 0; !l.quick {
		at, _ := slices.BinarySearchFunc(manners, l.cursor, func(info output.PartInfo, k int) int { return info.Part - k })
		infos = slices.Concat(manners[at:], manners[:at])
	}
	maps.DeleteFunc(l.held, func(_ netip.Addr, until time.Time) bool { return !until.After(now) })
	maps.DeleteFunc(l.rests, func(_ int64, until time.Time) bool { return !until.After(now) })

	// Rows are read ahead of the sieve, which must not wait for the disk.
	l.ready, l.failed, l.progress = make(chan *visit), nil, false
	reading, enough := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(l.ready)
		for _, info := range infos {
			if !l.quick && l.Now().Sub(now) > l.pace.visit {
				return
			}
			v, err := l.newVisit(info, l.Now())
			if err != nil {
				l.mu.Lock()
				l.failed = err
				l.mu.Unlock()
				return
			}
			select {
			case l.ready <- v:
				l.cursor = info.Part + 1
			case <-reading.Done():
				return
			}
		}
	})
	err := Run(ctx, c)
	enough()
	reader.Wait()
	return err
}

// Next is the part of the next visit, -1 where none has been read yet.
func (l *later) Next(ctx context.Context) (k int, ok bool, err error) {
	select {
	case v, ok := <-l.ready:
		if !ok {
			l.mu.Lock()
			defer l.mu.Unlock()
			return 0, false, l.failed
		}
		l.open = v
		return v.info.Part, true, nil
	default:
		return -1, true, nil
	}
}

// Open gives the names of the part that Next said. Where somebody opted out since
// its rows were read ahead, they are read once more.
func (l *later) Open(k int) (Names, error) {
	if l.open.late != l.excludedLate() {
		v, err := l.newVisit(l.open.info, l.Now())
		if err != nil {
			return nil, err
		}
		l.open = v
	}
	l.open.began = l.Now()
	return l.open, nil
}

// excludedLate are those who opted out late, as they were read last.
func (l *later) excludedLate() *domains.Exclusions {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}

// Ranks are those of a part.
func (l *later) Ranks(k int) (first, last int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.parts[k].FirstRank, l.parts[k].LastRank
}

// note takes note of a part as it is now.
func (l *later) note(info output.PartInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = true
	if info.Pending == 0 {
		delete(l.parts, info.Part)
		delete(l.turn, info.Part)
		return
	}
	l.parts[info.Part], l.noted[info.Part], l.turn[info.Part] = info, l.Now(), true
}

// left is the number of rows that wait.
func (l *later) left() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, info := range l.parts {
		n += info.Pending
	}
	return n
}

// stuck looks at what came of the rows that wait for a fault of ours, once they had
// their turn, those of them too that were put off for manners meanwhile. Where an
// address has more of them than can be asked within a pass, as many failures will do.
// Its error says that this was the last time, and has settled none.
func (l *later) stuck() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == 0 {
		return nil
	}
	var left, local, manners int64
	for _, info := range l.parts {
		left += info.Pending
		local += info.Counts.Pending[codes.PendingLocal]
		manners += info.Counts.Pending[codes.PendingManners]
	}
	alone := left == local+manners
	if alone && (manners > 0 && l.faults < left || len(l.turn) < len(l.parts)) {
		return nil
	}
	settled := l.settled > 0
	l.asked, l.settled, l.faults = 0, 0, 0
	clear(l.turn)
	switch {
	case !alone, settled && !l.last:
		l.last = false
		return nil
	case l.last && !settled:
		return fmt.Errorf("%w: %d domains are to be asked again, such as %w", ErrLocalFault, left, l.fault)
	}
	l.last = true
	return nil
}

// met notes a fault that a domain met.
func (l *later) met(fault error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// answered notes what a row is now that waited for a fault of ours, or for manners,
// as it may have done since.
func (l *later) answered(before codes.Pending, row *output.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before == codes.PendingLocal {
		l.asked++
	}
	switch codes.Pending(row.Pending) {
	case codes.PendingLocal:
		l.faults++
	case codes.PendingManners:
	default:
		l.settled++
	}
}

// visits is how many parts the next round asks again at a time.
func (l *later) visits() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := int64(1)
	for _, info := range l.parts {
		most = max(most, min(info.Pending, maxVisit))
	}
	return int(min(visits*maxVisit/most, mostParts))
}

// wait is how long it is until something may be asked.
func (l *later) wait(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first time.Time
	known := false
	for _, info := range l.parts {
		if next := l.next(info); !known || next.Before(first) {
			first, known = next, true
		}
	}
	return max(first.Sub(now), 0)
}

// next is when a part is worth a visit: at once if rows wait for manners, else
// when the last of its rows is due.
func (l *later) next(info output.PartInfo) time.Time {
	next := l.alone[info.Part]
	if info.PendingSince == nil || info.Counts.Pending[codes.PendingManners] > 0 {
		return next
	}
	if due := l.due(*info.PendingSince, l.noted[info.Part]); due.After(next) {
		return due
	}
	return next
}

// leave leaves a part alone for a while.
func (l *later) leave(k int, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alone[k] = until
}

// take reports whether one more domain of an address may be surveyed, and
// whether the address is to be left alone for longer.
func (l *later) take(addr netip.Addr, now time.Time) (ok, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[addr].After(now) {
		return false, true
	}
	if l.flying[addr] == together {
		return false, false
	}
	l.flying[addr]++
	return true, false
}

// rest leaves a domain alone, and no other of its address, until its Policy Host
// wants to be asked.
func (l *later) rest(rank int64, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rests[rank] = until
}

func (l *later) resting(rank int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rests[rank].After(now)
}

// release ends the survey of a domain of an address, which was put off or not.
func (l *later) release(addr netip.Addr, putOff bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flying[addr]--; l.flying[addr] <= 0 {
		delete(l.flying, addr)
	}
	if putOff {
		l.held[addr] = l.Now().Add(l.pace.held)
	}
}
