package terminal

import (
	"math"
	"testing"
	"time"
)

// A moment is so many seconds after the one before, with so many done.
type moment struct {
	after float64
	count int64
}

func steady(seconds int, perSecond int64) (moments []moment) {
	for i := range int64(seconds) {
		moments = append(moments, moment{1, (i + 1) * perSecond})
	}
	return moments
}

func TestRate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		moments []moment
		want    float64
		left    time.Duration // for 1000 more
	}{
		{"nothing was seen", nil, 0, 0},
		{"one look", []moment{{1, 900}}, 0, 0},
		{"too soon", []moment{{0, 0}, {1, 50}, {1, 100}, {1, 150}, {1, 200}}, 0, 0},
		{"steady", append([]moment{{0, 0}}, steady(20, 50)...), 50, 20 * time.Second},
		{"resumed: what was there is no rate", []moment{{0, 5000}, {5, 5250}}, 50, 20 * time.Second},
		{"looks at odd times", []moment{{0, 0}, {0.2, 10}, {0.2, 20}, {3, 170}, {2, 270}}, 50, 20 * time.Second},
		{"the latest time counts most", []moment{{0, 0}, {10, 10_000}, {10, 10_000}, {10, 10_000}, {10, 10_000}}, 32.06, 31200 * time.Millisecond},
		{"no time has passed", []moment{{0, 0}, {6, 300}, {0, 900}}, 50, 20 * time.Second},
		{"fewer than before, as of a part that is scanned again", []moment{{0, 900}, {6, 0}}, 0, 0},
		{"stopped for an hour", []moment{{0, 0}, {10, 500}, {3600, 500}, {1, 550}}, 0, 0},
		{"and going on", []moment{{0, 0}, {10, 500}, {3600, 500}, {1, 550}, {5, 800}}, 50, 20 * time.Second},
		{"one in a while", []moment{{0, 0}, {10, 1}}, 0.1, 10_000 * time.Second},
		{"too slow to say", []moment{{0, 0}, {14, 1}, {14, 1}, {14, 1}, {14, 1}, {14, 1}, {14, 1}}, 0.000049, 0},
	} {
		var r Rate
		now := time.Unix(1_000_000, 0)
		for _, m := range tt.moments {
			now = now.Add(time.Duration(m.after * float64(time.Second)))
			r.Add(now, m.count)
		}
		if got := r.PerSecond(); math.Abs(got-tt.want) > tt.want/50 {
			t.Errorf("%s: %v a second, want %v", tt.name, got, tt.want)
		}
		if got := r.TimeLeft(1000); (got - tt.left).Abs() > tt.left/50 {
			t.Errorf("%s: %v left, want %v", tt.name, got, tt.left)
		}
		if got := r.TimeLeft(0); got != 0 {
			t.Errorf("%s: %v left of nothing", tt.name, got)
		}
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	p := NewPace(now)
	var at []int
	for second := range 400 {
		if p.Due(now.Add(time.Duration(second) * time.Second)) {
			at = append(at, second)
		}
	}
	want := []int{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 180, 240, 300, 360}
	if len(at) != len(want) || at[11] != 120 || at[15] != 360 {
		t.Errorf("lines at %v, want %v", at, want)
	}
}
