// Package resolver is a stub resolver (RFC 9499, section 6) that keeps very many questions in flight over a few
// sockets.
//
// It asks full resolvers, the upstreams, over UDP with EDNS(0) (RFC 6891) and repeats a truncated answer's question
// over TCP (RFC 7766). A reply is validated from its octets before anything else looks at it (RFC 5452, section 9.1):
// it comes from the address and port that were asked, has the id and exactly the question that were sent, and is a
// response. Whatever else arrives is counted and ignored, and the wait goes on.
//
// It does not resolve names itself, follow aliases, cache, validate signatures (it asks for the AD bit and passes it
// on) or sign questions. It says what was answered, not what that means for MTA-STS.
package resolver

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"stsscan/internal/monitor"
	"stsscan/internal/udpbatch"
	"stsscan/internal/window"
)

// A Resolver asks its upstreams. Its methods may be called concurrently.
type Resolver struct {
	// Set by New, and never changed.
	schedule  schedule
	inFlight  int // the most of a Sweep
	floor     int // of a window
	mixCase   bool
	sockets   udpbatch.Method
	shares    shares
	upstreams []*upstream
	log       *slog.Logger
	began     time.Time
	watch     *monitor.Group  // set by Watch, before all use; nil: the upstreams are not watched
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc

	// Shared by all callers, and safe for concurrent use.
	limiter    *window.Limiter    // nil: no limit
	sweepTurn  chan struct{}      // held by the question of a Sweep that waits for the limiter
	rotation   atomic.Uint64      // of upstreams, over the attempts of Exchange
	lastReply  atomic.Int64       // the last valid reply of any upstream, in nanoseconds since began
	progress   sweepProgress      // written by lanes
	probing    singleflight.Group // one probe at a time
	askers     sync.Pool          // of *asker
	tcpSlots   chan struct{}      // one element for each TCP connection
	largeSlots chan struct{}      // one element for each large reply that is being parsed
	goroutines sync.WaitGroup     // readers of sockets, and monitors

	mu         sync.Mutex  // guards what follows
	idleRoutes []*routeSet // of lanes that have ended
}

// New opens the sockets of a Resolver. It sends nothing.
func New(c Config) (*Resolver, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r, err := c.build()
	if err != nil {
		return nil, err
	}
	for _, addr := range c.Upstreams {
		u, err := r.openUpstream(addr, r.shares.exchange)
		if err != nil {
			_ = r.Close()
			return nil, fmt.Errorf("resolver: %w", err)
		}
		r.upstreams = append(r.upstreams, u)
	}
	return r, nil
}

// build returns a Resolver without upstreams.
func (c *Config) build() (*Resolver, error) {
	r := &Resolver{
		schedule:   schedule{timeout: cmp.Or(c.Timeout, DefaultTimeout), attempts: 1 + c.Retries},
		inFlight:   cmp.Or(c.InFlight, DefaultInFlight),
		floor:      cmp.Or(c.Floor, DefaultFloor),
		mixCase:    c.MixCase,
		sockets:    cmp.Or(c.Sockets, udpbatch.Auto),
		log:        c.Log,
		began:      time.Now(),
		largeSlots: make(chan struct{}, maxLarge),
	}
	ports := usefulPorts(len(c.Upstreams), r.sockets.IsPortable())
	if c.Ports > 0 {
		ports = min(ports, c.Ports)
	}
	lanes := min(cmp.Or(c.Lanes, max(1, runtime.GOMAXPROCS(0)/2)), r.inFlight)
	var err error
	if r.shares, err = share(ports, len(c.Upstreams), lanes, r.inFlight); err != nil {
		return nil, fmt.Errorf("resolver: %w", err)
	}
	r.tcpSlots = make(chan struct{}, min(maxTCP, ports/2))
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if c.Rate > 0 && !math.IsInf(c.Rate, 1) {
		r.sweepTurn = make(chan struct{}, 1)
		r.limiter = window.NewLimiter(c.Rate)
	}
	r.askers.New = func() any { return newAsker() }
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// openUpstream connects the sockets of one upstream and starts their readers.
func (r *Resolver) openUpstream(addr netip.AddrPort, sockets int) (*upstream, error) {
	u := &upstream{addr: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())}
	for range sockets {
		s, err := openSocket(u.addr)
		if err != nil {
			u.close()
			return nil, err
		}
		u.sockets = append(u.sockets, s)
	}
	for _, s := range u.sockets {
		r.goroutines.Go(func() { s.read(func(valid bool) { r.countDatagram(u, valid) }) })
	}
	return u, nil
}

// countDatagram counts a datagram of u.
func (r *Resolver) countDatagram(u *upstream, valid bool) {
	if !valid {
		u.counts.mismatched.Add(1)
		return
	}
	u.counts.answered.Add(1)
	now := int64(r.now())
	u.lastReply.Store(now)
	r.lastReply.Store(now)
}

// now is the time since the Resolver began.
func (r *Resolver) now() time.Duration { return time.Since(r.began) }

// Number is the number of an upstream for the Avoid of a [Question]; 0 where it is not one of ours.
func (r *Resolver) Number(addr netip.AddrPort) uint16 {
	return uint16(1 + slices.IndexFunc(r.upstreams, func(u *upstream) bool { return u.addr == addr }))
}

// nextUpstream is the upstream for an attempt: the next in rotation, but not the one that was asked last if there is
// another. One that loses questions is passed over as often as it loses them. Even one that loses all is asked now
// and then, or its return would go unnoticed.
func (r *Resolver) nextUpstream(last *upstream) *upstream {
	const rest = 1.0 / 16
	n := uint64(len(r.upstreams))
	start := r.rotation.Add(1)
	var best *upstream
	for i := range n {
		u := r.upstreams[(start+i)%n]
		if u == last && n > 1 || u.breaker.IsOpen() {
			continue
		}
		lost := u.loss.Share()
		if rand.Float64() < max(rest, 1-lost) {
			return u
		}
		if best == nil || lost < best.loss.Share() {
			best = u
		}
	}
	if best == nil && last != nil && !last.breaker.IsOpen() {
		return last // the others are stopped
	}
	return cmp.Or(best, last, r.upstreams[start%n])
}

// Close closes the sockets. Questions in flight fail, as faults of this machine.
func (r *Resolver) Close() error {
	r.cancel()
	for _, u := range r.upstreams {
		u.close()
	}
	r.closeIdle()
	r.goroutines.Wait()
	return nil
}

// isPrompt reports whether u answers its canaries promptly, as far as is known.
func (r *Resolver) isPrompt(u *upstream, now time.Duration) bool {
	return r.watch != nil && !u.breaker.IsOpen() &&
		now-u.breaker.LastGood() <= promptRounds*r.watch.Interval()
}

// closeIdle closes the routes that no lane uses.
func (r *Resolver) closeIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, set := range r.idleRoutes {
		set.close()
	}
	r.idleRoutes = nil
}
