package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// ErrInterrupted says that the run was asked to stop: what was in flight is
// finished, or has a provisional row, whole parts are written, and the rest is
// left for a next run.
var ErrInterrupted = errors.New("interrupted")

// ErrLocalFault says that faults of this machine, or of the way to its
// resolvers, kept domains from being surveyed: their rows are provisional, and no
// domain is blamed.
var ErrLocalFault = errors.New("stopped by a fault of this machine")

// errInterrupted is the error of a run that was asked to stop.
func errInterrupted() error {
	return fmt.Errorf("%w: run the same command again to go on", ErrInterrupted)
}

// An Engine asks DNS questions, one at a time and by the million, as
// [resolver.Resolver] does. It knows whether its answers can be believed, and may have
// no upstream to ask for a while; one that does not care embeds [resolver.Unwatched].
type Engine interface {
	mtasts.Exchanger
	Sweep(ctx context.Context, next func(into []resolver.Question) (n int, more bool), yield func([]resolver.Answer)) error
	// Number is the number of an upstream, as the Avoid of a Question wants it; 0: it
	// is none of this Engine's.
	Number(upstream netip.AddrPort) uint16
	// Vouch judges the answers from one moment to another. A part is written when they
	// are believed, and scanned again from its beginning when they are not.
	Vouch(from, to time.Time) resolver.Trust
	// Await waits until there is an upstream to ask. Its error is that of ctx, or says
	// that waiting makes no sense any more.
	Await(ctx context.Context) error
}

// An Outlook tells what the Sweeps of an Engine are at.
type Outlook interface {
	Progress() resolver.Progress
	// Longest is how long a question takes at most that is asked now.
	Longest(patient bool) time.Duration
}

// Chunks are the prepared names, in parts.
type Chunks interface {
	// Open opens the names of part k.
	Open(k int) (Names, error)
	// Ranks gives the first and the last rank of part k.
	Ranks(k int) (first, last int64)
}

// Names are those of one part.
type Names interface {
	// Next fills into with the next names and says how many; io.EOF follows the
	// last one. None and no error means that there may be some later.
	Next(into []domains.Name) (n int, err error)
	Close() error
}

// Prepared are the Chunks of a plan.
func Prepared(plan *domains.Plan) Chunks { return prepared{plan} }

type prepared struct{ *domains.Plan }

func (p prepared) Open(k int) (Names, error) { return p.Plan.Open(k) }

// A Source hands out the parts to scan: those of this machine that have no file
// yet. Next is called from one goroutine; k is -1 where it is not known yet
// whether there is another part, and Next is then asked again soon.
type Source interface {
	Next(ctx context.Context) (k int, ok bool, err error)
}

// A Config is everything that a run needs. The fields without a default must
// be set.
type Config struct {
	Chunks  Chunks
	Source  Source
	Dataset *output.Dataset
	Engine  Engine
	Outlook Outlook        // of Engine; nil: what it does is not known
	Client  *mtasts.Client // its Transport finds addresses through a [Hosts] of the same Engine

	Mail Mail // what is asked about the mail side

	Common output.Lean // what rows of all domains have in common, such as where the run asks from

	// Excluded gives those who opted out after the names were prepared, nil where
	// none did. It is called before each part and each pass: their names get no row,
	// and provisional rows about them become final as they stand. After an error no
	// more names are admitted, what is in flight is finished, and the run ends with it.
	// Nil: none does.
	Excluded func() (*domains.Exclusions, error)

	InFlight     int           // questions in flight; 0: 1000
	Surveys      int           // surveys at a time; 0: 512. Their connections have a limit of their own
	OpenParts    int           // parts that have row groups in memory; 0: by their size, see openParts
	MostParts    int           // parts that are open, most for their last names: each has up to three descriptors; 0: 64
	Turn         time.Duration // for which a survey waits for its turn at a host before it is put off; 0: it does not
	Deadline     time.Duration // of one policy retrieval, address to last byte, but for the last of several passes; 0: 20 s
	LastDeadline time.Duration // that in the last of several passes, and of Survey; 0: one minute, as section 3.3 suggests
	Passes       int           // how often a domain is asked, in all, whose failure may mend; 0: 1
	PassDelay    time.Duration // from the end of one pass over a domain to the next; 0: none

	Stats *Stats                // counters to watch while the run goes on; nil: none
	Wrote func(output.PartInfo) // called after each part, from one goroutine; nil: nothing
	Now   func() time.Time      // nil: time.Now
	Log   *slog.Logger          // nil: silent

	pace   pace   // the zero pace: the usual one
	ending ending // the zero ending: the usual one
	tries  uint   // of a domain at a time, while faults of this machine get in the way; 0: localTries
	waits  int    // names that may wait for an answer besides those in flight; 0: resolver.MostWaiting
}

// A pace is how Later spends its time while domains wait for manners.
type pace struct {
	held  time.Duration // for which an address is left alone that was not to be asked
	visit time.Duration // for which a visit begins with more domains: what it finds is on disk only when it ends
	least time.Duration // between rounds that got nowhere, at first
	most  time.Duration // and at last
}

func (p pace) withDefaults() pace {
	if p == (pace{}) {
		return pace{held: 15 * time.Second, visit: 2 * time.Minute, least: time.Second, most: time.Minute}
	}
	return p
}

// localTries is how often a domain is surveyed while faults of this machine get
// in the way; the waits between add up to about a quarter of a minute.
const localTries = 8

// withDefaults fills the fields that have a default.
func (c Config) withDefaults() Config {
	if c.InFlight <= 0 {
		c.InFlight = 1000
	}
	if c.Surveys <= 0 {
		c.Surveys = mostSurveys
	}
	if c.OpenParts <= 0 && c.Chunks != nil {
		first, last := c.Chunks.Ranks(0)
		c.OpenParts = openParts(last - first + 1)
	}
	if c.MostParts <= 0 {
		c.MostParts = mostParts
	}
	c.OpenParts = min(c.OpenParts, c.MostParts)
	if c.Deadline <= 0 {
		c.Deadline = 20 * time.Second
	}
	if c.LastDeadline <= 0 {
		c.LastDeadline = time.Minute
	}
	if c.Passes <= 0 {
		c.Passes = 1
	}
	c.pace, c.ending = c.pace.withDefaults(), c.ending.withDefaults()
	if c.tries == 0 {
		c.tries = localTries
	}
	if c.waits == 0 {
		c.waits = resolver.MostWaiting
	}
	if c.Stats == nil {
		c.Stats = new(Stats)
	}
	if c.Excluded == nil {
		c.Excluded = func() (*domains.Exclusions, error) { return nil, nil }
	}
	if c.Wrote == nil {
		c.Wrote = func(output.PartInfo) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// mostSurveys bounds the surveys at a time. Many more that begin at once starve the
// process for a moment, and whatever is silent in that moment is asked again.
const mostSurveys = 512

// mostParts bounds the parts that are open, however small they are.
const mostParts = 64

// openParts is how many parts of the given size have row groups in memory: large ones
// few, since each holds up to a row group. A part stays open for as long as its slowest
// survey, or a question that is lost more than once; small ones are many, lest the
// rows of the last domains make row groups of their own.
func openParts(size int64) int {
	// Under way at a time, where four parts are not more: what the sieve asks
	// in two seconds or three.
	const ranks = 1 << 19
	return int(min(max(ranks/size, 4), mostParts))
}
