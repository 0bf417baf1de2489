package main

import (
	"context"
	"fmt"
	"stsscan/internal/rundir"
	"time"
)

const (
	// sameSignal is the time within which two equal signals count as one: GNU timeout sends its signal twice.
	sameSignal = time.Second

	// longestStop is how long a scan may take to stop. It is quicker, unless it waits for a disk or for
	// standard input.
	longestStop = 29 * time.Second

	// prepareStop is how long a stopped scan waits for its prepare step.
	prepareStop = 3 * time.Second
)

// errLeftBehind is rundir.ErrStopped while a function continues that may write to the run directory.
var errLeftBehind = fmt.Errorf("%w", rundir.ErrStopped)

// unlessInterrupted returns what f returns. If f does not return within prepareStop after ctx has ended, as
// it waits for standard input or a disk, the error is errLeftBehind, and over is called once f returns. What
// f writes meanwhile counts only once it is whole.
func unlessInterrupted[T any](ctx context.Context, over func(), f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	limit := time.NewTimer(prepareStop)
	defer limit.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-limit.C:
		go func() { <-done; over() }()
		var none T
		return none, exitOf(errLeftBehind)
	}
}
