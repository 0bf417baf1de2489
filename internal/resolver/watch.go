package resolver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// ErrUntrusted says that every upstream has answered wrongly, or left too many
// questions without an answer, for so long that waiting makes no sense. No
// domain is to blame.
var ErrUntrusted = errors.New("resolver: no upstream can be trusted")

// A Watch says how upstreams are watched while they are asked.
type Watch struct {
	Canaries   []Canary      // asked of each upstream, all of them at a time
	Interval   time.Duration // from one time to the next; 0: 1 s
	MaxSilence float64       // the most questions that may get no reply, as a share; 0: no limit
	MaxPause   time.Duration // for which a run waits for upstreams; 0: 10 min
}

// How a breaker decides.
const (
	canaryTime   = time.Second // for one attempt of a canary
	canaryTimes  = 3           // attempts of a canary
	canaryRest   = 8           // of the interval: the least time between canaries that failures want
	goodRounds   = 2           // of canaries that close a breaker
	windowMost   = 2000        // questions in the sliding window
	windowLeast  = 500         // below which a window says nothing
	medianOf     = 64          // shares of windows that the median is taken of
	failsFar     = 0.15        // a share of failures that is far above a small median
	failsFarther = 3           // times the median
)

// A watcher watches the upstreams of a Resolver.
type watcher struct {
	Watch
	timeout time.Duration // of one attempt of a canary

	mu     sync.Mutex
	events []TrustEvent
	counts []CanaryCounts
	paused time.Duration // all upstreams stopped, in all
	since  time.Duration // when they stopped; 0: they have not
	failed error
	change chan struct{} // closed when a breaker opens or closes
	doom   context.Context
	fail   context.CancelCauseFunc
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

// Watch begins to watch the upstreams, until Close. It must be called once at
// most, before any Sweep and any Exchange.
//
// Each upstream is asked canaries all the time. A wrong answer stops it, and
// what it said since the last good canary is not to be believed: see
// [Resolver.Vouch]. No answer, while it fails far more often than its median,
// stops it too, and so do questions without a reply beyond MaxSilence. A stopped
// upstream gets canaries only, until they come out well again. Failures are not
// believed before a later canary came out well; those of an upstream that was
// stopped meanwhile are asked again. While all upstreams are stopped, questions
// wait, until MaxPause has passed.
func (r *Resolver) Watch(w Watch) {
	w.Interval = cmp.Or(w.Interval, time.Second)
	w.MaxPause = cmp.Or(w.MaxPause, 10*time.Minute)
	if r.limiter != nil { // canaries are a tenth of what may be asked, at most
		questions := 10 * len(w.Canaries) * len(r.upstreams)
		w.Interval = max(w.Interval, time.Duration(float64(questions)/r.limiter.PerSecond()*float64(time.Second)))
	}
	r.watch = &watcher{Watch: w, timeout: min(r.timeout, canaryTime), change: make(chan struct{}), counts: make([]CanaryCounts, len(r.upstreams))}
	r.watch.doom, r.watch.fail = context.WithCancelCause(r.life)
	for i, u := range r.upstreams {
		r.watch.counts[i].Upstream = u.addr
		u.guard.good.Store(int64(r.now()))
		u.guard.silence.Settled = time.Duration(r.attempts)*r.timeout + 2*w.Interval
		r.readers.Go(func() { r.watchOver(u, &r.watch.counts[i]) })
	}
}

// A patrol is the watch over one upstream.
type patrol struct {
	*Resolver
	*upstream
	counts   *CanaryCounts
	asker    *asker
	window   []tally       // at the ends of rounds, the first one before the window
	shares   []float64     // of failures, of windows that were full
	good     int           // rounds in a row
	troubled time.Duration // since it was first stopped without a calm window after; 0: it is calm
	closed   time.Duration // when it was last closed
	why      string
}

func (r *Resolver) watchOver(u *upstream, counts *CanaryCounts) {
	p := &patrol{Resolver: r, upstream: u, counts: counts, asker: newAsker(), window: []tally{u.tally()}}
	p.asker.timeout, p.asker.canary = r.watch.timeout, true
	w := r.watch
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.life.Done():
			return
		case <-timer.C:
		case <-u.guard.wanted:
			wait := time.NewTimer(w.Interval / canaryRest)
			select {
			case <-wait.C:
			case <-r.life.Done():
				wait.Stop()
				return
			}
			select {
			case <-u.guard.wanted: // the round is for these too
			default:
			}
		}
		p.round()
		timer.Reset(w.Interval)
	}
}

// round asks the canaries and decides.
func (p *patrol) round() {
	sent, before := p.now(), p.tally()
	sang, why := songGood, ""
	for _, c := range p.watch.Canaries {
		if sang, why = p.sing(p.life, p.asker, p.upstream, c, canaryTimes); sang != songGood {
			break
		}
	}
	if p.life.Err() != nil {
		return
	}
	now := p.now()
	p.watch.count(p.counts, sang)
	during := p.tally().less(before)
	recent := p.slide()
	switch open := p.guard.open.Load(); {
	case sang == songWrong && open:
		p.good, p.why = 0, why
		p.guard.barred.Store(true)
		p.guard.distrust(now)
	case sang == songWrong:
		p.stop(now, true, why)
	case sang == songFailed && open:
		p.good = 0
	case sang == songFailed && (during.answered == 0 || p.far(recent.share())):
		p.stop(now, false, "a canary was not answered: "+why)
	case sang == songFailed:
	case open:
		if p.good++; p.good >= goodRounds {
			p.resume(sent, now)
		}
	default:
		p.guard.good.Store(int64(sent))
		p.judge(now, recent)
	}
	p.watch.waited(p.Resolver, p.upstream, now, p.troubled, p.why)
}

// judge stops an upstream that leaves too many questions without a reply.
func (p *patrol) judge(now time.Duration, recent tally) {
	n := recent.attempts()
	if calm := time.Duration(p.attempts)*p.Resolver.timeout + 4*p.watch.Interval; now-p.closed > calm && (n >= windowLeast || now-p.closed > 10*calm) {
		p.troubled = 0 // for as long as a question can take to fail
	}
	begun, missed := p.guard.silence.Latest(now, p.closed, windowMost)
	silence := float64(missed) / float64(max(begun, 1))
	if p.watch.MaxSilence > 0 && begun >= windowLeast && silence > p.watch.MaxSilence {
		p.stop(now, false, fmt.Sprintf(
			"%.1f %% of the latest %d questions got no reply at all, more than %.1f %%: it drops questions in silence",
			100*silence, begun, 100*p.watch.MaxSilence))
		return
	}
	if n < windowLeast {
		return
	}
	p.shares = append(p.shares, recent.share())
	if len(p.shares) > medianOf {
		p.shares = p.shares[1:]
	}
}

// slide moves the window, and returns what is in it.
func (p *patrol) slide() tally {
	now := p.tally()
	p.window = append(p.window, now)
	for len(p.window) > 2 {
		if t := now.less(p.window[1]); t.attempts() < windowMost {
			break
		}
		p.window = p.window[1:]
	}
	return now.less(p.window[0])
}

// far reports whether a share of failures is far above the median.
func (p *patrol) far(share float64) bool {
	if len(p.shares) == 0 {
		return share > failsFar
	}
	median := slices.Sorted(slices.Values(p.shares))[len(p.shares)/2]
	return share > max(failsFarther*median, failsFar) || 1-share < (1-median)/failsFarther
}

func (p *patrol) stop(now time.Duration, wrong bool, why string) {
	p.guard.trip(p.now, wrong)
	p.good, p.why = 0, why
	if p.troubled == 0 {
		p.troubled = now
	}
	p.watch.changed(p.counts, TrustEvent{time.Now(), p.addr, "stopped", why})
	p.log.Warn("a resolver is stopped", "resolver", p.addr, "why", why)
}

func (p *patrol) resume(sent, now time.Duration) {
	p.guard.good.Store(int64(sent))
	p.guard.reset()
	p.window = []tally{p.tally()}
	p.closed, p.good = now, 0
	p.watch.changed(nil, TrustEvent{time.Now(), p.addr, "resumed", "its canaries are answered well"})
	p.log.Info("a resolver is asked again", "resolver", p.addr)
}

func (w *watcher) count(c *CanaryCounts, sang song) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch sang {
	case songGood:
		c.Good++
	case songFailed:
		c.Failed++
	case songWrong:
		c.Wrong++
	}
}

// changed notes that a breaker has opened, where c is not nil, or closed.
func (w *watcher) changed(c *CanaryCounts, e TrustEvent) {
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

// waited notes how long all upstreams have been stopped, and gives up when that
// is too long, or when none had a calm time for as long.
func (w *watcher) waited(r *Resolver, u *upstream, now, troubled time.Duration, why string) {
	all := r.stopped()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case all && w.since == 0:
		w.since = now
	case !all && w.since != 0:
		w.paused += now - w.since
		w.since = 0
	}
	u.troubled.Store(int64(troubled))
	if w.failed != nil {
		return
	}
	for _, u := range r.upstreams {
		if t := time.Duration(u.troubled.Load()); t == 0 || now-t < w.MaxPause {
			return
		}
	}
	w.failed = fmt.Errorf("%w: %s, for more than %v: %s", ErrUntrusted, u.addr, w.MaxPause, why)
	w.fail(w.failed)
}
