package monitor

import (
	"testing"
	"time"
)

// The share of silence is that of the questions of one time, however many are asked later.
func TestSilence(t *testing.T) {
	s := Silence{Settled: 16 * time.Second}
	now := time.Duration(0)
	pass := func(seconds, begun, missed int) {
		for range seconds {
			now += time.Second
			s.Begun(now, begun)
			for range missed { // they were begun when those before settled
				s.Missed(now - s.Settled + time.Second)
			}
		}
	}
	pass(15, 100, 0)
	if begun, _ := s.Latest(now, 0, 2000); begun != 0 {
		t.Errorf("before any has settled, %d have", begun)
	}
	pass(40, 100, 5)
	if begun, missed := s.Latest(now, 0, 1000); begun < 1000 || begun > 1100 || missed*20 != begun {
		t.Errorf("%d of %d", missed, begun)
	}
	pass(10, 0, 5) // the list has ended, and what is left is silent
	if begun, missed := s.Latest(now, 0, 500); begun < 500 || missed*20 != begun {
		t.Errorf("in the end %d of %d", missed, begun)
	}
	if begun, _ := s.Latest(now, now-s.Settled, 500); begun != 0 {
		t.Errorf("%d of before the upstream was asked again", begun)
	}
}
