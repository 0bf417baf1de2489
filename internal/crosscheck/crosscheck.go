// Package crosscheck holds the rows of a finished run against what other resolvers say: it asks them for the
// MTA-STS records that were found, and for a sample of those that were not (RFC 8461, section 3.1), and lists the
// disagreements in a file of the run. It retrieves no policy and changes no row.
package crosscheck

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// lookupsAtATime is how many replies are looked into at a time: an alias can lead to more questions.
const lookupsAtATime = 64

// Run asks other resolvers for the records of rows that are final, and lists the disagreements. The rows on disk
// are the queue: what an earlier process has checked is asked again.
//
// Resolvers that do not answer are no error: what they were asked, and would have been, is unanswered, and the
// result has the trouble. The error is that of ctx, of a file, or of Excluded.
func Run(ctx context.Context, c Config) (*output.CrossCheck, error) {
	c = c.withDefaults()
	work, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	staged := 2 * c.InFlight               // those in flight, too
	slots := staged + resolver.MostWaiting // and those that wait for an answer
	t := newTally(c, giveUp)
	q := newQuestions(c, t, work, staged, slots)
	var reader, workers errgroup.Group
	reader.Go(func() error { return q.read(ctx) })
	for range lookupsAtATime {
		workers.Go(func() error { q.finishLookups(); return nil })
	}
	if err := c.Engine.Sweep(work, q.next, q.take); err != nil {
		giveUp(err) // the lookups, too
	}
	close(q.replies)
	_ = workers.Wait() // they have no errors
	q.countRest()
	switch err := reader.Wait(); {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("cross-check: %w", context.Cause(ctx))
	case err != nil:
		return nil, fmt.Errorf("cross-check: %w", err)
	}
	t.end(context.Cause(work))
	return &t.check, c.Dataset.WriteDisagreements(&t.check, c.Shard, t.list.list)
}
