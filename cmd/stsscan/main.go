// Command stsscan surveys MTA-STS (RFC 8461) over long lists of domains.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "stsscan/internal/descriptors" // ends a process with too few for the Go runtime
	"stsscan/internal/terminal"
)

func main() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	console := terminal.NewConsole(os.Stderr)
	std := streams{in: os.Stdin, out: os.Stdout, err: console}
	args := os.Args[1:]
	go func() {
		status, words := awaitSignals(signals, graceOf(args), stop)
		console.Close()
		console.Fail(words)
		os.Exit(status)
	}()
	os.Exit(run(ctx, std, args))
}

// run is the program. It returns the exit status.
func run(ctx context.Context, std streams, args []string) int {
	console := std.console()
	std.err = console // one for all who write to it
	console.SetFormat(terminal.FormatOf(args))
	root := newRoot(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	console.Fail(err.Error())
	var status *statusError
	if errors.As(err, &status) {
		return status.status
	}
	return exitFailed
}

// A grace is how long a command may take to stop after the first signal, and its status if that is too short.
type grace struct {
	time   time.Duration // 0: it stops at once
	status int
}

// graceOf is the grace of a command line. Commands that only print have none.
func graceOf(args []string) grace {
	cmd, _, err := newRoot(streams{}).Find(args)
	if err != nil {
		return grace{0, exitInterrupted}
	}
	switch cmd.Name() {
	case "scan", "demo":
		return grace{longestStop, exitIncomplete}
	case "simnet":
		return grace{5 * time.Second, exitInterrupted} // it prints what it served, and removes its files
	}
	return grace{0, exitInterrupted}
}

// awaitSignals calls stop at the first signal, and returns when the process must end at once, with its exit
// status and a message. That loses nothing: a part is whole or not there at any moment.
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
