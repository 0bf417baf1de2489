package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

const (
	// crossLookups is how many replies of a cross-check are looked into at a time:
	// an alias can lead to more questions.
	crossLookups = 64
	// crossPatience is how many answers it takes to say that the resolvers do not
	// keep up: when half of them were none, they are asked no further.
	crossPatience = 1000
)

// A CrossConfig is everything that a cross-check needs. The fields without a
// default must be set.
type CrossConfig struct {
	Dataset  *output.Dataset
	Parts    []int         // whose rows are checked: whole, none of them provisional
	Shard    *output.Shard // that the parts are of; nil: the whole run
	Engine   Engine        // that asks resolvers which the run did not ask
	InFlight int           // questions that the engine has in flight
	Share    float64       // of the domains without a record; of those with one, all are checked

	// Excluded gives those who opted out after the names were prepared, as that of
	// [Config] does. Their domains are unanswered: they are not asked for. An error of it ends
	// the cross-check.
	Excluded func() (*domains.Exclusions, error)

	Stats *Stats           // counts the domains that were checked; nil: none
	Now   func() time.Time // nil: time.Now
}

// A crossing is the state of one cross-check.
type crossing struct {
	CrossConfig
	work   context.Context
	giveUp context.CancelCauseFunc

	rows    chan *output.RecordRow // to be checked, read ahead of the questions
	free    chan int64             // tags
	asked   []*output.RecordRow    // by the tag of the question; nil: none
	replies chan crossReply        // to be looked into; never full: each has a tag

	mu     sync.Mutex
	check  output.CrossCheck
	list   disagreements
	none   int64 // without an answer, among the latest
	latest int64 // up to crossPatience
	failed error // last failure of a question
}

// A crossReply is an answer that is more than a plain denial.
type crossReply struct {
	tag   int64
	trace resolver.Trace
	said  *mtasts.FirstReply
}

// read reads the rows that are to be checked, part by part.
func (x *crossing) read(ctx context.Context) error {
	defer close(x.rows)
	wanted := func(domain string, class codes.Record) bool { return output.CrossChecked(domain, class, x.Share) }
	for _, k := range x.Parts {
		if ctx.Err() != nil {
			return nil
		}
		late, err := x.Excluded()
		if err != nil {
			return err
		}
		for row, err := range x.Dataset.Records(k, wanted) {
			if err != nil {
				return err
			}
			if late.Domain(row.Domain) {
				x.mu.Lock()
				x.unanswered(row)
				x.mu.Unlock()
				continue
			}
			apart := *row // it is one of many that were read together
			select {
			case x.rows <- &apart:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// next gives questions, for as many rows as were read and have a tag, unless very many
// replies wait to be looked into.
func (x *crossing) next(into []resolver.Question) (n int, more bool) {
	if len(x.replies) > 2*x.InFlight {
		return 0, true
	}
	for ; n < len(into); n++ {
		var tag int64
		select {
		case tag = <-x.free:
		default:
			return n, true
		}
		select {
		case row, ok := <-x.rows:
			if !ok {
				return n, false
			}
			x.asked[tag] = row
			into[n] = resolver.Question{Label: recordLabel, Name: row.Domain, Type: resolver.TypeTXT, Tag: tag}
		default:
			x.free <- tag
			return n, true
		}
	}
	return n, true
}

// answered takes answers from the engine. It never waits.
func (x *crossing) answered(answers []resolver.Answer) {
	for i := range answers {
		switch a := &answers[i]; a.Outcome {
		case resolver.NXDOMAIN, resolver.NODATA:
			reason := mtasts.NegativeReason(x.asked[a.Tag].Domain, a.Rcode, a.Zone)
			x.settle(a.Tag, mtasts.Lookup{Class: codes.RecordAbsent, Reason: reason}, a.Trace, nil)
		case resolver.Reply:
			x.replies <- crossReply{a.Tag, a.Trace, mtasts.ReadReply(x.asked[a.Tag].Domain, a.Msg)}
		default:
			x.settle(a.Tag, mtasts.Lookup{Class: codes.RecordUnknown}, a.Trace, a.Err)
		}
	}
}

// lookups ends the lookups that replies are the beginning of.
func (x *crossing) lookups() {
	for r := range x.replies {
		lookup, err := r.said.Lookup(resolver.WithTrace(x.work, &r.trace), x.Engine)
		x.settle(r.tag, lookup, r.trace, err)
	}
}

// settle holds a row against what was found, and frees its tag.
func (x *crossing) settle(tag int64, found mtasts.Lookup, trace resolver.Trace, err error) {
	row := x.asked[tag]
	x.asked[tag] = nil
	x.mu.Lock()
	defer x.mu.Unlock()
	x.Stats.crossed.Add(1)
	count := x.count(row)
	count.Checked++
	x.latest++
	kind := compare(row, &found)
	switch {
	case found.Class == codes.RecordUnknown:
		count.Unanswered++
		x.none++
		x.failed = err
	case kind == "":
		count.Agree++
	default:
		count.Disagree++
		x.check.Kinds[kind]++
		x.list.add(row, kind, &found, trace, x.Now())
	}
	if x.latest == crossPatience {
		if x.none > x.latest/2 {
			x.giveUp(fmt.Errorf("%d of %d domains had no answer, the last of them: %w", x.none, x.latest, x.failed))
		}
		x.latest, x.none = 0, 0
	}
	x.free <- tag
}

// count is where a row is counted.
func (x *crossing) count(row *output.RecordRow) *output.CrossCount {
	if codes.Record(row.Record) == codes.RecordAbsent {
		return &x.check.Negatives
	}
	return &x.check.Positives
}

// leave counts what the engine did not answer, because it was given up.
func (x *crossing) leave() {
	for _, row := range x.asked {
		if row != nil {
			x.unanswered(row)
		}
	}
	for row := range x.rows {
		x.unanswered(row)
	}
}

func (x *crossing) unanswered(row *output.RecordRow) {
	count := x.count(row)
	count.Checked++
	count.Unanswered++
	x.Stats.crossed.Add(1)
}

// conclude says what the trouble was.
func (x *crossing) conclude() {
	n, p := &x.check.Negatives, &x.check.Positives
	checked := n.Checked + p.Checked
	switch cause := context.Cause(x.work); {
	case cause != nil:
		x.check.Trouble = cause.Error()
	case checked > 0 && n.Unanswered+p.Unanswered == checked && x.failed != nil:
		x.check.Trouble = x.failed.Error()
	}
	x.check.EndedAt = x.Now().UTC().Truncate(time.Second)
}
