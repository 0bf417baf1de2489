package pipeline

import (
	"time"

	"stsscan/internal/codes"
)

// standstillLook is how often the admission of names is looked at.
const standstillLook = 100 * time.Millisecond

// standstillShare is the share of the peak of a run below which admission stands still: one
// name now and then is no progress.
const standstillShare = 1.0 / 100

// A standstill adds up the time in which the admission of names stood still, by
// cause. It looks at a count, now and then, so that admission reads no clock. The
// zero standstill is ready.
type standstill struct {
	looked   time.Time
	admitted int64                              // names by then
	total    map[codes.Standstill]time.Duration // by cause
	tail     time.Duration                      // in which all names were admitted, and not all had a row
}

// begin begins a time of asking, before which so many names were admitted.
func (s *standstill) begin(now time.Time, admitted int64) { s.looked, s.admitted = now, admitted }

// look notes that so many names were admitted until now, and why there are no more;
// empty: all are admitted. peak is that of the run, in rows a second; 0: not known.
func (s *standstill) look(now time.Time, admitted int64, why codes.Standstill, peak float64) {
	since := now.Sub(s.looked)
	if since <= 0 {
		return
	}
	rate := float64(admitted-s.admitted) / since.Seconds()
	s.looked, s.admitted = now, admitted
	switch {
	case rate > 0 && rate >= standstillShare*peak:
	case why == "":
		s.tail += since
	default:
		if s.total == nil {
			s.total = make(map[codes.Standstill]time.Duration)
		}
		s.total[why] += since
	}
}
