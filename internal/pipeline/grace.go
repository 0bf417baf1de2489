package pipeline

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// errCutShort ends the work of a run that was asked to stop some time ago.
var errCutShort = errors.New("cut short: the run was asked to stop")

// An grace is how long a run goes on that was asked to stop. Whoever asks may
// grant half a minute until a kill.
type grace struct {
	inFlight time.Duration // for what is in flight; then it is cut short
	total    time.Duration // for all: a part that is whole later leaves no file
}

func (e grace) withDefaults() grace {
	return grace{inFlight: cmp.Or(e.inFlight, 15*time.Second), total: cmp.Or(e.total, 25*time.Second)}
}

// begin calls cut and then overdue when the time has come, counted from the end of
// ctx. The function that it returns calls that off.
func (e grace) begin(ctx context.Context, cut context.CancelCauseFunc, overdue func()) (off func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(e.inFlight)
		defer timer.Stop()
		select {
		case <-timer.C:
			cut(errCutShort)
		case <-over:
			return
		}
		timer.Reset(e.total - e.inFlight)
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
