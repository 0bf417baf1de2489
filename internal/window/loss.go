package window

import "sync/atomic"

// A Loss is the share of the latest questions that got no answer: a moving average over about eight of them. The zero
// value has lost none. Its methods may be called concurrently.
type Loss struct{ average atomic.Int64 } // in units of 2^-20

const lossUnit = 1 << 20

// Share is between 0 and 1.
func (l *Loss) Share() float64 { return float64(l.average.Load()) / lossUnit }

// Count counts a question.
func (l *Loss) Count(lost bool) {
	var sample int64
	if lost {
		sample = lossUnit
	}
	for {
		old := l.average.Load()
		if l.average.CompareAndSwap(old, old+(sample-old)/8) {
			return
		}
	}
}

// Answered counts n questions that got an answer.
func (l *Loss) Answered(n int) {
	for range min(n, 128) { // by then nothing is left of what was
		if l.average.Load() == 0 {
			return
		}
		l.Count(false)
	}
}
