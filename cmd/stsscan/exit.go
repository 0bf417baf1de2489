package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"

	"github.com/spf13/cobra"

	"stsscan/internal/claim"
	"stsscan/internal/domains"
	"stsscan/internal/mirror"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolvconf"
	"stsscan/internal/resolver"
	"stsscan/internal/rundir"
	"stsscan/internal/store"
)

// Exit statuses. New ones may be added; only 0 is success.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3 // incomplete or stopped early: run the same command again
	exitFailOn      = 4 // --fail-on found a domain, or the run is suspect
	exitInUse       = 11
	exitInterrupted = 130 // stopped at once by a signal, SIGTERM too
)

// A statusError is an error with its own exit status.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }

func (e *statusError) Unwrap() error { return e.err }

// exitOf adds the exit status to errors after which the same command continues, and to those of the command line.
func exitOf(err error) error {
	if errors.Is(err, domains.ErrEntryGone) {
		return usage(err)
	}
	for _, used := range []error{rundir.ErrInUse, claim.ErrHeld, claim.ErrLost} {
		if errors.Is(err, used) {
			return &statusError{exitInUse, err}
		}
	}
	for _, early := range []error{
		pipeline.ErrInterrupted, pipeline.ErrLocalFault, resolver.ErrSilent, resolver.ErrUntrusted, domains.ErrExclusions,
		mirror.ErrNotPut, store.ErrUnavailable,
	} {
		if errors.Is(err, early) {
			return &statusError{exitIncomplete, err}
		}
	}
	return err
}

// usage marks an error of the command line.
func usage(err error) error { return &statusError{exitUsage, err} }

// atLeast refuses fewer than n arguments, which are called what.
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
			return usage(fmt.Errorf("%s takes %s, got %d: see %s --help",
				cmd.Name(), what, len(args), cmd.CommandPath()))
		}
		return nil
	}
}

// parseServers reads the value of a flag. An error is of the command line, unless a file is at fault.
func parseServers(flag, value string) ([]resolvconf.Server, error) {
	servers, err := resolvconf.Parse(value)
	if err == nil {
		return servers, nil
	}
	err = fmt.Errorf("--%s: %w", flag, err)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, err
	}
	return nil, usage(err)
}

// resolveServers is parseServers, with the addresses of names by the resolver of the system.
func resolveServers(ctx context.Context, flag, value string, log *slog.Logger) ([]netip.AddrPort, error) {
	servers, err := parseServers(flag, value)
	if err != nil {
		return nil, err
	}
	found := func(name string, addrs []netip.Addr) {
		log.Info("a name is resolved by the system", "flag", "--"+flag, "name", name, "addresses", addrs)
	}
	upstreams, err := resolvconf.Resolve(ctx, servers, net.DefaultResolver.LookupNetIP, found)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w: give its address", flag, err)
	}
	return upstreams, nil
}
