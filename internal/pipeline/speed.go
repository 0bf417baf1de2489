package pipeline

import (
	"time"

	"stsscan/internal/codes"
)

const (
	// peakSeconds is how long the best time of a run lasts.
	peakSeconds = 10
	// slowSeconds is how long a run is slow before that is told.
	slowSeconds = 30
	// slowShare is the share of the peak below which a run is slow.
	slowShare = 1.0 / 10
)

// A speed is how many rows a second a run makes. Its time is that in which domains
// are asked: pauses between passes do not count. The zero speed is ready.
type speed struct {
	looked   time.Time
	asking   time.Duration // in all
	rows     int64         // made by then
	seconds  int           // whole seconds of asking
	rowsAt   []int64       // rows at the ends of the latest of them, and at the beginning of the first
	peak     float64       // rows a second, over the best peakSeconds; 0: there were no so many
	reported bool          // that the run is slow

	causes []codes.Standstill // at the latest looks, in a ring
	next   int                // place in it
}

// begin begins a time of asking.
func (s *speed) begin(now time.Time) { s.looked = now }

// look notes that so many rows were made until now, and why no more names are
// admitted; empty: they all are. It reports whether the run has become slow.
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

// rate is how many rows a second were made in the latest seconds; ok is false
// where there were no so many.
func (s *speed) rate(seconds int) (perSecond float64, ok bool) {
	last := len(s.rowsAt) - 1
	if last < seconds {
		return 0, false
	}
	return float64(s.rowsAt[last]-s.rowsAt[last-seconds]) / float64(seconds), true
}

// best is the peak, or the rate of all seconds where they were fewer.
func (s *speed) best() float64 {
	if s.peak == 0 && s.asking > 0 {
		return float64(s.rows) / s.asking.Seconds()
	}
	return s.peak
}

// cause is what admission stood still for most often lately; empty: for nothing,
// since all names are admitted.
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
