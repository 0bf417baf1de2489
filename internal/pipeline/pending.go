package pipeline

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

const (
	// partsAtATime is how many parts give names at a time if they have as many rows that wait as
	// a visit takes. The fewer they have, the more parts.
	partsAtATime = 8
	// maxRevisit bounds the rows of a part that are asked again at a time, and so
	// the memory of a visit. The others wait for another one.
	maxRevisit = 1 << 14
	// maxPerAddr is how many domains of one address are surveyed at a time, over
	// all visits: enough that the next one is there when the address is due.
	maxPerAddr = 8
)

// A pendingParts is what waits: the parts with provisional rows, and what must pass before
// they are worth a visit.
type pendingParts struct {
	now   func() time.Time
	delay time.Duration // from the end of one pass over a domain to the next
	hold  time.Duration // for which an address is left alone that was not to be asked

	mu        sync.Mutex
	parts     map[int]output.PartInfo
	noted     map[int]time.Time // when they were read, or written
	notBefore map[int]time.Time // parts that are not to be visited before
	inFlight  map[netip.Addr]int
	blocked   map[netip.Addr]time.Time
	written   bool // a part was, since that was asked last

	// Domains, by rank, whose Policy Host wants to be left alone: no more than the
	// transport keeps away from for their own sake.
	retryAt map[int64]time.Time
}

func newPendingParts(now func() time.Time, delay, hold time.Duration) *pendingParts {
	return &pendingParts{
		now: now, delay: delay, hold: hold, parts: make(map[int]output.PartInfo), noted: make(map[int]time.Time),
		notBefore: make(map[int]time.Time), inFlight: make(map[netip.Addr]int), blocked: make(map[netip.Addr]time.Time),
		retryAt: make(map[int64]time.Time),
	}
}

// note takes note of a part as it is now.
func (w *pendingParts) note(info output.PartInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = true
	if info.Pending == 0 {
		delete(w.parts, info.Part)
		return
	}
	w.parts[info.Part], w.noted[info.Part] = info, w.now()
}

// takeWritten reports whether a part was written since it was last asked.
func (w *pendingParts) takeWritten() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	written := w.written
	w.written = false
	return written
}

// left is the number of rows that wait, by why they do.
func (w *pendingParts) left() (all int64, why map[codes.Pending]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	why = make(map[codes.Pending]int64)
	for _, info := range w.parts {
		all += info.Pending
		for pending, n := range info.Counts.Pending {
			why[pending] += n
		}
	}
	return all, why
}

// partsNow is how many parts the next round asks again at a time.
func (w *pendingParts) partsNow() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := int64(1)
	for _, info := range w.parts {
		most = max(most, min(info.Pending, maxRevisit))
	}
	return int(min(partsAtATime*maxRevisit/most, mostParts))
}

// due is when a row may be asked again that was observed at the given time, and whose
// part was noted later. Whole seconds of the observation count, as they do for the
// part. Where it is the later one, a clock was wrong, and it counts as made when the
// part was noted. The result has the monotonic reading of noted: setting the clock
// changes no wait.
func (w *pendingParts) due(observed, noted time.Time) time.Time {
	if w.delay == 0 {
		return time.Time{}
	}
	age := max(noted.Sub(observed.Truncate(time.Second)), 0)
	return noted.Add(w.delay + time.Second - age)
}

// wait is how long it is until something may be asked.
func (w *pendingParts) wait(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var first time.Time
	known := false
	for _, info := range w.parts {
		if next := w.nextDue(info); !known || next.Before(first) {
			first, known = next, true
		}
	}
	return max(first.Sub(now), 0)
}

// waitForAll is how long it is until all parts are worth a visit.
func (w *pendingParts) waitForAll(now time.Time) (last time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, info := range w.parts {
		last = max(last, w.nextDue(info).Sub(now))
	}
	return last
}

// nextDue is when a part is worth a visit: at once if rows wait for manners, else
// when the last of its rows is due.
func (w *pendingParts) nextDue(info output.PartInfo) time.Time {
	next := w.notBefore[info.Part]
	if info.PendingSince == nil || info.Counts.Pending[codes.PendingManners] > 0 {
		return next
	}
	if due := w.due(*info.PendingSince, w.noted[info.Part]); due.After(next) {
		return due
	}
	return next
}

// postpone leaves a part alone for a while.
func (w *pendingParts) postpone(k int, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notBefore[k] = until
}

// acquire reports whether one more domain of an address may be surveyed, and
// whether the address is to be left alone for longer.
func (w *pendingParts) acquire(addr netip.Addr, now time.Time) (ok, held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocked[addr].After(now) {
		return false, true
	}
	if w.inFlight[addr] == maxPerAddr {
		return false, false
	}
	w.inFlight[addr]++
	return true, false
}

// release ends the survey of a domain of an address, which was put off or not.
func (w *pendingParts) release(addr netip.Addr, putOff bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inFlight[addr]--; w.inFlight[addr] <= 0 {
		delete(w.inFlight, addr)
	}
	if putOff {
		w.blocked[addr] = w.now().Add(w.hold)
	}
}

// putOff leaves a domain alone, and no other of its address, until its Policy Host
// wants to be asked.
func (w *pendingParts) putOff(rank int64, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retryAt[rank] = until
}

func (w *pendingParts) isPutOff(rank int64, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.retryAt[rank].After(now)
}

// notedAt is when a part was read, or written.
func (w *pendingParts) notedAt(k int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.noted[k]
}

// warnOfFuture says how many rows there may be whose time is in the future.
func (w *pendingParts) warnOfFuture(log *slog.Logger) {
	var rows int64
	var until time.Time
	for k, info := range w.parts {
		if info.PendingSince != nil && info.PendingSince.After(w.noted[k]) {
			rows += info.Pending - info.Counts.Pending[codes.PendingManners]
			until = w.due(*info.PendingSince, w.noted[k])
		}
	}
	if rows > 0 {
		log.Warn("domains wait since a time that has not come: a clock is or was wrong, and they wait from now on",
			"domains", rows, "until", until.UTC().Truncate(time.Second))
	}
}

// count is the number of parts with rows that wait.
func (w *pendingParts) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.parts)
}
