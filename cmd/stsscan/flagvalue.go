package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"stsscan/internal/resolvconf"
)

// parseUpstreams reads the value of a flag.
func parseUpstreams(flag, value string) ([]netip.AddrPort, error) {
	upstreams, err := resolvconf.Parse(value)
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
