package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/spf13/cobra"

	"stsscan/internal/resolver"
)

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

// parseUpstreams reads the value of a flag.
func parseUpstreams(flag, value string) ([]netip.AddrPort, error) {
	upstreams, err := resolver.ParseUpstreams(value)
	return upstreams, valueError(flag, err)
}

// valueError is err as one of a flag's value, unless it is about a file that the
// value names.
func valueError(flag string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("--%s: %w", flag, err)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	return usage(err)
}
