package resolver

import (
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// A WindowReport says how many questions of Sweeps an upstream was allowed at a
// time while there were more to ask.
type WindowReport struct {
	Upstream netip.AddrPort
	Least    int // but for the first second of a Sweep, in which windows open
	Median   int // by time, within a tenth
}

// Windows says how large the windows were, in the order of the configuration. Both
// numbers are 0 where no Sweep has had more to ask for longer than a second.
func (r *Resolver) Windows() []WindowReport {
	reports := make([]WindowReport, len(r.upstreams))
	for i, u := range r.upstreams {
		reports[i] = u.windows.report(u.addr)
	}
	return reports
}

const (
	windowNotes = 100 * time.Millisecond // from one note of a lane to the next
	windowOpens = time.Second            // for which a Sweep makes no notes
)

// A windowLog keeps for how long the window of an upstream, over all lanes, had
// which size. The zero value is ready.
type windowLog struct {
	mu    sync.Mutex
	lanes []int    // the latest size of each
	rests []window // of each, when its latest Sweep ended
	last  time.Duration
	least int
	spent [21 * octave]time.Duration // by the logarithm of the size; 2^21 is above MostInFlight
}

// octave is how many classes a doubling of the size has.
const octave = 8

// note notes the size of the window of a lane, one of so many. It counts from the first
// note of each of them.
func (w *windowLog) note(now time.Duration, lane, lanes, size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.lanes) < lanes {
		w.lanes = append(w.lanes, 0)
	}
	w.lanes[lane] = size
	if slices.Contains(w.lanes, 0) {
		return
	}
	sum := 0
	for _, size := range w.lanes {
		sum += size
	}
	if w.least == 0 || sum < w.least {
		w.least = sum
	}
	// Longer than a few notes it was not asked: between two Sweeps, or stopped.
	w.spent[min(int(octave*math.Log2(float64(max(sum, 1)))), len(w.spent)-1)] += min(max(now-w.last, 1), 3*windowNotes)
	w.last = now
}

func (w *windowLog) report(upstream netip.AddrPort) WindowReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	report := WindowReport{Upstream: upstream, Least: w.least}
	total := time.Duration(0)
	for _, spent := range w.spent {
		total += spent
	}
	below := time.Duration(0)
	for class, spent := range w.spent {
		if below += spent; below > total/2 {
			report.Median = max(w.least, int(math.Exp2((float64(class)+0.5)/octave)))
			break
		}
	}
	return report
}

// noteWindows notes the sizes of the windows of a lane that has more to ask.
func (l *lane) noteWindows() {
	if !l.more || l.now < l.noted+windowNotes || l.now < l.began+windowOpens {
		return
	}
	l.noted = l.now
	for _, rt := range l.routes {
		rt.windows.note(l.now, l.number, l.shares.lanes, int(rt.window.size))
	}
}

// resume gives a lane its number among the lanes, and the windows that the lane of
// that number had when the Sweep before ended.
func (l *lane) resume(number int) {
	l.number = number
	for _, rt := range l.routes {
		w := &rt.windows
		w.mu.Lock()
		if number < len(w.rests) && w.rests[number].ceiling == rt.window.ceiling {
			rt.window = w.rests[number]
		}
		w.mu.Unlock()
	}
}

// rest keeps the windows of a lane that has ended.
func (l *lane) rest() {
	for _, rt := range l.routes {
		w := &rt.windows
		w.mu.Lock()
		for len(w.rests) <= l.number {
			w.rests = append(w.rests, window{})
		}
		w.rests[l.number] = rt.window.rested()
		w.mu.Unlock()
	}
}

// judge lets the windows take what has become known.
func (l *lane) judge() {
	for _, rt := range l.routes {
		rt.window.judge(l.now, l.isPrompt(rt.upstream, l.now))
	}
}
