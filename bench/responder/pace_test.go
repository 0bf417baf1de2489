package main

import (
	"testing"
	"time"
)

// A server with a capacity is busy for as long as its questions take, and saves nothing up: neither where nobody asks,
// nor where it slept for too long.
func TestPace(t *testing.T) {
	p := pace{perSecond: 1000}
	for _, step := range []struct {
		n         int
		now, busy time.Duration
	}{
		{10, 0, 10 * time.Millisecond},
		{10, 4 * time.Millisecond, 16 * time.Millisecond},                                      // 20 are done at 20 ms
		{5, 20 * time.Millisecond, 5 * time.Millisecond},                                       // in time
		{1000, time.Hour, time.Second},                                                         // nothing saved up
		{1, time.Hour + 1010*time.Millisecond, time.Millisecond},                               // late by 10 ms
		{1, time.Hour + 1010*time.Millisecond + 500*time.Microsecond, 1500 * time.Microsecond}, // early
	} {
		if busy := p.work(step.n, step.now); busy != step.busy {
			t.Errorf("%d questions at %v take %v, want %v", step.n, step.now, busy, step.busy)
		}
	}
	if busy := new(pace).work(1e6, 0); busy != 0 {
		t.Errorf("without a limit it is busy for %v", busy)
	}
}
