package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// A job is a domain that needs more than a row of its own.
type job struct {
	slot   int64
	first  survey.FirstAnswer
	octets int         // of the budget
	zone   *zoneAnswer // the row waited for it alone; nil: there is no row yet
}

// jobs are the domains that wait for their surveys.
type jobs struct {
	surveyor *survey.Surveyor
	stats    *Stats
	work     context.Context // ends surveys
	slots    *slots
	budget   *budget
	events   *fifo[event]
	zones    *zones
	waiting  *fifo[job] // for a survey
	settling *fifo[job] // that nothing more is asked for
	fail     context.CancelCauseFunc
	left     atomic.Bool // domains were left without an answer at the end of work
	began    time.Time
	latest   atomic.Int64 // when a survey was begun last, in nanoseconds since began
}

// add keeps of an answer what its survey starts from: nothing where too much
// waits already. The question is then asked again. It never waits.
func (j *jobs) add(a *resolver.Answer) {
	job := job{slot: a.Tag, first: survey.FirstAnswer{Answer: *a}}
	t := j.slots.task(job.slot)
	job.first.Answer.Msg = nil
	if a.Outcome == resolver.Reply && !j.budget.spent() {
		job.first.Reply = mtasts.ReadReply(t.name.Domain, a.Msg)
		job.octets = jobOctets + job.first.Reply.Octets()
		j.budget.take(job.octets)
	}
	j.stats.surveying.Add(1)
	if j.surveyor.EndsWith(&job.first, t.before) {
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

// sinceLatest is how long ago a survey was begun last.
func (j *jobs) sinceLatest() time.Duration {
	return time.Since(j.began) - time.Duration(j.latest.Load())
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
func (j *jobs) park(slot int64, o survey.Result) {
	j.budget.take(o.Row.Octets())
	j.slots.park(slot, o)
	j.zones.add(slot)
}

// finishZone ends a row that lacked nothing but what is known of the zone.
func (j *jobs) finishZone(slot int64, zone *zoneAnswer) {
	o := j.slots.parked(slot)
	j.budget.giveBack(o.Row.Octets())
	switch {
	case zone.err != nil && j.work.Err() != nil:
		return // the writer knows what to do with such names
	case zone.err != nil:
		j.surveyor.MakeLocal(o.Row, zone.err)
		o.Fault = fmt.Errorf("%s: %w", o.Row.Domain, zone.err)
	case zone.unreachable(codes.RecordReason(o.Row.RecordReason)):
		o.Row.RecordReason = string(codes.RecordZoneUnreachable)
	}
	j.finish(slot, o)
}

// survey surveys one domain until it has a row.
func (j *jobs) survey(job job) {
	defer j.stats.surveying.Add(-1)
	j.latest.Store(int64(time.Since(j.began)))
	defer j.budget.giveBack(job.octets)
	t, p := j.slots.task(job.slot), j.slots.part(job.slot)
	if row, err := p.log.found(&t.name); row != nil || err != nil {
		j.finishLogged(job.slot, survey.Result{Row: row}, err)
		return
	}
	result, err := j.surveyor.Survey(&t.name, t.before, &job.first, p.log.begin)
	switch {
	case err == nil:
	case errors.Is(err, errLog):
		j.fail(err)
		return
	case !cutShort(j.work):
		j.fail(fmt.Errorf("%w: %s: %w", ErrLocalFault, t.name.Domain, err))
		return
	case result.Row == nil, p.batch.keepsRow(result.Asked):
		return // the writer knows what to do with such names
	default:
		result.Row = survey.Interrupted(result.Row, t.before)
		j.left.Store(true)
	}
	if result.Row.ObservedAt.IsZero() {
		result.Row.ObservedAt = j.surveyor.Rows.Observed()
	}
	if err == nil && result.NeedsSOA {
		j.park(job.slot, result)
		return
	}
	j.finishLogged(job.slot, result, p.log.done(result.Row))
}

// finishLogged finishes unless the log of surveys could not be read or written.
func (j *jobs) finishLogged(slot int64, o survey.Result, err error) {
	if err != nil {
		j.fail(err)
		return
	}
	j.finish(slot, o)
}

// finish hands a row over to the writer, which frees its slot.
func (j *jobs) finish(slot int64, o survey.Result) {
	t, p := j.slots.task(slot), j.slots.part(slot)
	j.stats.count(o.Row, t.before.HasRow())
	p.batch.finished(t, o)
	octets := o.Row.Octets()
	j.budget.take(octets)
	j.slots.unwritten.Add(1)
	j.events.push(event{part: p, slot: slot, row: o.Row, octets: octets})
}
