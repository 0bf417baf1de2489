package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// A Watch says how upstreams are watched while they are asked.
type Watch struct {
	Canaries   []Canary      // asked of each upstream, all of them at a time
	Interval   time.Duration // from one time to the next; 0: 1 s
	MaxSilence float64       // the most questions that may get no reply, as a share; 0: no limit
	MaxPause   time.Duration // for which a run waits for upstreams; 0: 10 min
}

// ErrUntrusted says that every upstream has answered wrongly, or left too many
// questions without an answer, for so long that waiting makes no sense. No
// domain is to blame.
var ErrUntrusted = errors.New("resolver: no upstream can be trusted")

// A watcher watches the upstreams of a Resolver.
type watcher struct {
	config  Watch
	timeout time.Duration // of one attempt of a canary

	mu          sync.Mutex
	events      []TrustEvent
	counts      []CanaryCounts
	paused      time.Duration // all upstreams stopped, in all
	pausedSince time.Duration // when they stopped; 0: they have not
	reason      error
	change      chan struct{} // closed when a breaker opens or closes
	gaveUp      context.Context
	giveUp      context.CancelCauseFunc
}

// A TrustEvent is something that befell the trust in an upstream.
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

// How a breaker decides.
const (
	canaryTime    = time.Second // for one attempt of a canary
	canaryTimes   = 3           // attempts of a canary
	canaryRest    = 8           // of the interval: the least time between canaries that failures want
	closingRounds = 2           // of canaries that close a breaker
	windowMost    = 2000        // questions in the sliding window
	windowLeast   = 500         // below which a window says nothing
	medianOf      = 64          // shares of windows that the median is taken of
	failsFar      = 0.15        // a share of failures that is far above a small median
	failsFarther  = 3           // times the median
)

func (w *watcher) countCanary(c *CanaryCounts, sang canaryResult) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch sang {
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

// notePause notes how long all upstreams have been stopped, and gives up when that
// is too long, or when none had a calm time for as long.
func (w *watcher) notePause(r *Resolver, u *upstream, now, troubled time.Duration, why string) {
	all := r.allStopped()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case all && w.pausedSince == 0:
		w.pausedSince = now
	case !all && w.pausedSince != 0:
		w.paused += now - w.pausedSince
		w.pausedSince = 0
	}
	u.unhealthySince.Store(int64(troubled))
	if w.reason != nil {
		return
	}
	for _, u := range r.upstreams {
		if t := time.Duration(u.unhealthySince.Load()); t == 0 || now-t < w.config.MaxPause {
			return
		}
	}
	w.reason = fmt.Errorf("%w: %s, for more than %v: %s", ErrUntrusted, u.addr, w.config.MaxPause, why)
	w.giveUp(w.reason)
}
