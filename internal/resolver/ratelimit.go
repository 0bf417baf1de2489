package resolver

import (
	"context"
	"time"
)

// waitForRate waits until the rate limit lets one more question out. The questions of Sweeps wait for each other
// first, so that those of Exchange, whose deadlines are running, never stand behind a thousand of them.
func (r *Resolver) waitForRate(ctx context.Context, sweeping bool) *Error {
	switch {
	case r.ctx.Err() != nil:
		return fault(context.Cause(r.ctx))
	case ctx.Err() != nil:
		return endedBy(ctx)
	case r.limiter == nil:
		return nil
	}
	if sweeping {
		select {
		case r.sweepTurn <- struct{}{}:
			defer func() { <-r.sweepTurn }()
		case <-ctx.Done():
			return endedBy(ctx)
		case <-r.ctx.Done():
			return fault(context.Cause(r.ctx))
		}
	}
	open, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(r.ctx, end)()
	if err := r.limiter.Wait(open); err != nil {
		return fault(err) // the queue was too long, or ended
	}
	return nil
}

// pause waits a tenth of an attempt.
func (r *Resolver) pause(ctx context.Context) {
	select {
	case <-time.After(r.schedule.timeout / 10):
	case <-ctx.Done():
	case <-r.ctx.Done():
	}
}
