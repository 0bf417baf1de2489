package pipeline

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// CrossCheck asks other resolvers for the records of rows that are final, and lists
// the disagreements in a file of the run. It changes no row. The rows on disk
// are the queue: what an earlier process came to is asked again.
//
// Resolvers that do not answer are no error: what they were asked, and would have
// been, is unanswered, and the trouble is told. The error is that of a file, or
// wraps [ErrInterrupted] when ctx has ended.
func CrossCheck(ctx context.Context, c CrossConfig) (*output.CrossCheck, error) {
	if c.Stats == nil {
		c.Stats = new(Stats)
	}
	if c.Excluded == nil {
		c.Excluded = func() (*domains.Exclusions, error) { return nil, nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	work, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	staged := 2 * c.InFlight               // those in flight, too
	slots := staged + resolver.MostWaiting // and those that wait for an answer
	x := &crossing{
		CrossConfig: c, work: work, giveUp: giveUp,
		rows: make(chan *output.RecordRow, staged), asked: make([]*output.RecordRow, slots),
		free: make(chan int64, slots), replies: make(chan crossReply, slots),
		check: output.CrossCheck{Share: c.Share, Kinds: make(map[output.CrossDifference]int64)},
	}
	for tag := range slots {
		x.free <- int64(tag)
	}
	var reader, workers errgroup.Group
	reader.Go(func() error { return x.read(ctx) })
	for range crossLookups {
		workers.Go(func() error { x.lookups(); return nil })
	}
	if err := c.Engine.Sweep(work, x.next, x.answered); err != nil {
		giveUp(err) // the lookups, too
	}
	close(x.replies)
	_ = workers.Wait() // they have no errors
	x.leave()
	switch err := reader.Wait(); {
	case ctx.Err() != nil:
		return nil, errInterrupted()
	case err != nil:
		return nil, fmt.Errorf("cross-check: %w", err)
	}
	x.conclude()
	return &x.check, c.Dataset.WriteDisagreements(&x.check, c.Shard, x.list.list)
}
