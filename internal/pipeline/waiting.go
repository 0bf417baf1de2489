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
	// visits is how many parts are asked again at a time if they have as many rows that
	// wait as a visit takes. The fewer they have, the more parts: a name that gets no
	// answer holds up a part for as long as all its attempts take.
	visits = 8
	// maxVisit bounds the rows of a part that are asked again at a time, and so
	// the memory of a visit. The others wait for another one.
	maxVisit = 1 << 14
	// together is how many domains of one address are surveyed at a time, over
	// all visits: enough that the next one is there when the address is due.
	together = 8
)

// A waiting is what waits: the parts with provisional rows, and what must pass before
// they are worth a visit.
type waiting struct {
	now   func() time.Time
	delay time.Duration // from the end of one pass over a domain to the next
	hold  time.Duration // for which an address is left alone that was not to be asked

	mu      sync.Mutex
	parts   map[int]output.PartInfo
	noted   map[int]time.Time // when they were read, or written
	alone   map[int]time.Time // parts that are not to be visited before
	flying  map[netip.Addr]int
	held    map[netip.Addr]time.Time
	written bool // a part was, since that was asked last

	// Domains, by rank, whose Policy Host wants to be left alone: no more than the
	// transport keeps away from for their own sake.
	rests map[int64]time.Time
}

func newWaiting(now func() time.Time, delay, hold time.Duration) *waiting {
	return &waiting{
		now: now, delay: delay, hold: hold, parts: make(map[int]output.PartInfo), noted: make(map[int]time.Time),
		alone: make(map[int]time.Time), flying: make(map[netip.Addr]int), held: make(map[netip.Addr]time.Time),
		rests: make(map[int64]time.Time),
	}
}

// note takes note of a part as it is now.
func (w *waiting) note(info output.PartInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written = true
	if info.Pending == 0 {
		delete(w.parts, info.Part)
		return
	}
	w.parts[info.Part], w.noted[info.Part] = info, w.now()
}

// progress reports whether a part was written since it was last asked.
func (w *waiting) progress() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	written := w.written
	w.written = false
	return written
}

// left is the number of rows that wait, by why they do.
func (w *waiting) left() (all int64, why map[codes.Pending]int64) {
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

// visits is how many parts the next round asks again at a time.
func (w *waiting) visits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most := int64(1)
	for _, info := range w.parts {
		most = max(most, min(info.Pending, maxVisit))
	}
	return int(min(visits*maxVisit/most, mostParts))
}

// due is when a row may be asked again that was observed at the given time, and whose
// part was noted later. Whole seconds of the observation count, as they do for the
// part. Where it is the later one, a clock was wrong, and it counts as made when the
// part was noted. The result has the monotonic reading of noted: setting the clock
// changes no wait.
func (w *waiting) due(observed, noted time.Time) time.Time {
	if w.delay == 0 {
		return time.Time{}
	}
	age := max(noted.Sub(observed.Truncate(time.Second)), 0)
	return noted.Add(w.delay + time.Second - age)
}

// wait is how long it is until something may be asked.
func (w *waiting) wait(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var first time.Time
	known := false
	for _, info := range w.parts {
		if next := w.next(info); !known || next.Before(first) {
			first, known = next, true
		}
	}
	return max(first.Sub(now), 0)
}

// next is when a part is worth a visit: at once if rows wait for manners, else
// when the last of its rows is due.
func (w *waiting) next(info output.PartInfo) time.Time {
	next := w.alone[info.Part]
	if info.PendingSince == nil || info.Counts.Pending[codes.PendingManners] > 0 {
		return next
	}
	if due := w.due(*info.PendingSince, w.noted[info.Part]); due.After(next) {
		return due
	}
	return next
}

// leave leaves a part alone for a while.
func (w *waiting) leave(k int, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alone[k] = until
}

// take reports whether one more domain of an address may be surveyed, and
// whether the address is to be left alone for longer.
func (w *waiting) take(addr netip.Addr, now time.Time) (ok, held bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[addr].After(now) {
		return false, true
	}
	if w.flying[addr] == together {
		return false, false
	}
	w.flying[addr]++
	return true, false
}

// release ends the survey of a domain of an address, which was put off or not.
func (w *waiting) release(addr netip.Addr, putOff bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.flying[addr]--; w.flying[addr] <= 0 {
		delete(w.flying, addr)
	}
	if putOff {
		w.held[addr] = w.now().Add(w.hold)
	}
}

// rest leaves a domain alone, and no other of its address, until its Policy Host
// wants to be asked.
func (w *waiting) rest(rank int64, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rests[rank] = until
}

func (w *waiting) resting(rank int64, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rests[rank].After(now)
}

// notedAt is when a part was read, or written.
func (w *waiting) notedAt(k int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.noted[k]
}

// warnOfFuture says how many rows there may be whose time is in the future.
func (w *waiting) warnOfFuture(log *slog.Logger) {
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
func (w *waiting) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.parts)
}
