package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrInterrupted says that the run was asked to stop. What was in flight is finished or has a provisional row,
// whole parts are written, and the rest is left to the next run.
var ErrInterrupted = errors.New("interrupted")

// errInterrupted is the error of a run that was asked to stop.
func errInterrupted() error {
	return fmt.Errorf("%w: run the same command again to go on", ErrInterrupted)
}

// stopped is the error of a run whose context has ended: the cause, where that has one of its own.
func stopped(ctx context.Context) error { return cmp.Or(ownCause(ctx), errInterrupted()) }

// ownCause is the cause of a context that did not end for a wish to stop: a fault, after which nothing may go on.
func ownCause(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != context.Canceled && cause != context.DeadlineExceeded {
		return cause
	}
	return nil
}

// errCutShort ends the work of a run that was asked to stop some time ago.
var errCutShort = errors.New("cut short: the run was asked to stop")

// A grace is how long a run goes on after it was asked to stop. A service manager may kill it after half a minute.
type grace struct {
	inFlight time.Duration // of what is in flight; then it is cut short
	total    time.Duration // of all: a part that is whole later leaves no file
}

func (g grace) withDefaults() grace {
	return grace{inFlight: cmp.Or(g.inFlight, 15*time.Second), total: cmp.Or(g.total, 25*time.Second)}
}

// begin calls cut and then overdue, at their times after the end of ctx; or, if that has a cause of its own, fail at
// once. The function that it returns stops that.
func (g grace) begin(ctx context.Context, cut, fail context.CancelCauseFunc, overdue func()) (off func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		if cause := ownCause(ctx); cause != nil {
			fail(cause)
			return
		}
		timer := time.NewTimer(g.inFlight)
		defer timer.Stop()
		select {
		case <-timer.C:
			cut(errCutShort)
		case <-over:
			return
		}
		timer.Reset(g.total - g.inFlight)
		select {
		case <-timer.C:
			overdue()
		case <-over:
		}
	})
	return func() { stop(); close(over) }
}

// cutShort reports whether work was ended because the run was asked to stop.
func cutShort(work context.Context) bool { return errors.Is(context.Cause(work), errCutShort) }
