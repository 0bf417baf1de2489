package pipeline

import (
	"context"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// A sieve asks one question for each Policy Domain, and sorts the answers: a plain denial goes to the writer, which
// makes its row, and anything else to a survey. It is what the Sweep of an engine calls.
type sieve struct {
	admission *admission
	surveys   *surveys
	zones     *zones
	slots     *slots
	rows      *survey.Rows
	stats     *Stats
	events    *fifo[event]
	work      context.Context // ends the questions
	denials   bool            // a denial leaves nothing to ask, and changes no row that is there
	buffers   chan []resolver.Answer
}

// questions gives the next questions: first those for the SOA of zones, which end rows, then those for the records
// of new names. It gives none while every slot is taken, too many parts are open, or too much waits. It reports the
// end once there are no more names and each has its row, or the run ends.
func (s *sieve) questions(into []resolver.Question) (n int, more bool) {
	if s.work.Err() != nil {
		return 0, false
	}
	n = s.zones.take(into, s.slots)
	if !s.admission.done {
		n += s.recordQuestions(into[n:])
	}
	return n, n > 0 || !s.admission.done || s.slots.used() > 0
}

// recordQuestions asks for the records of names, which it admits.
func (s *sieve) recordQuestions(into []resolver.Question) (n int) {
	a := s.admission
	a.why = codes.StandstillWindow // an engine that gets all that it asks for waits for something else
	more := true
	for n < len(into) {
		var tag int64
		if tag, more = a.admit(); tag < 0 {
			break
		}
		t := s.slots.task(tag)
		hasRow := t.previous.HasRow()
		into[n] = resolver.Question{
			Label: mtasts.RecordLabel, Name: t.name.Domain, Type: resolver.TypeTXT, Tag: tag,
			Avoid: t.avoid, Again: hasRow, Patient: hasRow,
		}
		n++
	}
	if !more {
		a.finish()
	}
	s.stats.names.note(n, a.why)
	return n
}

// answers sorts answers. It waits for nothing but the processor: the lanes of the engine must go on reading.
func (s *sieve) answers(answers []resolver.Answer) {
	var denials []resolver.Answer
	for i := range answers {
		answer := &answers[i]
		switch {
		case answer.Tag >= zoneTag:
			s.surveys.addZone(answer)
		case s.denials && (answer.Outcome == resolver.NXDOMAIN || answer.Outcome == resolver.NODATA):
			if len(denials) == cap(denials) {
				s.sendDenials(denials)
				denials = s.buffer(len(answers) - i)
			}
			denials = append(denials, *answer)
		default:
			s.surveys.add(answer)
		}
	}
	s.sendDenials(denials)
}

// buffer has room for n answers, or for as many as one event takes. A small one is made to measure: very many may
// wait for the writer.
func (s *sieve) buffer(n int) []resolver.Answer {
	if n < maxDenials/4 {
		return make([]resolver.Answer, 0, n)
	}
	select {
	case used := <-s.buffers:
		return used
	default:
		return make([]resolver.Answer, 0, maxDenials)
	}
}

// sendDenials hands denials to the writer, if there are any.
func (s *sieve) sendDenials(denials []resolver.Answer) {
	if len(denials) == 0 {
		return
	}
	s.stats.absent.Add(int64(len(denials)))
	s.stats.names.rows.Add(int64(len(denials)))
	s.slots.unwritten.Add(int64(len(denials)))
	s.events.push(event{denials: denials, at: s.rows.Observed()})
}
