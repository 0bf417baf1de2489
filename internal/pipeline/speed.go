package pipeline

import (
	"time"

	"stsscan/internal/codes"
)

const (
	// peakSeconds is the length of the best time of a run.
	peakSeconds = 10
	// slowSeconds is how long a run is slow before that is logged.
	slowSeconds = 30
	// slowShare is the share of the peak below which a run is slow.
	slowShare = 1.0 / 10
)

// A speed is how many rows a run makes a second while domains are asked: pauses between passes do not count. The
// zero speed is ready.
type speed struct {
	looked   time.Time
	asking   time.Duration // in all
	rows     int64         // made by then
	seconds  int           // whole seconds of asking
	rowsAt   []int64       // rows at the ends of the latest of them, and at the beginning of the first
	peak     float64       // rows a second, over the best peakSeconds; 0: the run was shorter
	reported bool          // the run is slow

	causes []codes.Standstill // at the latest looks, in a ring
	next   int                // place in it
}

// begin is called when asking begins.
func (s *speed) begin(now time.Time) { s.looked = now }

// look notes how many rows there are now, and why no more names are admitted; empty: all are. It reports whether
// the run has become slow.
func (s *speed) look(now time.Time, rows int64, why codes.Standstill) (slow bool) {
	s.asking += max(now.Sub(s.looked), 0)
	s.looked, s.rows = now, rows
	if len(s.causes) < int(slowSeconds*time.Second/standstillLook) {
		s.causes = append(s.causes, why)
	} else {
		s.causes[s.next] = why
		s.next = (s.next + 1) % len(s.causes)
	}
	if len(s.rowsAt) == 0 {
		s.rowsAt = append(s.rowsAt, 0)
	}
	for ; s.seconds < int(s.asking/time.Second); s.seconds++ {
		if len(s.rowsAt) > slowSeconds {
			s.rowsAt = s.rowsAt[:copy(s.rowsAt, s.rowsAt[1:])]
		}
		s.rowsAt = append(s.rowsAt, rows)
		if rate, ok := s.rate(peakSeconds); ok {
			s.peak = max(s.peak, rate)
		}
	}
	rate, ok := s.rate(slowSeconds)
	slow = ok && rate < slowShare*s.peak
	news := slow && !s.reported
	s.reported = slow
	return news
}

// rate is how many rows were made a second in the latest seconds; ok is false if the run is shorter.
func (s *speed) rate(seconds int) (perSecond float64, ok bool) {
	last := len(s.rowsAt) - 1
	if last < seconds {
		return 0, false
	}
	return float64(s.rowsAt[last]-s.rowsAt[last-seconds]) / float64(seconds), true
}

// best is the peak, or the rate of the whole run if it is shorter.
func (s *speed) best() float64 {
	if s.peak == 0 && s.asking > 0 {
		return float64(s.rows) / s.asking.Seconds()
	}
	return s.peak
}

// cause is the most frequent cause of standstills lately; empty: most often all names were admitted.
func (s *speed) cause() (why codes.Standstill) {
	times := make(map[codes.Standstill]int)
	for _, word := range s.causes {
		times[word]++
	}
	most := times[""]
	for _, word := range codes.Standstills() {
		if times[word] > most {
			why, most = word, times[word]
		}
	}
	return why
}

// standstillLook is the time between two looks at the admission of names.
const standstillLook = 100 * time.Millisecond

// standstillShare is the share of the peak below which admission stands still: a name now and then is no progress.
const standstillShare = 1.0 / 100

// A standstill adds up the time in which the admission of names stood still, by cause. It looks at a counter, so
// that admission reads no clock. The zero standstill is ready.
type standstill struct {
	looked   time.Time
	admitted int64                              // names by then
	total    map[codes.Standstill]time.Duration // by cause
	tail     time.Duration                      // in which all names were admitted, and not all had a row
}

// begin is called when asking begins; admitted is the number of names until then.
func (s *standstill) begin(now time.Time, admitted int64) { s.looked, s.admitted = now, admitted }

// look notes how many names are admitted now, and why there are no more; empty: all are. peak is that of the run,
// in rows a second; 0: not known.
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
