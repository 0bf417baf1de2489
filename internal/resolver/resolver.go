// Package resolver is a stub resolver (RFC 9499, section 6) that keeps very
// many questions in flight over a few sockets.
//
// It asks full resolvers, the upstreams, over UDP with EDNS(0) (RFC 6891) and
// repeats a truncated answer's question over TCP (RFC 7766). A reply is
// validated from its bytes before anything else looks at it (RFC 5452, section
// 9.1): it comes from the address and port that were asked, has the id and
// exactly the question that were sent, and is a response. Whatever else
// arrives is counted, ignored, and the wait goes on.
//
// It does not resolve names itself, follow aliases, cache, validate signatures
// (it asks for the AD bit and passes it on) or sign questions. It says what was
// answered, not what that means for MTA-STS.
package resolver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/window"

	"golang.org/x/sync/singleflight"
)

// A Config says whom to ask and how hard.
//
// Timeout is what an attempt over UDP may take where nothing is known of an upstream,
// and one over TCP always. While a [Watch] knows that the upstream answers its
// canaries promptly, all attempts of a question are begun within one Timeout, evenly,
// and it is given up 1.6 of them after it was asked first, or after one where there
// are no Retries. A reply to an earlier attempt counts until then.
type Config struct {
	Upstreams []netip.AddrPort // full resolvers; at least one
	Timeout   time.Duration    // of one attempt, see above; 0: 5 s
	Retries   int              // attempts after the first, at most 254; 0: none
	Rate      float64          // questions per second over all upstreams, repeated ones too; 0: no limit
	InFlight  int              // the most questions that a Sweep keeps in flight, at most MostInFlight; 0: 1000
	Floor     int              // the fewest that a lane of a Sweep allows an upstream that shows strain; 0: 16
	MixCase   bool             // mix the case of letters in the questions of a Sweep, which replies must repeat (0x20)
	Sockets   SocketAPI        // how Sweep uses sockets; empty: SocketsAuto
	Lanes     int              // most loops of a Sweep, of which each can keep a core busy; 0: one for two cores
	Ports     int              // most UDP sockets, and twice the most TCP connections; 0: as many as are of use
	Log       *slog.Logger     // nil: silent
}

// MostInFlight is how many questions a Sweep can keep in flight: each takes some
// hundred octets, whether it is asked or not.
const MostInFlight = 1_000_000

// MostWaiting is how many questions may wait in the lanes of a Sweep, of 64 octets
// each, besides those in flight: for a late reply and for their next attempt, for their
// failure to be believed, or for a TCP connection.
const MostWaiting = 1 << 16

// MaxRetries is the most that [Config].Retries may be: attempts are counted in an
// octet.
const MaxRetries = 254

const (
	defaultTimeout  = 5 * time.Second
	defaultInFlight = 1000
	defaultFloor    = 16

	// maxTCP bounds the TCP connections at a time, and so the descriptors.
	maxTCP = 128

	// largeReply is a reply that is parsed beside few others, in octets.
	largeReply = 4 << 10
	maxLarge   = 4
)

// A Resolver asks its upstreams. Its methods may be called concurrently.
type Resolver struct {
	schedule  schedule
	inFlight  int
	floor     int
	mixCase   bool
	sockets   SocketAPI
	shares    shares
	limiter   *window.Limiter // nil: no limit
	sweepTurn chan struct{}   // held by the question of a sweep that waits for the limiter
	upstreams []*upstream
	rotation  atomic.Uint64
	log       *slog.Logger

	began     time.Time
	lastReply atomic.Int64 // last valid reply of any upstream, in nanoseconds since began
	progress  sweepProgress
	probing   singleflight.Group
	watch     *watcher // nil: nobody watches

	askers     sync.Pool
	tcpSlots   chan struct{} // one element for each TCP connection
	largeSlots chan struct{} // one element for each large reply that is being parsed

	mu         sync.Mutex
	idleRoutes []*routeSet // of lanes that have ended

	ctx        context.Context // of the Resolver: ends with Close
	cancel     context.CancelFunc
	goroutines sync.WaitGroup
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

func (c *Config) check() error {
	switch {
	case len(c.Upstreams) == 0:
		return errors.New("resolver: no upstream to ask")
	case c.Timeout < 0 || c.Retries < 0 || c.InFlight < 0 || c.Floor < 0 || c.Lanes < 0 || c.Ports < 0:
		return errors.New("resolver: timeout, retries, questions in flight, lanes and ports must not be negative")
	case c.InFlight > MostInFlight:
		return fmt.Errorf("resolver: %d questions in flight are more than %d", c.InFlight, MostInFlight)
	case c.Retries > MaxRetries:
		return fmt.Errorf("resolver: %d retries are more than %d", c.Retries, MaxRetries)
	case c.Rate < 0 || math.IsNaN(c.Rate):
		return fmt.Errorf("resolver: %v is not a rate", c.Rate)
	}
	return nil
}

// resolver is a Resolver without upstreams.
func (c *Config) build() (*Resolver, error) {
	r := &Resolver{
		schedule:   schedule{timeout: cmp.Or(c.Timeout, defaultTimeout), attempts: 1 + c.Retries},
		inFlight:   cmp.Or(c.InFlight, defaultInFlight),
		floor:      cmp.Or(c.Floor, defaultFloor),
		mixCase:    c.MixCase,
		sockets:    cmp.Or(c.Sockets, SocketsAuto),
		log:        c.Log,
		began:      time.Now(),
		largeSlots: make(chan struct{}, maxLarge),
	}
	ports := usefulPorts(len(c.Upstreams), portable(r.sockets))
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

// open connects the sockets of one upstream and starts their readers.
func (r *Resolver) openUpstream(addr netip.AddrPort, sockets int) (*upstream, error) {
	u := &upstream{addr: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())}
	u.breaker.canaryWanted = make(chan struct{}, 1)
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

// received counts a datagram of u.
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

// Stats says what each upstream was asked and how it answered, in the order of
// the configuration.
func (r *Resolver) Stats() []UpstreamStats {
	stats := make([]UpstreamStats, len(r.upstreams))
	for i, u := range r.upstreams {
		stats[i] = u.stats()
	}
	return stats
}

// Close ends the questions in flight, which fail as faults of our own, and
// closes the sockets.
func (r *Resolver) Close() error {
	r.cancel()
	for _, u := range r.upstreams {
		u.close()
	}
	r.closeIdle()
	r.goroutines.Wait()
	return nil
}
