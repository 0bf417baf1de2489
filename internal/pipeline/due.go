package pipeline

import (
	"time"

	"stsscan/internal/codes"
)

// due is when a row may be asked again that was observed at the given time, and whose
// part was noted later. Whole seconds of the observation count, as they do for the
// part. Where it is the later one, a clock was wrong, and it counts as made when the
// part was noted. The result has the monotonic reading of noted: setting the clock
// changes no wait.
func (l *later) due(observed, noted time.Time) time.Time {
	if l.PassDelay == 0 {
		return time.Time{}
	}
	age := max(noted.Sub(observed.Truncate(time.Second)), 0)
	return noted.Add(l.PassDelay + time.Second - age)
}

// warnOfFuture says how many rows there may be whose time is in the future.
func (l *later) warnOfFuture() {
	var rows int64
	var until time.Time
	for k, info := range l.parts {
		if info.PendingSince != nil && info.PendingSince.After(l.noted[k]) {
			rows += info.Pending - info.Counts.Pending[codes.PendingManners]
			until = l.due(*info.PendingSince, l.noted[k])
		}
	}
	if rows > 0 {
		l.Log.Warn("domains wait since a time that has not come: a clock is or was wrong, and they wait from now on",
			"domains", rows, "until", until.UTC().Truncate(time.Second))
	}
}
