package resolver

import (
	"net/netip"
	"testing"
	"time"
)

func TestWindowLog(t *testing.T) {
	upstream := netip.MustParseAddrPort("192.0.2.1:53")
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
		{"the most there may be", []notes{{10, 0, MostInFlight}}, MostInFlight, MostInFlight},
	} {
		t.Run(c.title, func(t *testing.T) {
			var log windowLog
			now, lanes := time.Duration(0), 0
			for _, n := range c.notes {
				lanes = max(lanes, 1+n.lane)
			}
			for _, n := range c.notes {
				for range n.times {
					now += windowNotes
					log.note(now, n.lane, lanes, n.size)
				}
			}
			got := log.report(upstream)
			if off := got.Median - c.median; got.Upstream != upstream || got.Least != c.least || 10*max(off, -off) > c.median {
				t.Errorf("got %+v, want %d and about %d", got, c.least, c.median)
			}
		})
	}
}

// The time between two Sweeps does not count.
func TestWindowLogGap(t *testing.T) {
	var log windowLog
	now := time.Duration(0)
	for range 20 {
		now += windowNotes
		log.note(now, 0, 1, 1000)
	}
	now += time.Hour
	for range 10 {
		log.note(now, 0, 1, 100)
		now += windowNotes
	}
	if got := log.report(netip.AddrPort{}); got.Least != 100 || got.Median < 900 {
		t.Errorf("got %+v, want a median near 1000", got)
	}
}
