package crosscheck

import (
	"context"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// questions are those about the rows that are checked, from the reading of the row to the answer.
type questions struct {
	config Config
	tally  *tally
	work   context.Context // ends the lookups

	rows    chan *output.RecordRow // to be checked, read ahead of the questions
	free    chan int64             // tags
	asked   []*output.RecordRow    // by the tag of the question; nil: none
	replies chan reply             // to be looked into; never full: each has a tag
}

// A reply is an answer that is more than a plain denial.
type reply struct {
	tag   int64
	trace resolver.Trace
	first *mtasts.FirstReply
}

func newQuestions(c Config, t *tally, work context.Context, staged, slots int) *questions {
	q := &questions{
		config: c, tally: t, work: work, rows: make(chan *output.RecordRow, staged), free: make(chan int64, slots),
		asked: make([]*output.RecordRow, slots), replies: make(chan reply, slots),
	}
	for tag := range slots {
		q.free <- int64(tag)
	}
	return q
}

// read reads the rows to check, part by part.
func (q *questions) read(ctx context.Context) error {
	defer close(q.rows)
	wanted := func(domain string, class codes.Record) bool {
		return output.CrossChecked(domain, class, q.config.Share)
	}
	for _, k := range q.config.Parts {
		if ctx.Err() != nil {
			return nil
		}
		late, err := q.config.Excluded()
		if err != nil {
			return err
		}
		for row, err := range q.config.Dataset.Records(k, wanted) {
			if err != nil {
				return err
			}
			if late.Domain(row.Domain) {
				q.tally.unanswered(row)
				continue
			}
			apart := *row // it is one of many that were read together
			select {
			case q.rows <- &apart:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// next gives questions, for as many rows as were read and have a tag, unless very many replies wait to be looked
// into.
func (q *questions) next(into []resolver.Question) (n int, more bool) {
	if len(q.replies) > 2*q.config.InFlight {
		return 0, true
	}
	for ; n < len(into); n++ {
		var tag int64
		select {
		case tag = <-q.free:
		default:
			return n, true
		}
		select {
		case row, ok := <-q.rows:
			if !ok {
				return n, false
			}
			q.asked[tag] = row
			into[n] = resolver.Question{Label: mtasts.RecordLabel, Name: row.Domain, Type: resolver.TypeTXT, Tag: tag}
		default:
			q.free <- tag
			return n, true
		}
	}
	return n, true
}

// take takes answers from the engine. It never waits.
func (q *questions) take(answers []resolver.Answer) {
	for i := range answers {
		switch a := &answers[i]; a.Outcome {
		case resolver.NXDOMAIN, resolver.NODATA:
			reason := mtasts.NegativeReason(q.asked[a.Tag].Domain, a.Rcode, a.Zone)
			q.finish(a.Tag, mtasts.Lookup{Class: codes.RecordAbsent, Reason: reason}, a.Trace, nil)
		case resolver.Reply:
			q.replies <- reply{a.Tag, a.Trace, mtasts.ReadReply(q.asked[a.Tag].Domain, a.Msg)}
		default:
			q.finish(a.Tag, mtasts.Lookup{Class: codes.RecordUnknown}, a.Trace, a.Err)
		}
	}
}

// finishLookups ends the lookups that began with a reply, one after the other.
func (q *questions) finishLookups() {
	for r := range q.replies {
		found, err := r.first.Lookup(resolver.WithTrace(q.work, &r.trace), q.config.Engine)
		q.finish(r.tag, found, r.trace, err)
	}
}

// finish counts what was found, and frees the tag.
func (q *questions) finish(tag int64, found mtasts.Lookup, trace resolver.Trace, err error) {
	row := q.asked[tag]
	q.asked[tag] = nil
	q.tally.add(row, &found, trace, err)
	q.free <- tag
}

// countRest counts what the engine did not answer, because it was given up.
func (q *questions) countRest() {
	for _, row := range q.asked {
		if row != nil {
			q.tally.unanswered(row)
		}
	}
	for row := range q.rows {
		q.tally.unanswered(row)
	}
}
