package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// ErrUntrusted says that every upstream has answered wrongly, or left too many questions without an answer, for
// so long that waiting makes no sense. No domain is to blame.
var ErrUntrusted = errors.New("resolver: no upstream can be trusted")

// A Watch says how upstreams are watched while they are asked.
type Watch struct {
	Canaries   []Canary      // asked of each upstream, all of them at a time
	Interval   time.Duration // from one time to the next; 0: 1 s
	MaxSilence float64       // the most questions that may get no reply, as a share; 0: no limit
	MaxPause   time.Duration // for which a run waits for upstreams; 0: 10 min
}

// A watcher is what the monitors of all upstreams share.
type watcher struct {
	config    Watch
	timeout   time.Duration // of one attempt of a canary
	upstreams []*upstream

	gaveUp context.Context // ends with the Resolver, or with the last hope for an upstream
	giveUp context.CancelCauseFunc

	mu          sync.Mutex // guards what follows
	events      []TrustEvent
	counts      []CanaryCounts
	paused      time.Duration // all upstreams stopped, in all
	pausedSince time.Duration // when they stopped; 0: they have not
	reason      error         // for which the watcher gave up
	change      chan struct{} // closed when a breaker opens or closes
}

// A TrustEvent is an upstream that was stopped or resumed.
type TrustEvent struct {
	At       time.Time
	Upstream netip.AddrPort
	What     string // stopped, resumed
	Why      string // in words
}

// CanaryCounts say how the canaries of an upstream came out.
type CanaryCounts struct {
	Upstream            netip.AddrPort
	Good, Failed, Wrong int64
	Stopped             int64 // times that it was stopped
}

// maxEvents bounds the events that are kept.
const maxEvents = 200

// How a monitor decides.
const (
	canaryTime    = time.Second // for one attempt of a canary
	canaryTimes   = 3           // attempts of a canary
	canaryRest    = 8           // part of the interval: the least time between canaries that failures want
	closingRounds = 2           // of good canaries close a breaker
	windowMost    = 2000        // questions in the sliding window
	windowLeast   = 500         // below which the window says nothing
	medianOf      = 64          // shares of windows that the median is taken of
	failsFar      = 0.15        // a share of failures that is far above a small median
	failsFarther  = 3           // times the median
)

func (w *watcher) countCanary(c *CanaryCounts, result canaryResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch result {
	case canaryGood:
		c.Good++
	case canaryFailed:
		c.Failed++
	case canaryWrong:
		c.Wrong++
	}
}

// noteChange notes that a breaker has opened, where c is not nil, or closed.
func (w *watcher) noteChange(c *CanaryCounts, e TrustEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c != nil {
		c.Stopped++
	}
	if len(w.events) < maxEvents {
		w.events = append(w.events, e)
	}
	close(w.change)
	w.change = make(chan struct{})
}

// changes is closed when the next breaker opens or closes.
func (w *watcher) changes() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.change
}

// notePause notes how long all upstreams have been stopped. It gives up when that is too long, or when none was
// healthy for as long.
func (w *watcher) notePause(u *upstream, now, unhealthySince time.Duration, why string) {
	all := allStopped(w.upstreams)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case all && w.pausedSince == 0:
		w.pausedSince = now
	case !all && w.pausedSince != 0:
		w.paused += now - w.pausedSince
		w.pausedSince = 0
	}
	u.unhealthySince.Store(int64(unhealthySince))
	if w.reason != nil {
		return
	}
	for _, u := range w.upstreams {
		if since := time.Duration(u.unhealthySince.Load()); since == 0 || now-since < w.config.MaxPause {
			return
		}
	}
	w.reason = fmt.Errorf("%w: %s, for more than %v: %s", ErrUntrusted, u.addr, w.config.MaxPause, why)
	w.giveUp(w.reason)
}
