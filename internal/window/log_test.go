package window

import (
	"testing"
	"time"
)

func TestLog(t *testing.T) {
	// A note of each 100 ms: how often, by which lane, of which size.
	type notes struct{ times, lane, size int }
	for _, c := range []struct {
		title         string
		notes         []notes
		least, median int // the median within a tenth
	}{
		{"nothing was asked", nil, 0, 0},
		{"one size", []notes{{10, 0, 1000}}, 1000, 1000},
		{"one question", []notes{{10, 0, 1}}, 1, 1},
		{"for a moment it was shut", []notes{{50, 0, 5000}, {1, 0, 16}, {50, 0, 5000}}, 16, 5000},
		{"longer small than large", []notes{{40, 0, 64}, {30, 0, 8000}}, 64, 64},
		{"longer large than small", []notes{{30, 0, 64}, {40, 0, 8000}}, 64, 8000},
		{"two lanes count together", []notes{{1, 0, 300}, {50, 1, 200}}, 500, 500},
		{"the most there may be", []notes{{10, 0, 1_000_000}}, 1_000_000, 1_000_000},
	} {
		t.Run(c.title, func(t *testing.T) {
			var log Log
			now, lanes := time.Duration(0), 0
			for _, n := range c.notes {
				lanes = max(lanes, 1+n.lane)
			}
			for _, n := range c.notes {
				for range n.times {
					now += NoteEvery
					log.Note(now, n.lane, lanes, n.size)
				}
			}
			least, median := log.Report()
			if off := median - c.median; least != c.least || 10*max(off, -off) > c.median {
				t.Errorf("got %d and %d, want %d and about %d", least, median, c.least, c.median)
			}
		})
	}
}

// The time between two Sweeps does not count.
func TestLogGap(t *testing.T) {
	var log Log
	now := time.Duration(0)
	for range 20 {
		now += NoteEvery
		log.Note(now, 0, 1, 1000)
	}
	now += time.Hour
	for range 10 {
		log.Note(now, 0, 1, 100)
		now += NoteEvery
	}
	if least, median := log.Report(); least != 100 || median < 900 {
		t.Errorf("got %d and %d, want a median near 1000", least, median)
	}
}
