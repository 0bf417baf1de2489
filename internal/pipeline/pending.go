package pipeline

import (
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

const (
	// partsAtATime is how many parts are revisited at a time if each has maxRevisit rows that wait. If they have
	// fewer, more parts are.
	partsAtATime = 8
	// maxRevisit bounds the rows, and so the memory, of a revisit. The other rows of the part wait for another one.
	maxRevisit = 1 << 14
	// maxPerAddr is how many domains of one address are surveyed at a time, over all revisits: enough that one is
	// ready when the address is.
	maxPerAddr = 8
)

// pendingParts are the parts with provisional rows, and the times before which they are not revisited.
type pendingParts struct {
	now   func() time.Time
	delay time.Duration // from the end of one pass over a domain to the next
	hold  time.Duration // how long an address that put a domain off is left alone

	mu        sync.Mutex
	parts     map[int]output.PartInfo
	noted     map[int]time.Time // when they were read, or written
	notBefore map[int]time.Time // parts that are not revisited before this time
	inFlight  map[netip.Addr]int
	blocked   map[netip.Addr]time.Time
	written   bool // a part was, since the latest takeWritten

	// When domains, by rank, may be asked whose Policy Host wants to be left alone. There are no more of them than
	// the transport remembers.
	retryAt map[int64]time.Time
}

func newPendingParts(now func() time.Time, delay, hold time.Duration) *pendingParts {
	return &pendingParts{
		now: now, delay: delay, hold: hold, parts: make(map[int]output.PartInfo), noted: make(map[int]time.Time),
		notBefore: make(map[int]time.Time), inFlight: make(map[netip.Addr]int), blocked: make(map[netip.Addr]time.Time),
		retryAt: make(map[int64]time.Time),
	}
}

// note notes the present state of a part.
func (p *pendingParts) note(info output.PartInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = true
	if info.Pending == 0 {
		delete(p.parts, info.Part)
		return
	}
	p.parts[info.Part], p.noted[info.Part] = info, p.now()
}

// takeWritten reports whether a part was written since the last call.
func (p *pendingParts) takeWritten() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	written := p.written
	p.written = false
	return written
}

// left is the number of rows that wait, in all and by reason.
func (p *pendingParts) left() (all int64, why map[codes.Pending]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	why = make(map[codes.Pending]int64)
	for _, info := range p.parts {
		all += info.Pending
		for pending, n := range info.Counts.Pending {
			why[pending] += n
		}
	}
	return all, why
}

// partsNow is how many parts the next round revisits at a time.
func (p *pendingParts) partsNow() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := int64(1)
	for _, info := range p.parts {
		most = max(most, min(info.Pending, maxRevisit))
	}
	return int(min(partsAtATime*maxRevisit/most, mostParts))
}

// due is when a domain may be asked again whose row was observed, and whose part was noted, at the given times.
// Whole seconds of the observation count, as for the part. If it is later than noted, a clock was wrong, and noted
// counts. The result has the monotonic reading of noted: setting the clock changes no wait.
func (p *pendingParts) due(observed, noted time.Time) time.Time {
	if p.delay == 0 {
		return time.Time{}
	}
	age := max(noted.Sub(observed.Truncate(time.Second)), 0)
	return noted.Add(p.delay + time.Second - age)
}

// wait is the time until something may be asked.
func (p *pendingParts) wait(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var first time.Time
	known := false
	for _, info := range p.parts {
		if next := p.nextDue(info); !known || next.Before(first) {
			first, known = next, true
		}
	}
	return max(first.Sub(now), 0)
}

// waitForAll is the time until all parts may be revisited.
func (p *pendingParts) waitForAll(now time.Time) (last time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, info := range p.parts {
		last = max(last, p.nextDue(info).Sub(now))
	}
	return last
}

// revisitable are the parts, in order, with rows that are due, and those with rows that wait for manners. It forgets
// the times that have passed.
func (p *pendingParts) revisitable(now time.Time) (due, manners []output.PartInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(p.parts)) {
		info := p.parts[k]
		if p.notBefore[k].After(now) {
			continue
		}
		if info.PendingSince != nil && !p.due(*info.PendingSince, p.noted[k]).After(now) {
			due = append(due, info)
		}
		if info.Counts.Pending[codes.PendingManners] > 0 {
			manners = append(manners, info)
		}
	}
	maps.DeleteFunc(p.blocked, func(_ netip.Addr, until time.Time) bool { return !until.After(now) })
	maps.DeleteFunc(p.retryAt, func(_ int64, until time.Time) bool { return !until.After(now) })
	return due, manners
}

// nextDue is when a part may be revisited: at once if rows wait for manners, else when the last of its rows is due.
func (p *pendingParts) nextDue(info output.PartInfo) time.Time {
	next := p.notBefore[info.Part]
	if info.PendingSince == nil || info.Counts.Pending[codes.PendingManners] > 0 {
		return next
	}
	if due := p.due(*info.PendingSince, p.noted[info.Part]); due.After(next) {
		return due
	}
	return next
}

// postpone leaves a part alone until a time.
func (p *pendingParts) postpone(k int, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notBefore[k] = until
}

// acquire reports whether one more domain of an address may be surveyed; if not, whether the address is left alone.
func (p *pendingParts) acquire(addr netip.Addr, now time.Time) (ok, blocked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blocked[addr].After(now) {
		return false, true
	}
	if p.inFlight[addr] == maxPerAddr {
		return false, false
	}
	p.inFlight[addr]++
	return true, false
}

// release ends the survey of a domain of an address, and leaves the address alone if it was put off.
func (p *pendingParts) release(addr netip.Addr, putOff bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inFlight[addr]--; p.inFlight[addr] <= 0 {
		delete(p.inFlight, addr)
	}
	if putOff {
		p.blocked[addr] = p.now().Add(p.hold)
	}
}

// putOff leaves a domain alone, but no other of its address, until its Policy Host may be asked again.
func (p *pendingParts) putOff(rank int64, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retryAt[rank] = until
}

func (p *pendingParts) isPutOff(rank int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retryAt[rank].After(now)
}

// notedAt is when a part was read or written.
func (p *pendingParts) notedAt(k int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.noted[k]
}

// warnOfFuture warns of rows whose time is in the future.
func (p *pendingParts) warnOfFuture(log *slog.Logger) {
	var rows int64
	var until time.Time
	for k, info := range p.parts {
		if info.PendingSince != nil && info.PendingSince.After(p.noted[k]) {
			rows += info.Pending - info.Counts.Pending[codes.PendingManners]
			until = p.due(*info.PendingSince, p.noted[k])
		}
	}
	if rows > 0 {
		log.Warn("domains wait since a time that has not come: a clock is or was wrong, and they wait from now on",
			"domains", rows, "until", until.UTC().Truncate(time.Second))
	}
}

// count is the number of parts with rows that wait.
func (p *pendingParts) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.parts)
}
