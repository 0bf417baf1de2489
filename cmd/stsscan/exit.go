package main

import (
	"errors"

	"stsscan/internal/domains"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
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

// exitFailOn is the exit status when --fail-on has found a domain.
const exitFailOn = 4

// A statusError is an error that has an exit status of its own.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }

func (e *statusError) Unwrap() error { return e.err }

// exitOf gives the errors after which the same command goes on their status, and
// those that are about what the command says.
func exitOf(err error) error {
	if errors.Is(err, domains.ErrEntryGone) {
		return usage(err)
	}
	for _, early := range []error{
		pipeline.ErrInterrupted, pipeline.ErrLocalFault, resolver.ErrSilent, resolver.ErrUntrusted, domains.ErrExclusions,
	} {
		if errors.Is(err, early) {
			return &statusError{exitIncomplete, err}
		}
	}
	return err
}

// usage marks an error as one of the command line.
func usage(err error) error { return &statusError{exitUsage, err} }
