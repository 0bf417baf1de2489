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

// A job is an answer that makes no row by itself.
type job struct {
	slot   int64
	first  survey.FirstAnswer
	octets int         // of the budget
	zone   *zoneAnswer // of the zone, which the row lacks; nil: first is of the record
}

// surveys are the domains that wait for their surveys, or are surveyed.
type surveys struct {
	surveyor   *survey.Surveyor
	stats      *Stats
	work       context.Context // ends surveys
	slots      *slots
	budget     *budget
	events     *fifo[event]
	zones      *zones
	queue      *fifo[job] // that wait for a survey
	unanswered *fifo[job] // that leave nothing to ask
	fail       context.CancelCauseFunc
	left       atomic.Bool // domains were left without an answer when work ended
	began      time.Time
	latest     atomic.Int64 // when a survey was begun last, in nanoseconds since began
}

// add keeps of an answer what its survey starts from: nothing where too much waits already, and the survey asks the
// question again. It never waits.
func (s *surveys) add(a *resolver.Answer) {
	job := job{slot: a.Tag, first: survey.FirstAnswer{Answer: *a}}
	t := s.slots.task(job.slot)
	job.first.Answer.Msg = nil
	if a.Outcome == resolver.Reply && !s.budget.spent() {
		job.first.Reply = mtasts.ReadReply(t.name.Domain, a.Msg)
		job.octets = jobOctets + job.first.Reply.Octets()
		s.budget.take(job.octets)
	}
	s.stats.surveying.Add(1)
	if s.surveyor.EndsWith(&job.first, t.previous) {
		s.unanswered.push(job)
	} else {
		s.queue.push(job)
	}
}

// addZone is add for the answer about an SOA.
func (s *surveys) addZone(a *resolver.Answer) {
	zone := readZoneAnswer(a)
	s.unanswered.push(job{slot: a.Tag &^ zoneTag, zone: &zone})
}

// sinceLatest is the time since a survey last began.
func (s *surveys) sinceLatest() time.Duration {
	return time.Since(s.began) - time.Duration(s.latest.Load())
}

// run surveys, so many at a time, until the queue is closed and empty.
func (s *surveys) run(most int) error {
	var group errgroup.Group
	group.SetLimit(most)
	for next := range s.queue.all() {
		group.Go(func() error { s.survey(next); return nil })
	}
	return group.Wait() // they have no errors of their own: they call fail
}

// emitUnanswered makes rows of answers that leave nothing to ask, until unanswered is closed and empty: a domain
// whose resolver timed out waits for no survey.
func (s *surveys) emitUnanswered() error {
	for next := range s.unanswered.all() {
		if next.zone != nil {
			s.emitAfterSOA(next.slot, next.zone)
		} else {
			s.survey(next)
		}
	}
	return nil
}

// awaitSOA keeps a row until there is an answer about the SOA of its domain.
func (s *surveys) awaitSOA(slot int64, result survey.Result) {
	s.budget.take(result.Row.Octets())
	s.slots.keep(slot, result)
	s.zones.add(slot)
}

// emitAfterSOA emits a row that waited for an answer about an SOA.
func (s *surveys) emitAfterSOA(slot int64, zone *zoneAnswer) {
	result := s.slots.kept(slot)
	s.budget.giveBack(result.Row.Octets())
	switch {
	case zone.err != nil && s.work.Err() != nil:
		return // the writer knows what to do with such names
	case zone.err != nil:
		s.surveyor.MakeLocal(result.Row, zone.err)
		result.Fault = fmt.Errorf("%s: %w", result.Row.Domain, zone.err)
	case zone.unreachable(codes.RecordReason(result.Row.RecordReason)):
		result.Row.RecordReason = string(codes.RecordZoneUnreachable)
	}
	s.emit(slot, result)
}

// survey surveys one domain until it has a row.
func (s *surveys) survey(job job) {
	defer s.stats.surveying.Add(-1)
	s.latest.Store(int64(time.Since(s.began)))
	defer s.budget.giveBack(job.octets)
	t, p := s.slots.task(job.slot), s.slots.part(job.slot)
	if row, err := p.log.found(&t.name); row != nil || err != nil {
		s.emitLogged(job.slot, survey.Result{Row: row}, err)
		return
	}
	result, err := s.surveyor.Survey(&t.name, t.previous, &job.first, p.log.begin)
	switch {
	case err == nil:
	case errors.Is(err, errLog):
		s.fail(err)
		return
	case !cutShort(s.work):
		s.fail(fmt.Errorf("%w: %s: %w", ErrLocalFault, t.name.Domain, err))
		return
	case result.Row == nil, p.batch.keepsRow(result.Asked):
		return // the writer knows what to do with such names
	default:
		result.Row = survey.Interrupted(result.Row, t.previous)
		s.left.Store(true)
	}
	if result.Row.ObservedAt.IsZero() {
		result.Row.ObservedAt = s.surveyor.Rows.Observed()
	}
	if err == nil && result.NeedsSOA {
		s.awaitSOA(job.slot, result)
		return
	}
	s.emitLogged(job.slot, result, p.log.done(result.Row))
}

// emitLogged is emit, unless the log of surveys could not be read or written.
func (s *surveys) emitLogged(slot int64, result survey.Result, err error) {
	if err != nil {
		s.fail(err)
		return
	}
	s.emit(slot, result)
}

// emit hands a row to the writer, which frees the slot.
func (s *surveys) emit(slot int64, result survey.Result) {
	t, p := s.slots.task(slot), s.slots.part(slot)
	s.stats.count(result.Row, t.previous.HasRow())
	p.batch.finished(t, result)
	octets := result.Row.Octets()
	s.budget.take(octets)
	s.slots.unwritten.Add(1)
	s.events.push(event{part: p, slot: slot, row: result.Row, octets: octets})
}
