package terminal

import (
	"sync"
	"time"
)

// Intervals of progress: short on a terminal, long in a log.
const (
	lineInterval = 200 * time.Millisecond
	logInterval  = 10 * time.Second
	longInterval = time.Minute     // of a log, when a run has lasted for
	shortRun     = 2 * time.Minute // this long
)

// Tick calls do at each tick until stop is called, which waits for do to return.
func Tick(interval time.Duration, do func(now time.Time)) (stop func()) {
	ticker, ended := time.NewTicker(interval), make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		for {
			select {
			case <-ticker.C:
				do(time.Now())
			case <-ended:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(ended)
		finished.Wait()
	}
}

// A Pace says when the log hears of progress: every ten seconds for two minutes, and then every minute.
type Pace struct{ begun, last time.Time }

// NewPace begins now.
func NewPace(now time.Time) Pace { return Pace{begun: now, last: now} }

// Due reports whether there is to be a log line now.
func (p *Pace) Due(now time.Time) bool {
	interval := logInterval
	if now.Sub(p.begun) > shortRun {
		interval = longInterval
	}
	if now.Sub(p.last) < interval {
		return false
	}
	p.last = now
	return true
}
