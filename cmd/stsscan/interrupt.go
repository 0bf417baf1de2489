package main

import (
	"context"
	"fmt"
	"time"

	"stsscan/internal/pipeline"
)

const (
	// sameSignal is how soon after the first a second signal of its kind is the same one: GNU timeout, for
	// one, sends its signal twice.
	sameSignal = time.Second

	// longestStop is how long a scan may go on that was asked to stop. It ends by itself before that,
	// unless it waits for a disk, or whoever writes its list.
	longestStop = 29 * time.Second

	// prepareStop is how long a scan waits for what is not asked of the network.
	prepareStop = 3 * time.Second
)

// errStopped is the end of a scan before its first question.
var errStopped = fmt.Errorf("%w: run the same command again to go on", pipeline.ErrInterrupted)

// errLeftBehind is errStopped where something goes on that may write to the run directory.
var errLeftBehind = fmt.Errorf("%w", errStopped)

// unlessInterrupted is what f returns. Where f still waits a while after ctx has ended, for standard input
// or a disk, it is left behind, and the error is that the scan is interrupted, errLeftBehind: what it
// writes counts only when it is whole. When it comes to its end after all, over is called.
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
