package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/suffixes"
	"stsscan/internal/survey"
)

// ErrLocalFault says that faults of this machine, or of the way to its resolvers, kept domains from being surveyed.
// Their rows are provisional, and no domain is blamed.
var ErrLocalFault = errors.New("stopped by a fault of this machine")

// An Engine asks DNS questions, one at a time and by the million, as [resolver.Resolver] does. It knows whether its
// answers can be trusted, and may have no upstream to ask for a while. One that watches no upstreams embeds
// [resolver.Unwatched].
type Engine interface {
	mtasts.Exchanger
	Sweep(ctx context.Context, next func(into []resolver.Question) (n int, more bool), yield func([]resolver.Answer)) error
	// Number is the number of an upstream, for the Avoid of a Question; 0: it is none of this Engine's.
	Number(upstream netip.AddrPort) uint16
	// Vouch judges the answers from one moment to another. A part is written if they are trusted, and scanned again
	// if they are not.
	Vouch(from, to time.Time) resolver.Trust
	// Await waits until there is an upstream to ask. Its error is that of ctx, or says that waiting is of no use.
	Await(ctx context.Context) error
}

// An Outlook says how far the Sweeps of an Engine are.
type Outlook interface {
	Progress() resolver.Progress
	// Longest is how long a question that is asked now takes at most.
	Longest(patient bool) time.Duration
}

// Chunks are the prepared names, in parts.
type Chunks interface {
	// Open opens the names of part k.
	Open(k int) (Names, error)
	// Ranks gives the first and the last rank of part k.
	Ranks(k int) (first, last int64)
}

// Names are the names of one part.
type Names interface {
	// Next fills into with the next names and returns their number; io.EOF follows the last name. No name and no
	// error means that there may be some later.
	Next(into []domains.Name) (n int, err error)
	Close() error
}

// Prepared are the Chunks of a plan.
func Prepared(plan *domains.Plan) Chunks { return prepared{plan} }

type prepared struct{ plan *domains.Plan }

func (p prepared) Open(k int) (Names, error)       { return p.plan.Open(k) }
func (p prepared) Ranks(k int) (first, last int64) { return p.plan.Ranks(k) }

// A Source hands out the parts to scan: those of this machine that have no file yet. Next is called from one
// goroutine. k is -1 while it is not known whether there is another part; Next is then called again soon.
type Source interface {
	Next(ctx context.Context) (k int, ok bool, err error)
}

// A Config is everything that a run needs. Fields without a default must be set.
type Config struct {
	Chunks  Chunks
	Source  Source
	Dataset *output.Dataset
	Engine  Engine
	Outlook Outlook        // of Engine; nil: not known
	Client  *mtasts.Client // its Transport finds addresses through a [survey.Hosts] of the same Engine

	Mail survey.Mail // what is asked about the mail side

	Suffixes *suffixes.List // one for all runs and surveys of a program; nil: one is made

	Common output.Denial // what rows of all domains have in common, such as where the run asks from

	// Excluded returns the opt-outs since the names were prepared; nil: there are none. It is called before each
	// part and each pass: such names get no row, and provisional rows about them become final as they stand. After
	// an error no more names are admitted, what is in flight is finished, and the run ends with the error. A nil
	// Excluded: none.
	Excluded func() (*domains.Exclusions, error)

	InFlight     int           // questions in flight; 0: resolver.DefaultInFlight
	Surveys      int           // surveys at a time; 0: 512. Their connections have a limit of their own
	OpenParts    int           // parts that have row groups in memory; 0: by their size, see openParts
	MostParts    int           // open parts, each with up to three descriptors; most wait for their last names; 0: 64
	Turn         time.Duration // how long a survey waits for its turn at a host before it is put off; 0: not at all
	Deadline     time.Duration // of a policy retrieval, from its address to its last byte; 0: survey.DefaultDeadline
	LastDeadline time.Duration // the same in the last of several passes; 0: survey.DefaultLastDeadline
	Passes       int           // how often a domain is asked, in all, while its failure may mend; 0: 1
	PassDelay    time.Duration // from the end of one pass over a domain to the next; 0: none

	Stats *Stats                // counts what is done; nil: not needed
	Wrote func(output.PartInfo) // called after each part, from one goroutine; nil: nothing
	Now   func() time.Time      // nil: time.Now
	Log   *slog.Logger          // nil: silent

	intervals  intervals // zero: the usual ones
	grace      grace     // zero: the usual one
	tries      uint      // of a survey.Config; 0: the usual number
	maxWaiting int       // names that may wait for an answer beside those in flight; 0: resolver.MostWaiting
}

// intervals are the times of Repass while domains wait for manners.
type intervals struct {
	hold     time.Duration // how long an address that put a domain off is left alone
	revisit  time.Duration // how long a revisit begins with more domains: its rows are on disk only when it ends
	minPause time.Duration // between rounds without progress, at first
	maxPause time.Duration // and in the end
}

func (i intervals) withDefaults() intervals {
	if i == (intervals{}) {
		return intervals{hold: 15 * time.Second, revisit: 2 * time.Minute, minPause: time.Second, maxPause: time.Minute}
	}
	return i
}

// surveyor makes the surveys of a run, or of a round of provisional rows.
func (c *Config) surveyor(work context.Context, repass, last bool) *survey.Surveyor {
	return survey.New(survey.Config{
		Client: c.Client, Suffixes: c.Suffixes, Mail: c.Mail, Common: c.Common, Await: c.Engine.Await,
		Deadline: c.Deadline, LastDeadline: c.LastDeadline, Passes: c.Passes, Tries: c.tries, Repass: repass, LastTry: last, LocalFaults: &c.Stats.localFaults,
		Now: c.Now, Log: c.Log,
	}, work)
}

// withDefaults fills the fields that have a default.
func (c Config) withDefaults() Config {
	if c.InFlight <= 0 {
		c.InFlight = resolver.DefaultInFlight
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
	if c.Passes <= 0 {
		c.Passes = 1
	}
	c.intervals, c.grace = c.intervals.withDefaults(), c.grace.withDefaults()
	if c.maxWaiting == 0 {
		c.maxWaiting = resolver.MostWaiting
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

// mostSurveys bounds the surveys at a time. Many more at once starve the process for a moment, and what is silent
// in that moment is asked again.
const mostSurveys = 512

// mostParts bounds the open parts, however small they are.
const mostParts = 64

// openParts is how many parts of the given size have row groups in memory. Large ones are few, since each holds up
// to a row group. Small ones are many: a part stays open until its slowest survey ends, and the rows of the last
// domains should not make row groups of their own.
func openParts(size int64) int {
	// Names under way at a time, unless four parts have more: two or three seconds of the sieve.
	const ranks = 1 << 19
	return int(min(max(ranks/size, 4), mostParts))
}
