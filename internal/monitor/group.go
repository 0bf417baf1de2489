// Package monitor decides whether upstream resolvers are to be believed, from canaries (questions whose answer is
// known) and from what else the upstreams do: [Group] runs a monitor for each, which opens and closes its [Breaker].
//
// A wrong answer to a canary stops an upstream, and what it said since the last good one is not to be believed. A
// canary without an answer stops it too, if the upstream fails far more often than its median, and so do too many
// questions without a reply. A stopped upstream gets canaries only, until it answers them well again.
//
// The package asks no question itself, and holds none up. Times are durations since a moment that the caller chose,
// by a clock that it gives.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// ErrUntrusted says that every upstream has answered wrongly, or left too many questions without an answer, for so
// long that waiting makes no sense.
var ErrUntrusted = errors.New("resolver: no upstream can be trusted")

// A Result is what the canaries of an upstream came to.
type Result uint8

const (
	Good   Result = iota
	Failed        // no reply, or one that declines
	Wrong         // a reply that cannot be true
)

// A Tally counts the attempts at an upstream until a moment.
type Tally struct{ Answered, Failed int64 }

func (t Tally) minus(o Tally) Tally { return Tally{t.Answered - o.Answered, t.Failed - o.Failed} }

// attempts is how many attempts a Tally is about.
func (t Tally) attempts() int64 { return t.Answered + t.Failed }

// share is the share of attempts that failed; 0 where there were none.
func (t Tally) share() float64 { return float64(t.Failed) / float64(max(t.attempts(), 1)) }

// An Upstream is what a Group watches.
type Upstream struct {
	Addr    netip.AddrPort
	Breaker *Breaker
	Check   func() (Result, string) // asks the canaries; the words say what is wrong
	Tally   func() Tally            // of all attempts until now
}

// A Config says how upstreams are watched. All is required but MaxSilence.
type Config struct {
	Interval   time.Duration        // from one check to the next
	MaxSilence float64              // the most questions that may get no reply, as a share; 0: no limit
	MaxPause   time.Duration        // how long to wait for upstreams
	Settled    time.Duration        // after which a question has its answer, or none
	Now        func() time.Duration // the clock
	Log        *slog.Logger
}

// maxEvents bounds the events that are kept.
const maxEvents = 200

// A Group watches the upstreams of one resolver. Its methods may be called concurrently.
type Group struct {
	config    Config
	upstreams []Upstream
	open      context.Context // of New
	hope      context.Context // ends with that, or when the Group gives up
	giveUp    context.CancelCauseFunc

	mu             sync.Mutex // guards what follows
	events         []Event
	counts         []Counts
	unhealthySince []time.Duration // of each upstream; 0: it is healthy
	paused         time.Duration   // all upstreams stopped, in all
	pausedSince    time.Duration   // when they stopped; 0: they have not
	change         chan struct{}   // closed when a breaker opens or closes
}

// An Event is an upstream that was stopped or resumed.
type Event struct {
	At       time.Time
	Upstream netip.AddrPort
	What     string // stopped, resumed
	Why      string // in words
}

// Counts say how the canaries of an upstream came out.
type Counts struct {
	Upstream            netip.AddrPort
	Good, Failed, Wrong int64
	Stopped             int64 // times that it was stopped
}

// New returns a Group that watches nothing before [Group.Run]. The end of ctx is its end.
func New(ctx context.Context, c Config, upstreams []Upstream) *Group {
	g := &Group{
		config: c, upstreams: upstreams, open: ctx, change: make(chan struct{}),
		counts: make([]Counts, len(upstreams)), unhealthySince: make([]time.Duration, len(upstreams)),
	}
	g.hope, g.giveUp = context.WithCancelCause(ctx)
	for i, u := range upstreams {
		g.counts[i].Upstream = u.Addr
		u.Breaker.canaryWanted = make(chan struct{}, 1)
		u.Breaker.NoteGood(c.Now())
		u.Breaker.Silence.Settled = c.Settled + 2*c.Interval
	}
	return g
}

// Run watches the upstreams until the context of New ends.
func (g *Group) Run() {
	var monitors sync.WaitGroup
	for i, u := range g.upstreams {
		m := &monitor{group: g, upstream: u, number: i, breaker: u.Breaker, tallies: []Tally{u.Tally()}}
		monitors.Go(m.run)
	}
	monitors.Wait()
}

// Interval is the time from one check to the next.
func (g *Group) Interval() time.Duration { return g.config.Interval }

// Soon is the least time between two checks.
func (g *Group) Soon() time.Duration { return g.config.Interval / soonPart }

// Hope is a context that ends when waiting for upstreams makes no sense any more. Its cause wraps [ErrUntrusted]
// then, unless the context of New has ended.
func (g *Group) Hope() context.Context { return g.hope }

// Change is closed when the next breaker opens or closes.
func (g *Group) Change() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.change
}

// Report is how canaries came out, the first events, and how long all upstreams were stopped.
func (g *Group) Report() ([]Counts, []Event, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	paused := g.paused
	if g.pausedSince != 0 {
		paused += g.config.Now() - g.pausedSince
	}
	return slices.Clone(g.counts), slices.Clone(g.events), paused
}

func (g *Group) count(number int, result Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch c := &g.counts[number]; result {
	case Good:
		c.Good++
	case Failed:
		c.Failed++
	case Wrong:
		c.Wrong++
	}
}

// What an Event says.
const (
	stopped = "stopped"
	resumed = "resumed"
)

// noteEvent notes that the breaker of an upstream has opened or closed.
func (g *Group) noteEvent(number int, what, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if what == stopped {
		g.counts[number].Stopped++
	}
	if len(g.events) < maxEvents {
		g.events = append(g.events, Event{time.Now(), g.upstreams[number].Addr, what, why})
	}
	close(g.change)
	g.change = make(chan struct{})
}

// notePause notes how long all upstreams have been stopped, and since when one is not healthy. The Group gives up
// when all are stopped for too long, or when none was healthy for as long.
func (g *Group) notePause(number int, now, unhealthySince time.Duration, why string) {
	all := !slices.ContainsFunc(g.upstreams, func(u Upstream) bool { return !u.Breaker.IsOpen() })
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case all && g.pausedSince == 0:
		g.pausedSince = now
	case !all && g.pausedSince != 0:
		g.paused += now - g.pausedSince
		g.pausedSince = 0
	}
	g.unhealthySince[number] = unhealthySince
	for _, since := range g.unhealthySince {
		if since == 0 || now-since < g.config.MaxPause {
			return
		}
	}
	addr := g.upstreams[number].Addr
	g.giveUp(fmt.Errorf("%w: %s, for more than %v: %s", ErrUntrusted, addr, g.config.MaxPause, why))
}
