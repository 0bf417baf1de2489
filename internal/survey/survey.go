// Package survey takes one Policy Domain from the first answer about its MTA-STS
// record to its row: straight-line code that ends the lookup, retrieves the policy,
// asks about the mail side and decides (RFC 8461, sections 3 to 5). A domain may have
// been asked before: then only what its row lacks is asked again, and the new row
// keeps what the first pass saw.
//
// The package opens no connection of its own, and bounds no concurrency: one call is
// one domain. Package pipeline calls it for very many. It judges no text and no
// certificate: packages mtasts and egress do.
package survey

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A Config is what the surveys of a run share. Client must be set.
type Config struct {
	Client *mtasts.Client // its Transport finds addresses through [Hosts]
	Mail   Mail           // what is asked about the mail side

	// Await waits until there is an upstream to ask. Its error is that of ctx, or says
	// that waiting makes no sense any more. Nil: there always is one.
	Await func(ctx context.Context) error

	Deadline     time.Duration // of one policy retrieval, address to last byte, but for the last of several passes; 0: 20 s
	LastDeadline time.Duration // that in the last of several passes, and of [Domain]; 0: one minute, as section 3.3 suggests
	Passes       int           // how often a domain is asked, in all, whose failure may mend; 0: 1
	Tries        uint          // of a domain at a time, while faults of this machine get in the way; 0: 8

	Repass  bool // the domains have rows: each question has more attempts, and a survey waits longer for its turn
	LastTry bool // hosts that are out of reach are not asked again

	LocalFaults *atomic.Int64    // counts faults of this machine; nil: nothing does
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: silent
}

// defaultTries is how often a domain is surveyed while faults of this machine get
// in the way; the waits between add up to about a quarter of a minute.
const defaultTries = 8

func (c Config) withDefaults() Config {
	if c.Await == nil {
		c.Await = func(context.Context) error { return nil }
	}
	if c.Deadline <= 0 {
		c.Deadline = 20 * time.Second
	}
	if c.LastDeadline <= 0 {
		c.LastDeadline = time.Minute
	}
	c.Passes, c.Tries = max(c.Passes, 1), cmp.Or(c.Tries, defaultTries)
	if c.LocalFaults == nil {
		c.LocalFaults = new(atomic.Int64)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// How long a survey waits for its turn at a Policy Host: one that comes back for what
// was put off, and the only one there is. Others are put off by the transport's own
// limits.
const (
	turnRepass = time.Minute
	turnAlone  = 24 * time.Hour
)

// A Surveyor surveys domains, any number at a time.
type Surveyor struct {
	Rows *Rows

	config Config
	work   context.Context // ends questions and surveys
	alone  bool            // there is one domain, and nothing else to do
	turn   time.Duration   // that a survey waits for, at a host; 0: that of the transport

	tlsa        tlsaCache
	stalls      stallWatch   // times that the process was stopped or starved
	faultsInRow atomic.Int64 // surveys that ended by a fault of this machine, one after the other
	began       time.Time
	loggedFault atomic.Int64 // when a fault of this machine was last logged, 1 + nanoseconds since began; 0: never
}

// New returns a Surveyor whose surveys end with work.
func New(c Config, work context.Context) *Surveyor {
	c = c.withDefaults()
	s := &Surveyor{Rows: NewRows(c.Now), config: c, work: work, began: time.Now()}
	if c.Repass {
		s.turn, s.work = turnRepass, resolver.WithPatience(work)
	}
	return s
}

// Watch looks for times that the process is stopped or starved, until ctx ends.
func (s *Surveyor) Watch(ctx context.Context) { s.stalls.watch(ctx, s.config.Log) }
