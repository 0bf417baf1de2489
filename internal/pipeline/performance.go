package pipeline

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
)

// A Performance is how fast a process asks, and what it waits for.
type Performance struct {
	Rows    int64         // provisional ones included, and later ones of the same domains
	Asking  time.Duration // the time of all passes and rounds
	Tail    time.Duration // of Asking: after the last name of a pass or round was admitted
	Between time.Duration // the time in which all domains left waited for their next pass or turn
	Peak    float64       // rows a second over the best ten seconds of Asking, or over all of it if it was shorter

	// Standstill is the time of Asking in which no names were admitted though there were some, or fewer than 1 % of Peak.
	Standstill map[codes.Standstill]time.Duration
}

// nameCounts count the names of all calls of Run: those admitted, and those with a row.
type nameCounts struct {
	admitted, rows atomic.Int64
	why            atomic.Value // codes.Standstill: why admission gave no names; "": there are no more
}

// note counts n more names that were admitted, and notes why there are no more now.
func (f *nameCounts) note(n int, why codes.Standstill) {
	if n > 0 {
		f.admitted.Add(int64(n))
	}
	if before, _ := f.why.Load().(codes.Standstill); why != before {
		f.why.Store(why)
	}
}

// A meter measures a process. It may be read while it is added to.
type meter struct {
	mu         sync.Mutex
	speed      speed
	standstill standstill
	between    time.Duration
	left       Left
}

// begin is called when asking begins.
func (m *meter) begin(now time.Time, f *nameCounts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.speed.begin(now)
	m.standstill.begin(now, f.admitted.Load())
}

// look notes how many names have a row now, and what is left. It reports whether the run has become slow, and its rate.
func (m *meter) look(now time.Time, f *nameCounts, why codes.Standstill, left Left) (slow bool, rate, peak float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	slow = m.speed.look(now, f.rows.Load(), why)
	m.standstill.look(now, f.admitted.Load(), why, m.speed.peak)
	m.left = left
	rate, _ = m.speed.rate(slowSeconds)
	return slow, rate, m.speed.peak
}

// cause is the most frequent cause of standstills lately.
func (m *meter) cause() codes.Standstill {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.speed.cause()
}

// end is called when asking ends.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = Left{}
}

// pause notes that nothing is asked, since all rows wait, until over is called.
func (m *meter) pause(now time.Time, left Left) (over func(now time.Time)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = left
	return func(end time.Time) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.between += end.Sub(now)
		m.left = Left{}
	}
}

// performance is what was measured until now.
func (m *meter) performance() Performance {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Performance{
		Rows: m.speed.rows, Asking: m.speed.asking, Tail: m.standstill.tail, Between: m.between, Peak: m.speed.best(),
		Standstill: maps.Clone(m.standstill.total),
	}
}

// leftNow is what was left at the last look.
func (m *meter) leftNow() Left {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left
}
