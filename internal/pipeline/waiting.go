package pipeline

import (
	"net/netip"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

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
