package pipeline

import (
	"maps"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// Time in which no name is admitted, or hardly any, is that of the cause; time in which they all are is the tail.
func TestStandstill(t *testing.T) {
	type looks struct {
		times int
		names int64 // admitted from one to the next
		why   codes.Standstill
	}
	const window, disk = codes.StandstillWindow, codes.StandstillDisk
	const tick = standstillLook
	for _, tt := range []struct {
		name  string
		peak  float64
		looks []looks
		want  map[codes.Standstill]time.Duration
		tail  time.Duration
	}{
		{"admitted all the time", 1000, []looks{{50, 100, window}}, nil, 0},
		{"by cause", 1000, []looks{{10, 100, window}, {3, 0, window}, {4, 0, disk}, {2, 0, window}, {5, 100, disk}},
			map[codes.Standstill]time.Duration{window: 5 * tick, disk: 4 * tick}, 0},
		{"hardly any", 10_000, []looks{{10, 1000, window}, {7, 9, window}, {7, 10, window}},
			map[codes.Standstill]time.Duration{window: 7 * tick}, 0},
		{"slow all the time", 10, []looks{{10, 1, window}}, nil, 0},
		{"the tail", 1000, []looks{{10, 100, window}, {1, 30, ""}, {8, 0, ""}}, nil, 8 * tick},
		{"nothing yet", 0, []looks{{10, 0, codes.StandstillSource}},
			map[codes.Standstill]time.Duration{codes.StandstillSource: 10 * tick}, 0},
	} {
		var s standstill
		now, admitted := time.Unix(0, 0), int64(7)
		s.begin(now, admitted)
		for _, l := range tt.looks {
			for range l.times {
				now = now.Add(tick)
				admitted += l.names
				s.look(now, admitted, l.why, tt.peak)
				s.look(now, admitted, l.why, tt.peak) // at the same moment
				s.look(now.Add(-time.Minute), admitted, l.why, tt.peak)
			}
		}
		if !maps.Equal(s.total, tt.want) || s.tail != tt.tail {
			t.Errorf("%s: %v, and a tail of %v; want %v, %v", tt.name, s.total, s.tail, tt.want, tt.tail)
		}
	}
}

// What lies between two times of asking is no standstill.
func TestStandstillBetween(t *testing.T) {
	var s standstill
	now := time.Unix(0, 0)
	for range 3 {
		s.begin(now, 5)
		s.look(now.Add(standstillLook), 5, codes.StandstillSource, 0)
		now = now.Add(time.Hour)
	}
	if got := s.total[codes.StandstillSource]; got != 3*standstillLook {
		t.Errorf("%v", got)
	}
}

// A speed tells once that it has been below a tenth of its peak for half a minute, and once more when that happens
// again.
func TestSpeed(t *testing.T) {
	type phase struct {
		seconds   int
		perSecond int64
		why       codes.Standstill
	}
	const window = codes.StandstillWindow
	for _, tt := range []struct {
		name   string
		phases []phase
		peak   float64
		told   []int // seconds at which it was
		why    codes.Standstill
	}{
		{"nothing", nil, 0, nil, ""},
		{"nothing in a minute", []phase{{60, 0, window}}, 0, nil, window},
		{"three seconds", []phase{{3, 50, window}}, 50, nil, window},
		{"three seconds, then nothing", []phase{{3, 100, window}, {37, 0, ""}}, 30, []int{33}, ""},
		{"steady", []phase{{600, 50, window}}, 50, nil, window},
		{"a fifth of the peak", []phase{{60, 1000, window}, {600, 200, ""}}, 1000, nil, ""},
		{"a hundredth of the peak", []phase{{60, 1000, window}, {600, 10, ""}}, 1000, []int{88}, ""},
		{"twice", []phase{{60, 1000, window}, {60, 10, ""}, {60, 1000, window}, {60, 10, window}}, 1000, []int{88, 208},
			window},
		{"the cause of most looks", []phase{{60, 1000, ""}, {18, 10, window}, {12, 10, codes.StandstillDisk}}, 1000,
			[]int{88}, window},
	} {
		var s speed
		var told []int
		now, second, tenths := time.Unix(0, 0), 0, int64(0)
		s.begin(now)
		for _, p := range tt.phases {
			for range p.seconds {
				second++
				for range 10 {
					now = now.Add(standstillLook)
					tenths += p.perSecond
					if s.look(now, tenths/10, p.why) {
						told = append(told, second)
					}
				}
			}
			now = now.Add(time.Hour) // a pause
			s.begin(now)
		}
		if s.best() != tt.peak || s.asking != time.Duration(second)*time.Second {
			t.Errorf("%s: a peak of %v in %v, want %v in %d s", tt.name, s.best(), s.asking, tt.peak, second)
		}
		if len(told) != len(tt.told) || len(told) > 0 && (told[0] != tt.told[0] ||
			told[len(told)-1] != tt.told[len(told)-1]) {
			t.Errorf("%s: told at %v, want %v", tt.name, told, tt.told)
		}
		if got := s.cause(); got != tt.why {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.why)
		}
	}
}

// A process that was stopped for minutes has made its rows in them.
func TestSpeedAfterStop(t *testing.T) {
	var s speed
	now := time.Unix(0, 0)
	s.begin(now)
	for i := range int64(10) {
		now = now.Add(time.Minute)
		s.look(now, 600*(i+1), codes.StandstillWindow)
	}
	if s.best() > 60 || s.asking != 10*time.Minute || len(s.rowsAt) != slowSeconds+1 {
		t.Errorf("a peak of %v in %v, %d ends", s.best(), s.asking, len(s.rowsAt))
	}
}
