// Command stsscan surveys MTA-STS (RFC 8461) over long lists of domains.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "stsscan/internal/descriptors" // ends a process with too few for the Go runtime
)

func main() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	std := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	args := os.Args[1:]
	go func() {
		status, words := awaitSignals(signals, graceOf(args), stop)
		fmt.Fprintln(std.err, "\nstsscan:", words)
		os.Exit(status)
	}()
	os.Exit(run(ctx, std, args))
}

// run is the program: it returns the exit status.
func run(ctx context.Context, std streams, args []string) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(std.err, "stsscan:", err)
	var status *statusError
	if errors.As(err, &status) {
		return status.status
	}
	return exitFailed
}
