package monitor

import (
	"fmt"
	"slices"
	"time"
)

// How a monitor decides.
const (
	soonPart      = 8    // of the interval
	closingRounds = 2    // of good canaries close a breaker
	windowMost    = 2000 // questions in the sliding window
	windowLeast   = 500  // below which the window says nothing
	medianOf      = 64   // shares of windows that the median is taken of
	failsFar      = 0.15 // a share of failures that is far above a small median
	failsFarther  = 3    // times the median
)

// A monitor watches one upstream, on a goroutine of its own. It alone decides whether the upstream is to be believed,
// and writes its breaker.
type monitor struct {
	group          *Group
	upstream       Upstream
	number         int           // in the group
	breaker        *Breaker      // of the upstream
	tallies        []Tally       // at the ends of rounds, the first one before the sliding window
	shares         []float64     // of failures, of windows that were full
	goodRounds     int           // in a row
	unhealthySince time.Duration // when it was first stopped without a healthy window after; 0: it is healthy
	closedAt       time.Duration // when the breaker was last closed
	why            string        // it was last stopped
}

// run checks the upstream at each interval, and sooner where a failure waits for that.
func (m *monitor) run() {
	interval, closed := m.group.config.Interval, m.group.open.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-closed:
			return
		case <-timer.C:
		case <-m.breaker.canaryWanted:
			select {
			case <-time.After(m.group.Soon()):
			case <-closed:
				return
			}
			select {
			case <-m.breaker.canaryWanted: // the check is for these too
			default:
			}
		}
		m.check()
		timer.Reset(interval)
	}
}

// check asks the canaries and decides what their results mean.
func (m *monitor) check() {
	sent, before := m.group.config.Now(), m.upstream.Tally()
	result, why := m.upstream.Check()
	if m.group.open.Err() != nil {
		return
	}
	now := m.group.config.Now()
	m.group.count(m.number, result)
	m.decide(result, why, sent, now, m.upstream.Tally().minus(before))
	m.group.notePause(m.number, now, m.unhealthySince, m.why)
}

// decide is the one place that decides whether an upstream is to be believed: by the result of the canaries that were
// sent at a time, by what else it did meanwhile, and by how much it left unanswered.
func (m *monitor) decide(result Result, why string, sent, now time.Duration, meanwhile Tally) {
	recent := m.slideTallies()
	switch open := m.breaker.IsOpen(); {
	case result == Wrong && open:
		m.goodRounds, m.why = 0, why
		m.breaker.distrusted.Store(true)
		m.breaker.distrust(now)
	case result == Wrong:
		m.stop(now, true, why)
	case result == Failed && open:
		m.goodRounds = 0
	case result == Failed && (meanwhile.Answered == 0 || m.farAboveMedian(recent.share())):
		m.stop(now, false, "a canary was not answered: "+why)
	case result == Failed:
	case open:
		if m.goodRounds++; m.goodRounds >= closingRounds {
			m.resume(sent, now)
		}
	default:
		m.breaker.NoteGood(sent)
		m.checkSilence(now, recent)
	}
}

// checkSilence stops an upstream that leaves too many questions without a reply.
func (m *monitor) checkSilence(now time.Duration, recent Tally) {
	n := recent.attempts()
	// For as long as a question can take to fail:
	healthy := m.group.config.Settled + 4*m.group.config.Interval
	if took := now - m.closedAt; took > healthy && (n >= windowLeast || took > 10*healthy) {
		m.unhealthySince = 0
	}
	begun, missed := m.breaker.Silence.Latest(now, m.closedAt, windowMost)
	silence, most := float64(missed)/float64(max(begun, 1)), m.group.config.MaxSilence
	if most > 0 && begun >= windowLeast && silence > most {
		m.stop(now, false, fmt.Sprintf(
			"%.1f %% of the latest %d questions got no reply at all, more than %.1f %%: it drops questions in silence",
			100*silence, begun, 100*most))
		return
	}
	if n < windowLeast {
		return
	}
	m.shares = append(m.shares, recent.share())
	if len(m.shares) > medianOf {
		m.shares = m.shares[1:]
	}
}

// slideTallies moves the sliding window, and returns what is in it.
func (m *monitor) slideTallies() Tally {
	now := m.upstream.Tally()
	m.tallies = append(m.tallies, now)
	for len(m.tallies) > 2 {
		if t := now.minus(m.tallies[1]); t.attempts() < windowMost {
			break
		}
		m.tallies = m.tallies[1:]
	}
	return now.minus(m.tallies[0])
}

// farAboveMedian reports whether a share of failures is far above the median.
func (m *monitor) farAboveMedian(share float64) bool {
	if len(m.shares) == 0 {
		return share > failsFar
	}
	median := slices.Sorted(slices.Values(m.shares))[len(m.shares)/2]
	return share > max(failsFarther*median, failsFar) || 1-share < (1-median)/failsFarther
}

// stop opens the breaker.
func (m *monitor) stop(now time.Duration, wrong bool, why string) {
	m.breaker.Trip(m.group.config.Now, wrong)
	m.goodRounds, m.why = 0, why
	if m.unhealthySince == 0 {
		m.unhealthySince = now
	}
	m.group.noteEvent(m.number, stopped, why)
	m.group.config.Log.Warn("a resolver is stopped", "resolver", m.upstream.Addr, "why", why)
}

// resume closes the breaker. The last good canaries were sent at a time.
func (m *monitor) resume(sent, now time.Duration) {
	m.breaker.NoteGood(sent)
	m.breaker.Reset()
	m.tallies = []Tally{m.upstream.Tally()}
	m.closedAt, m.goodRounds = now, 0
	m.group.noteEvent(m.number, resumed, "its canaries are answered well")
	m.group.config.Log.Info("a resolver is asked again", "resolver", m.upstream.Addr)
}
