package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"stsscan/internal/pipeline"
)

const (
	// sameSignal is how soon after the first a second signal of its kind is the
	// same one: GNU timeout, for one, sends its signal twice.
	sameSignal = time.Second

	// longestStop is how long a scan may go on that was asked to stop. It ends by
	// itself before that, unless it waits for a disk, or whoever writes its list.
	longestStop = 29 * time.Second

	// prepareStop is how long a scan waits for what is not asked of the network.
	prepareStop = 3 * time.Second
)

// errStopped is the end of a scan before its first question.
var errStopped = fmt.Errorf("%w: run the same command again to go on", pipeline.ErrInterrupted)

// errLeftBehind is errStopped where something goes on that may write to the run
// directory.
var errLeftBehind = fmt.Errorf("%w", errStopped)

// A grace is how long a command goes on after the first signal, and its status
// when that was not enough.
type grace struct {
	time   time.Duration // 0: it ends at once
	status int
}

// graceOf is that of a command line. Commands that write nothing but their output
// have none.
func graceOf(args []string) grace {
	cmd, _, err := newRoot(streams{}).Find(args)
	if err != nil {
		return grace{0, exitInterrupted}
	}
	switch cmd.Name() {
	case "scan", "demo":
		return grace{longestStop, exitIncomplete}
	case "simnet":
		return grace{5 * time.Second, exitInterrupted} // it says what it served, and removes its files
	}
	return grace{0, exitInterrupted}
}

// awaitSignals calls stop at the first signal, and returns when the process is to
// end at once, with the status and the words for it: parts are whole or not there
// at any moment, so nothing is lost.
func awaitSignals(signals <-chan os.Signal, g grace, stop func()) (status int, words string) {
	first := <-signals
	if g.time == 0 {
		return g.status, "interrupted"
	}
	stop()
	at := time.Now()
	limit := time.NewTimer(g.time)
	defer limit.Stop()
	for {
		select {
		case second := <-signals:
			if second != first || time.Since(at) >= sameSignal {
				return exitInterrupted, "interrupted twice: run the same command again to go on"
			}
		case <-limit.C:
			return g.status, fmt.Sprintf("interrupted, and not done after %v", g.time)
		}
	}
}

// unlessInterrupted is what f returns. Where f still waits a while after ctx has
// ended, for standard input or a disk, it is left behind, and the error is that the
// scan is interrupted, errLeftBehind: what it writes counts only when it is whole.
// When it comes to its end after all, over is called.
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
