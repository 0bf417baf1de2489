package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// A job is a domain that needs more than a row of its own.
type job struct {
	slot   int64
	first  firstAnswer
	octets int         // of the budget
	zone   *zoneAnswer // the row waited for it alone; nil: there is no row yet
}

// jobs are the domains that wait for their surveys.
type jobs struct {
	surveyor *surveyor
	slots    *slots
	budget   *budget
	events   *fifo[event]
	zones    *zones
	waiting  *fifo[job] // for a survey
	settling *fifo[job] // that nothing more is asked for
	fail     context.CancelCauseFunc
	left     atomic.Bool // domains were left without an answer at the end of work
}

// add keeps of an answer what its survey starts from: nothing where too much
// waits already. The question is then asked again. It never waits.
func (j *jobs) add(a *resolver.Answer) {
	job := job{slot: a.Tag, first: firstAnswer{answer: *a}}
	t := j.slots.task(job.slot)
	job.first.answer.Msg = nil
	if a.Outcome == resolver.Reply && !j.budget.spent() {
		job.first.reply = mtasts.ReadReply(t.name.Domain, a.Msg)
		job.octets = jobOctets + job.first.reply.Octets()
		j.budget.take(job.octets)
	}
	j.surveyor.Stats.surveying.Add(1)
	if j.surveyor.endsWith(&job.first, t.before) {
		j.settling.push(job)
	} else {
		j.waiting.push(job)
	}
}

// addZone takes the answer about a zone, as add does.
func (j *jobs) addZone(a *resolver.Answer) {
	zone := judgeZone(a)
	j.settling.push(job{slot: a.Tag &^ zoneTag, zone: &zone})
}

// run surveys, so many at a time, until waiting is closed and empty.
func (j *jobs) run(most int) error {
	var surveys errgroup.Group
	surveys.SetLimit(most)
	for next := range j.waiting.all() {
		surveys.Go(func() error { j.survey(next); return nil })
	}
	return surveys.Wait() // they have no errors of their own: they call fail
}

// settle makes rows of answers that leave nothing to ask, until settling is closed and
// empty: a domain whose resolver timed out waits for no survey.
func (j *jobs) settle() error {
	for next := range j.settling.all() {
		if next.zone != nil {
			j.finishZone(next.slot, next.zone)
		} else {
			j.survey(next)
		}
	}
	return nil
}

// park lets a row wait for what is known of its zone.
func (j *jobs) park(slot int64, o outcome) {
	j.budget.take(o.row.Octets())
	j.slots.park(slot, o)
	j.zones.add(slot)
}

// finishZone ends a row that lacked nothing but what is known of the zone.
func (j *jobs) finishZone(slot int64, zone *zoneAnswer) {
	o := j.slots.parked(slot)
	j.budget.giveBack(o.row.Octets())
	switch {
	case zone.err != nil && j.surveyor.work.Err() != nil:
		return // the writer knows what to do with such names
	case zone.err != nil:
		j.surveyor.await(o.row, zone.err)
		o.fault = fmt.Errorf("%s: %w", o.row.Domain, zone.err)
	case zone.unreachable(codes.RecordReason(o.row.RecordReason)):
		o.row.RecordReason = string(codes.RecordZoneUnreachable)
	}
	j.finish(slot, o)
}

// survey surveys one domain until it has a row.
func (j *jobs) survey(job job) {
	defer j.surveyor.Stats.surveying.Add(-1)
	j.surveyor.begins()
	defer j.budget.giveBack(job.octets)
	t, p := j.slots.task(job.slot), j.slots.part(job.slot)
	if row, err := p.log.found(&t.name); row != nil || err != nil {
		j.finishLogged(job.slot, outcome{row: row}, err)
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
	o := outcome{row: row, asked: s.asked, rests: s.rests, fault: s.fault}
	if err == nil && s.zone {
		j.park(job.slot, o)
		return
	}
	j.finishLogged(job.slot, o, p.log.done(row))
}

// finishLogged finishes unless the log of surveys could not be read or written.
func (j *jobs) finishLogged(slot int64, o outcome, err error) {
	if err != nil {
		j.fail(fmt.Errorf("%w: %w", errLog, err))
		return
	}
	j.finish(slot, o)
}

// finish hands a row over to the writer, which frees its slot.
func (j *jobs) finish(slot int64, o outcome) {
	t, p := j.slots.task(slot), j.slots.part(slot)
	j.surveyor.Stats.count(o.row, t.before.again())
	p.batch.finished(t, o)
	octets := o.row.Octets()
	j.budget.take(octets)
	j.slots.unwritten.Add(1)
	j.events.push(event{part: p, slot: slot, row: o.row, octets: octets})
}
