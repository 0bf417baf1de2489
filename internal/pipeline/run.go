// Package pipeline takes names in and gives rows out, very many at a time. The
// sieve asks one DNS question for each Policy Domain; a plain negative, or silence,
// becomes a row at once, and everything else is a survey: straight-line code that ends
// the lookup, fetches the policy and fills the row (RFC 8461, sections 3.1 to
// 3.3).
//
// Concurrency is decided here and nowhere else, but for the connections, which package
// egress bounds. A name holds a slot from its admission until its row is with the
// writer, so the number of slots bounds questions, surveys and rows alike, and a budget
// of octets what strangers make of them. A slow disk, a spent budget or a want of slots
// stops the admission of names, and never the reading of answers; what only waits for an
// answer has slots enough to stop nothing.
//
// The package opens no connection and no file of its own: engine, client, names
// and table are handed to it. It judges no text: that is package mtasts.
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

// maxStaged is how many names beyond those in flight may be admitted, so that
// questions of one length can leave together.
const maxStaged = 4096

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
	stop, halt := context.WithCancel(ctx)
	defer halt()
	opening := make(chan struct{}, c.MostParts)
	first := &firstPass{
		Parts: c.Source, Chunks: c.Chunks, Stats: c.Stats, stop: stop, unsure: func() int { return len(opening) },
	}
	r := &run{Config: c, source: first, stop: stop, halt: halt, opening: opening}
	if err := r.run(); err != nil {
		return err
	}
	if first.redo.some() {
		return errInterrupted()
	}
	return nil
}

// A run is one time through the batches of a source. It wires what does the work.
type run struct {
	Config
	source  source
	again   bool            // its domains have rows
	last    bool            // hosts that are out of reach are not asked again
	stop    context.Context // ends admission
	halt    func()          // ends stop
	opening chan struct{}   // room for one element for each part that may be open
	most    int64           // names that there are; 0: it is not known
}

func (r *run) run() error {
	// Work in flight outlives stop for a while, and ends at once when something
	// fails; the writer then has what is left of the time.
	life, fail := context.WithCancelCause(context.WithoutCancel(r.stop))
	defer fail(nil)
	work, cut := context.WithCancelCause(life)
	defer cut(nil)
	writing, overdue := context.WithCancel(life)
	defer overdue()
	defer r.ending.begin(r.stop, cut, overdue)()

	surveyor := r.surveyor(work, r.again, r.last)
	clock, stopClock := context.WithCancel(life)
	defer stopClock()
	go surveyor.Watch(clock)

	slots, budget := newSlots(r.names()), new(budget)
	events, zones := newFIFO[event](), new(zones)
	spare := make(chan []resolver.Answer, 16)
	w := &writer{
		rows: surveyor.Rows, Engine: r.Engine, Dataset: r.Dataset, Stats: r.Stats, Log: r.Log, Wrote: r.Wrote,
		PassDelay: r.PassDelay, OpenParts: r.OpenParts, life: life, writing: writing, fail: fail, slots: slots,
		budget: budget, events: events, opening: r.opening, used: spare, open: make(map[*part]bool),
	}
	j := &jobs{
		surveyor: surveyor, stats: r.Stats, work: work, slots: slots, budget: budget, events: events, zones: zones,
		waiting: newFIFO[job](), settling: newFIFO[job](), fail: fail, began: time.Now(),
	}
	a := &admission{
		source: r.source, excluded: r.Excluded, openLog: r.openLog, slots: slots, budget: budget, events: events,
		zones: zones, opening: r.opening, most: r.OpenParts, stop: r.stop, halt: r.halt, work: work, fail: fail,
		flow: &r.Stats.flow,
	}
	measurer := r.measurer(surveyor, j, slots.size())
	answers := &answers{
		jobs: j, rows: surveyor.Rows, stats: r.Stats, events: events, quick: !r.Mail.All() && !r.again, spare: spare,
	}

	var writers, workers errgroup.Group // whose functions have no errors: they call fail
	var measuring errgroup.Group
	measurer.begin()
	watch, enough := context.WithCancel(life)
	measuring.Go(func() error { measurer.run(watch); return nil })
	defer func() { enough(); _ = measuring.Wait() }()
	writers.Go(w.run)
	workers.Go(func() error { return j.run(r.Surveys) })
	workers.Go(j.settle)
	if err := r.Engine.Sweep(work, a.fill, answers.take); err != nil && !cutShort(work) {
		fail(fmt.Errorf("the questions stopped: %w", err))
	}
	a.end()
	j.waiting.close()
	j.settling.close()
	_ = workers.Wait()
	if cutShort(work) {
		events.push(event{rest: true})
	}
	events.close()
	_ = writers.Wait()

	switch cause := context.Cause(life); {
	case cause != nil:
		return cause
	case a.refused != nil:
		return a.refused
	case a.stopped, w.unsure, w.left, j.left.Load():
		return errInterrupted()
	}
	return nil
}

// names is how many names may be under way: those that are staged, in flight, surveyed,
// and those that wait for an answer.
func (r *run) names() int {
	n := r.InFlight + min(2*r.InFlight, maxStaged) + 2*r.Surveys + r.waits
	if r.most > 0 {
		n = int(min(int64(n), r.most))
	}
	return n
}

// measurer measures the run, of which so many names may be under way.
func (r *run) measurer(surveyor *survey.Surveyor, j *jobs, slots int) *measurer {
	return &measurer{
		stats: r.Stats, outlook: r.Outlook, longest: surveyor.Longest, latest: j.sinceLatest, patient: r.again,
		lastPass: r.again || r.Passes == 1, turn: r.Turn, surveys: r.Surveys, slots: slots, log: r.Log,
	}
}

// openLog is the log of a part's surveys.
func (r *run) openLog(info output.PartInfo) *surveyLog {
	return &surveyLog{delay: r.PassDelay, now: r.Now, open: func() (*output.SurveyLog, error) {
		log, err := r.Dataset.Log(info.Part, info.SHA256, r.Now())
		if err == nil && log.Damaged() {
			r.Log.Warn("the log of surveys is damaged: policies that it may have told of wait",
				"part", info.Part, "for", r.PassDelay)
		}
		return log, err
	}}
}
