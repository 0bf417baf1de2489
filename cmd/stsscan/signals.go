package main

import (
	"fmt"
	"os"
	"time"
)

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
