// Package survey makes the row of one Policy Domain, in straight-line code: it ends the lookup of the MTA-STS
// record, retrieves the policy, asks about the mail side and decides (RFC 8461, sections 3 to 5). Of a domain that
// has a provisional row it asks only what the row lacks, and the new row keeps what the first pass saw.
//
// One call is one domain; package pipeline makes very many of them. The package opens no connection of its own. It
// judges no text and no certificate: packages mtasts and egress do.
package survey

import (
	"cmp"
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/starttls"
	"stsscan/internal/suffixes"
)

// A Config is what the surveys of a run share. Client must be set.
type Config struct {
	Client   *mtasts.Client // its Transport finds addresses through [Hosts]
	Suffixes *suffixes.List // one for all surveys of a program; nil: one is made
	Mail     Mail           // what is asked about the mail side
	Common   output.Denial  // what rows of all domains have in common

	// Await waits until there is an upstream to ask. Its error is that of ctx, or says that waiting is of no use.
	// Nil: there always is one.
	Await func(ctx context.Context) error

	Deadline     time.Duration // of a policy retrieval, from its address to its last byte; 0: DefaultDeadline
	LastDeadline time.Duration // the same in the last of several passes, and in [Domain]; 0: DefaultLastDeadline
	Passes       int           // how often a domain is asked, in all, while its failure may mend; 0: 1
	Tries        uint          // of a domain within a pass, while faults of this machine get in the way; 0: 8

	Repass  bool // the domains have rows: questions get more attempts, and surveys wait longer for their turn
	LastTry bool // hosts that are out of reach are not asked again

	LocalFaults *atomic.Int64    // counts faults of this machine; nil: they are not counted
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: silent
}

// What a zero of [Config] stands for.
const (
	DefaultDeadline     = 20 * time.Second
	DefaultLastDeadline = time.Minute // as RFC 8461, section 3.3, suggests
)

// defaultTries is how often a domain is surveyed while faults of this machine get in the way. The waits between add
// up to about 15 s.
const defaultTries = 8

func (c Config) withDefaults() Config {
	if c.Await == nil {
		c.Await = func(context.Context) error { return nil }
	}
	if c.Deadline <= 0 {
		c.Deadline = DefaultDeadline
	}
	if c.LastDeadline <= 0 {
		c.LastDeadline = DefaultLastDeadline
	}
	c.Passes, c.Tries = max(c.Passes, 1), cmp.Or(c.Tries, defaultTries)
	if c.LocalFaults == nil {
		c.LocalFaults = new(atomic.Int64)
	}
	if c.Suffixes == nil {
		c.Suffixes = suffixes.NewList()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// How long a survey waits for its turn at a host. In a first pass the limits of the transport hold.
const (
	turnRepass = time.Minute
	turnAlone  = 24 * time.Hour // there is no other survey
)

// A Surveyor surveys domains, any number at a time.
type Surveyor struct {
	Rows *Rows

	config Config
	work   context.Context // ends questions and surveys
	alone  bool            // there is one domain, and nothing else to do
	turn   time.Duration   // how long a survey waits for its turn; 0: as long as the transport says

	tlsa        tlsaCache
	stalls      stallWatch
	faultsInRow atomic.Int64 // surveys that ended by a fault of this machine, one after the other
	began       time.Time
	loggedFault atomic.Int64 // when a fault of this machine was last logged, 1 + nanoseconds since began; 0: never
}

// New returns a Surveyor whose surveys end with work.
func New(c Config, work context.Context) *Surveyor {
	c = c.withDefaults()
	s := &Surveyor{Rows: newRows(c.Suffixes, c.Common, c.Now), config: c, work: work, began: time.Now()}
	if c.Repass {
		s.turn, s.work = turnRepass, resolver.WithPatience(work)
	}
	return s
}

// Watch looks for times that the process is stopped or starved, until ctx ends.
func (s *Surveyor) Watch(ctx context.Context) { s.stalls.watch(ctx, s.config.Log) }

// An Extent says which domains a question is about.
type Extent uint8

const (
	ExtentRecord Extent = iota // those with an MTA-STS record, good or bad
	ExtentAll                  // every domain
	ExtentNone                 // no domain
)

// covers reports whether a domain with this class of record is one of them.
func (e Extent) covers(record codes.Record) bool {
	switch e {
	case ExtentAll:
		return true
	case ExtentNone:
		return false
	}
	return record == codes.RecordValid || record == codes.RecordInvalid || record == codes.RecordMultiple
}

// A Mail says what is asked about the mail side. The zero value asks for MX hosts, TLSRPT, DANE and wildcards of
// every domain with a record, and connects to no mail server.
type Mail struct {
	MX, TLSRPT, DANE Extent
	Prober           *starttls.Prober // of the MX hosts of domains with a record; nil: none is probed
}

// All reports whether something is asked about every domain, so that a denial of the record makes no row by itself.
func (m Mail) All() bool {
	return m.MX == ExtentAll || m.TLSRPT == ExtentAll || m.DANE == ExtentAll
}
