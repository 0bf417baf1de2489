package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A job is a domain that needs more than a row of its own.
type job struct {
	slot   int64
	first  firstAnswer
	octets int // of the budget
}

// jobs are the domains that wait for their surveys.
type jobs struct {
	surveyor *surveyor
	slots    *slots
	budget   *budget
	events   chan<- event
	waiting  chan job // never full: each job holds a slot
	fail     context.CancelCauseFunc
	left     atomic.Bool // domains were left without an answer at the end of work
}

// add keeps of an answer what its survey starts from: nothing where too much
// waits already. The question is then asked again. It never waits.
func (j *jobs) add(a *resolver.Answer) {
	job := job{slot: a.Tag, first: firstAnswer{answer: *a}}
	job.first.answer.Msg = nil
	if a.Outcome == resolver.Reply && !j.budget.spent() {
		job.first.reply = mtasts.ReadReply(j.slots.task(a.Tag).name.Domain, a.Msg)
		job.octets = jobOctets + job.first.reply.Octets()
		j.budget.take(job.octets)
	}
	j.surveyor.Stats.surveying.Add(1)
	j.waiting <- job
}

// run surveys, so many at a time, until waiting is closed and empty.
func (j *jobs) run(most int) error {
	var surveys errgroup.Group
	surveys.SetLimit(most)
	for next := range j.waiting {
		surveys.Go(func() error { j.survey(next); return nil })
	}
	return surveys.Wait() // they have no errors of their own: they call fail
}

// survey surveys one domain until it has a row.
func (j *jobs) survey(job job) {
	defer j.surveyor.Stats.surveying.Add(-1)
	defer j.budget.giveBack(job.octets)
	t, p := j.slots.task(job.slot), j.slots.part(job.slot)
	if row, err := p.log.found(&t.name); row != nil || err != nil {
		j.finish(job.slot, outcome{row: row}, err)
		return
	}
	s := &survey{surveyor: j.surveyor, name: &t.name, before: t.before, mayAsk: p.log.begin}
	row, err := s.make(&job.first)
	switch {
	case err == nil:
	case errors.Is(err, errLog):
		j.fail(err)
		return
	case !cutShort(j.surveyor.work):
		j.fail(fmt.Errorf("%w: %s: %w", ErrLocalFault, t.name.Domain, err))
		return
	case row == nil, p.batch.keepsRow(s.asked):
		return // the writer knows what to do with such names
	default:
		row = interrupted(row, t.before)
		j.left.Store(true)
	}
	if row.ObservedAt.IsZero() {
		row.ObservedAt = j.surveyor.rows.observed()
	}
	j.finish(job.slot, outcome{row: row, asked: s.asked, rests: s.rests, fault: s.fault}, p.log.done(row))
}

// finish hands a row over to the writer, which frees its slot, unless the log of
// surveys could not be read or written.
func (j *jobs) finish(slot int64, o outcome, err error) {
	if err != nil {
		j.fail(fmt.Errorf("%w: %w", errLog, err))
		return
	}
	t, p := j.slots.task(slot), j.slots.part(slot)
	j.surveyor.Stats.count(o.row, t.before.again())
	p.batch.finished(t, o)
	octets := o.row.Octets()
	j.budget.take(octets)
	j.events <- event{part: p, slot: slot, row: o.row, octets: octets}
}
