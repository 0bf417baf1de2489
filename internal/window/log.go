package window

import (
	"math"
	"slices"
	"sync"
	"time"
)

// A Log keeps for how long the windows with one upstream, taken together, had which size. It also keeps the windows
// themselves from one Sweep to the next. The zero value is ready. Its methods may be called concurrently. A lane is
// one of the callers that have a window each.
type Log struct {
	mu     sync.Mutex
	lanes  []int    // the latest size of each
	rested []Window // of each, when its latest Sweep ended
	last   time.Duration
	least  int
	spent  [21 * octave]time.Duration // by the logarithm of the size, which is below 2^21
}

// NoteEvery is the time from one note of a lane to the next.
const NoteEvery = 100 * time.Millisecond

// octave is how many classes a doubling of the size has.
const octave = 8

// Note notes the size of the window of a lane, one of so many. It counts from the first note of each of them.
func (l *Log) Note(now time.Duration, lane, lanes, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.lanes) < lanes {
		l.lanes = append(l.lanes, 0)
	}
	l.lanes[lane] = size
	if slices.Contains(l.lanes, 0) {
		return
	}
	sum := 0
	for _, size := range l.lanes {
		sum += size
	}
	if l.least == 0 || sum < l.least {
		l.least = sum
	}
	// A gap of more than a few notes lies between two Sweeps, or the upstream was stopped.
	l.spent[min(int(octave*math.Log2(float64(max(sum, 1)))), len(l.spent)-1)] += min(max(now-l.last, 1), 3*NoteEvery)
	l.last = now
}

// Report is the least size, and the median by time within a tenth. Both are 0 without a note.
func (l *Log) Report() (least, median int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	total := time.Duration(0)
	for _, spent := range l.spent {
		total += spent
	}
	below := time.Duration(0)
	for class, spent := range l.spent {
		if below += spent; below > total/2 {
			return l.least, max(l.least, int(math.Exp2((float64(class)+0.5)/octave)))
		}
	}
	return l.least, 0
}

// Keep keeps the window of a lane that has ended.
func (l *Log) Keep(lane int, w *Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.rested) <= lane {
		l.rested = append(l.rested, Window{})
	}
	l.rested[lane] = w.Rested()
}

// Resume gives w what the lane's window of an earlier Sweep had learned, if there was one of this ceiling.
func (l *Log) Resume(lane int, w *Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lane < len(l.rested) && l.rested[lane].ceiling == w.ceiling {
		*w = l.rested[lane]
	}
}
