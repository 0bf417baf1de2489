// Command stsscan surveys MTA-STS (RFC 8461) over long lists of domains.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	_ "stsscan/internal/descriptors" // ends a process with too few for the Go runtime
)

// Exit statuses. New ones may be added; whatever is not 0 is no success.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3 // finished but incomplete, or stopped early: run the same command again
	exitInUse       = 11
	exitInterrupted = 130 // ended at once by a signal, SIGTERM too
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

// streams are the standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// A statusError is an error that has an exit status of its own.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// usage marks an error as one of the command line.
func usage(err error) error { return &statusError{exitUsage, err} }

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

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "stsscan",
		Short: "Survey MTA-STS (RFC 8461) over long lists of domains",
		Long: `stsscan surveys MTA-STS (RFC 8461) over long lists of domains: it looks up the
record of each domain, fetches the policy of those that have one, says what is
wrong, and writes one row per domain to Parquet.

Exit status: 0 done, 1 failed, 2 usage, 3 finished but incomplete or stopped
early (run the same command again to go on), 4 a domain is as --fail-on says, 11
output directory in use, 130 ended at once by a signal: scan and demo by the
second one, other commands by the first. A domain that fails is a row and changes
no exit status, unless --fail-on asks for it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q: see stsscan --help", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return systemLimits().check(cmd.Name())
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w: see %s --help", err, cmd.CommandPath()))
	})
	root.AddCommand(
		newScan(std),
		newLookup(std),
		newDemo(std),
		newSimnet(std),
		newCat(std),
		newVerify(std),
		newSchema(std),
		newVersion(std),
	)
	return root
}

// atLeast refuses fewer than n arguments, what being their name.
func atLeast(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < n {
			return usage(fmt.Errorf("%s needs at least one %s: see %s --help", cmd.Name(), what, cmd.CommandPath()))
		}
		return nil
	}
}

// exactly refuses any number of arguments but n.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(fmt.Errorf("%s takes %s, got %d arguments: see %s --help", cmd.Name(), what, len(args), cmd.CommandPath()))
		}
		return nil
	}
}
