// Package pipeline takes names in and gives rows out, very many at a time. The
// sieve asks one DNS question for each Policy Domain; a plain negative becomes
// a row at once, and everything else is a survey: straight-line code that ends
// the lookup, fetches the policy and fills the row (RFC 8461, sections 3.1 to
// 3.3).
//
// Concurrency is decided here and nowhere else. A name holds a slot from its
// admission until its row is with the writer, so the number of slots bounds
// questions, surveys and rows alike, and a budget of octets what strangers make
// of them; a slow disk, a full survey pool or a spent budget stops the admission
// of names, and never the reading of answers.
//
// The package opens no connection and no file of its own: engine, client, names
// and table are handed to it. It judges no text: that is package mtasts.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

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

// An Engine asks DNS questions: one at a time and by the million.
type Engine interface {
	mtasts.Exchanger
	Sweep(ctx context.Context, next func(into []resolver.Question) (n int, more bool), yield func([]resolver.Answer)) error
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
	Client  *mtasts.Client // its Transport finds addresses through a [Hosts] of the same Engine

	Mail Mail // what is asked about the mail side

	// Excluded gives those who opted out after the names were prepared, nil where
	// none did. It is called before each part and each pass: their names get no row,
	// and provisional rows about them become final as they stand. After an error no
	// more names are admitted, what is in flight is finished, and the run ends with it.
	// Nil: none does.
	Excluded func() (*domains.Exclusions, error)

	InFlight  int           // questions in flight; 0: 1000
	Surveys   int           // surveys at a time; 0: 256
	OpenParts int           // parts being written at a time; 0: by their size, see openParts
	MostParts int           // at most, where descriptors are few: each has up to three; 0: 64
	Deadline  time.Duration // of one policy retrieval, from address to last byte, three times as much in the last of several passes; 0: 20 s
	Passes    int           // how often a domain is asked, in all, whose failure may mend; 0: 1
	PassDelay time.Duration // from the end of one pass over a domain to the next; 0: none

	Stats *Stats                // counters to watch while the run goes on; nil: none
	Wrote func(output.PartInfo) // called after each part, from one goroutine; nil: nothing
	Now   func() time.Time      // nil: time.Now
	Log   *slog.Logger          // nil: silent

	pace   pace   // the zero pace: the usual one
	ending ending // the zero ending: the usual one
	tries  uint   // of a domain at a time, while faults of this machine get in the way; 0: localTries
}

// withDefaults fills the fields that have a default.
func (c Config) withDefaults() Config {
	if c.InFlight <= 0 {
		c.InFlight = 1000
	}
	if c.Surveys <= 0 {
		c.Surveys = 256
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
	if c.Passes <= 0 {
		c.Passes = 1
	}
	c.pace, c.ending = c.pace.withDefaults(), c.ending.withDefaults()
	if c.tries == 0 {
		c.tries = localTries
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

// maxStaged is how many names beyond those in flight may be admitted, so that
// questions of one length can leave together.
const maxStaged = 4096

// mostParts bounds the parts that are open, however small they are.
const mostParts = 64

// openParts is how many parts of the given size may be open. A part stays open
// for as long as its slowest survey, or a question that is lost more than once;
// small ones must be many, lest the sieve wait for the last domain of each, and
// large ones few, since each holds up to a row group in memory.
func openParts(size int64) int {
	// Under way at a time, where four parts are not more: what the sieve asks
	// in two seconds or three.
	const ranks = 1 << 19
	return int(min(max(ranks/size, 4), mostParts))
}

// Run scans the parts that the source hands out.
//
// When ctx ends, no more names are admitted, and what is in flight has a grace
// of 15 s. A name that has no row then gets a provisional one, or keeps the one
// that it has; a part whose names were not all admitted, or whose answers are
// not vouched for, leaves no file. Run returns an error that wraps [ErrInterrupted]
// within 25 s, and the time that it takes to write one part.
// Any other error is a fault of this machine or of its resolvers, never of a
// domain. It wraps [ErrLocalFault] where there will never be anybody to ask. A
// fault that a survey met is none: the row waits for [Later].
func Run(ctx context.Context, config Config) error {
	c := config.withDefaults()

	// Work in flight outlives ctx for a while, and ends at once when something
	// fails; the writer then has what is left of the time.
	life, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	defer fail(nil)
	stop, halt := context.WithCancel(ctx)
	defer halt()
	work, cut := context.WithCancelCause(life)
	defer cut(nil)
	writing, overdue := context.WithCancel(life)
	defer overdue()
	defer c.ending.begin(stop, cut, overdue)()

	r := &run{
		rowMaker: newRowMaker(),
		Config:   c,
		began:    time.Now(),
		stop:     stop,
		halt:     halt,
		life:     life,
		work:     work,
		writing:  writing,
		fail:     fail,
		tlsa:     new(tlsaCache),
		slots:    newSlots(c.InFlight + min(2*c.InFlight, maxStaged) + 2*c.Surveys),
		spare:    make(chan []resolver.Answer, 16),
		opening:  make(chan struct{}, c.OpenParts),
	}
	r.voucher, _ = c.Engine.(voucher)
	clock, stopClock := context.WithCancel(life)
	defer stopClock()
	go r.watchClock(clock)
	if l, again := c.Chunks.(*later); again {
		r.again, r.last = true, l.last
		r.patience = patienceAgain
		r.work = resolver.WithPatience(work)
	}
	r.surveys = make(chan job, r.slots.size())
	r.events = make(chan event, r.slots.size())

	var writer errgroup.Group
	writer.Go(r.write)

	var surveyors errgroup.Group
	surveyors.SetLimit(c.Surveys)
	var dispatcher errgroup.Group
	dispatcher.Go(func() error {
		for j := range r.surveys {
			surveyors.Go(func() error { r.survey(j); return nil })
		}
		return surveyors.Wait()
	})

	admission := &admission{run: r}
	if err := c.Engine.Sweep(work, admission.fill, r.answered); err != nil && !r.cutShort() {
		fail(fmt.Errorf("the questions stopped: %w", err))
	}
	admission.end()
	close(r.surveys)
	_ = dispatcher.Wait() // surveys have no errors of their own: they call fail
	if r.cutShort() {
		r.events <- event{rest: true}
	}
	close(r.events)
	_ = writer.Wait() // nor has the writer

	switch cause := context.Cause(life); {
	case cause != nil:
		return cause
	case admission.refused != nil:
		return admission.refused
	case admission.stopped, r.redo.some(), r.unsure.Load(), r.left.Load():
		return fmt.Errorf("%w: run the same command again to go on", ErrInterrupted)
	}
	return nil
}

// A run is the state of one call of Run.
type run struct {
	Config
	stop    context.Context // ends admission
	halt    func()          // ends stop
	work    context.Context // ends questions and surveys, some time after stop
	writing context.Context // ends the writing of parts, some time after that
	life    context.Context // ends everything
	fail    context.CancelCauseFunc
	*rowMaker
	slots   *slots
	tlsa    *tlsaCache
	spare   chan []resolver.Answer // used up
	surveys chan job               // never full: each job holds a slot
	budget  budget
	events  chan event    // to the writer; rows hold slots, so it is hardly ever full
	opening chan struct{} // one element for each open part

	voucher voucher // nil: all answers are believed
	redo    redo
	unsure  atomic.Bool // parts were dropped that were not vouched for in time
	left    atomic.Bool // names were left without an answer at the end of work
	stalls  stallWatch  // times that the process was stopped or starved

	again      bool          // the names are those of visits
	last       bool          // hosts that are out of reach are not asked again
	faults     atomic.Int64  // surveys that ended by a fault of this machine, in a row
	patience   time.Duration // with which surveys wait for their turn; 0: that of the transport
	began      time.Time     //
	complained atomic.Int64  // when a fault of this machine was last logged, 1 + nanoseconds since the run began; 0: never
}

// observed is the time of a row: whole seconds, so that the column stays small.
func (r *run) observed() time.Time { return r.Now().UTC().Truncate(time.Second) }

// finish hands a row over to the writer, which frees its slot.
func (r *run) finish(slot int64, row *output.Row) {
	if row.ObservedAt.IsZero() {
		row.ObservedAt = r.observed()
	}
	p := r.slots.part(slot)
	r.Stats.count(row, p.again())
	p.finished(row)
	octets := row.Octets()
	r.budget.take(octets)
	r.events <- event{part: p, slot: slot, row: row, octets: octets}
}
