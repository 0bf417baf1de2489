// Package pipeline makes the rows of very many names at a time. The sieve asks one DNS question for each Policy
// Domain (RFC 8461, section 3.1). A plain denial, or silence, becomes a row at once; anything else goes to package
// survey, which makes the row of one domain.
//
// Concurrency is decided here alone, except that package egress bounds the connections. A name holds a slot from
// its admission until the writer has its row, so the number of slots bounds questions, surveys and rows; a budget
// bounds the octets that strangers make of them. A slow disk, a spent budget or a lack of slots stops the admission
// of names, never the reading of answers. Names that only wait for an answer have slots enough.
//
// The package opens no connection and no file of its own: engine, client, names and table are parameters.
package pipeline

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// maxStaged is how many names may be admitted beside those in flight, so that questions of one length leave together.
const maxStaged = 4096

// Run scans the parts that the source hands out.
//
// When ctx ends, no more names are admitted, and what is in flight has a grace of 15 s. Then each name without a
// row gets a provisional one. A part whose names were not all admitted, or whose answers are not vouched for,
// leaves no file. Run returns an error that wraps [ErrInterrupted] within 25 s, and the time that it takes to write
// one part. If the end of ctx has a cause of its own, there is no grace, and Run returns that cause: what is not on
// disk by then is left out.
//
// Any other error is a fault of this machine or of its resolvers, never of a domain. It wraps [ErrLocalFault] if
// there will be no upstream to ask. A fault during one survey is no error: its row waits for [Repass].
func Run(ctx context.Context, config Config) error {
	c := config.withDefaults()
	stop, halt := context.WithCancel(ctx)
	defer halt()
	partSlots := make(chan struct{}, c.MostParts)
	first := &firstPass{
		Parts: c.Source, Chunks: c.Chunks, Stats: c.Stats, stop: stop, openParts: func() int { return len(partSlots) },
	}
	r := &run{config: c, source: first, stop: stop, halt: halt, partSlots: partSlots}
	if err := r.run(); err != nil {
		return err
	}
	if first.rescans.any() {
		return stopped(ctx)
	}
	return nil
}

// A run goes once through the batches of a source. It connects the parts that do the work.
type run struct {
	config    Config
	source    source
	repass    bool            // the domains have rows
	lastTry   bool            // hosts that are out of reach are not asked again
	stop      context.Context // ends admission
	halt      func()          // ends stop
	partSlots chan struct{}   // room for one element for each part that may be open
	total     int64           // number of names; 0: not known
}

func (r *run) run() error {
	c := &r.config
	// Work in flight outlives stop for a while, and ends at once when something fails; the writer then has what is
	// left of the time.
	running, fail := context.WithCancelCause(context.WithoutCancel(r.stop))
	defer fail(nil)
	work, cut := context.WithCancelCause(running)
	defer cut(nil)
	writing, overdue := context.WithCancel(running)
	defer overdue()
	defer c.grace.begin(r.stop, cut, fail, overdue)()

	surveyor := c.surveyor(work, r.repass, r.lastTry)
	clock, stopClock := context.WithCancel(running)
	defer stopClock()
	go surveyor.Watch(clock)

	slots, budget := newSlots(r.slotCount()), new(budget)
	events, zones := newFIFO[event](), new(zones)
	buffers := make(chan []resolver.Answer, 16)
	w := &writer{
		rows: surveyor.Rows, Engine: c.Engine, Dataset: c.Dataset, Stats: c.Stats, Log: c.Log, Wrote: c.Wrote,
		PassDelay: c.PassDelay, OpenParts: c.OpenParts, running: running, writing: writing, fail: fail, slots: slots,
		budget: budget, events: events, partSlots: r.partSlots, buffers: buffers, open: make(map[*part]bool),
	}
	s := &surveys{
		surveyor: surveyor, stats: c.Stats, work: work, slots: slots, budget: budget, events: events, zones: zones,
		queue: newFIFO[job](), unanswered: newFIFO[job](), fail: fail, began: time.Now(),
	}
	a := &admission{
		source: r.source, excluded: c.Excluded, openLog: r.openLog, slots: slots, budget: budget, events: events,
		partSlots: r.partSlots, maxParts: c.OpenParts, stop: r.stop, halt: r.halt, work: work, fail: fail,
	}
	sieve := &sieve{
		admission: a, surveys: s, zones: zones, slots: slots, rows: surveyor.Rows, stats: c.Stats, events: events,
		work: work, denials: !c.Mail.All() && !r.repass, buffers: buffers,
	}

	var writers, workers, measuring errgroup.Group // whose functions have no errors: they call fail
	measurer := r.measurer(surveyor, s, slots.size())
	measurer.begin()
	measured, stopMeasuring := context.WithCancel(running)
	measuring.Go(func() error { measurer.run(measured); return nil })
	defer func() { stopMeasuring(); _ = measuring.Wait() }()
	writers.Go(w.run)
	workers.Go(func() error { return s.run(c.Surveys) })
	workers.Go(s.emitUnanswered)
	if err := c.Engine.Sweep(work, sieve.questions, sieve.answers); err != nil && !cutShort(work) {
		fail(fmt.Errorf("the questions stopped: %w", err))
	}
	a.end()
	s.queue.close()
	s.unanswered.close()
	_ = workers.Wait()
	if cutShort(work) {
		events.push(event{cutShort: true})
	}
	events.close()
	_ = writers.Wait()

	switch cause := context.Cause(running); {
	case cause != nil:
		return cause
	case a.exclusionsErr != nil:
		return a.exclusionsErr
	case a.stopped, w.dropped, w.left, s.left.Load():
		return stopped(r.stop)
	}
	return nil
}

// slotCount is how many names may be under way: those that are staged, in flight, surveyed, and those that wait for
// an answer.
func (r *run) slotCount() int {
	c := &r.config
	n := c.InFlight + min(2*c.InFlight, maxStaged) + 2*c.Surveys + c.maxWaiting
	if r.total > 0 {
		n = int(min(int64(n), r.total))
	}
	return n
}

// measurer measures the run, which has so many slots.
func (r *run) measurer(surveyor *survey.Surveyor, s *surveys, slots int) *measurer {
	c := &r.config
	return &measurer{
		stats: c.Stats, outlook: c.Outlook, longest: surveyor.Longest, latest: s.sinceLatest, patient: r.repass,
		lastPass: r.repass || c.Passes == 1, turn: c.Turn, surveys: c.Surveys, slots: slots, log: c.Log,
	}
}

// openLog opens the log of a part's surveys when it is needed.
func (r *run) openLog(info output.PartInfo) *surveyLog {
	c := &r.config
	return &surveyLog{delay: c.PassDelay, now: c.Now, open: func() (*output.SurveyLog, error) {
		log, err := c.Dataset.Log(info.Part, info.SHA256, c.Now())
		if err == nil && log.Damaged() {
			c.Log.Warn("the log of surveys is damaged: policies that it may have told of wait",
				"part", info.Part, "for", c.PassDelay)
		}
		return log, err
	}}
}
