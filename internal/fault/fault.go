// Package fault says whose fault an error is: that of the observer, from which nothing follows for a domain, or
// that of the domain and its servers.
//
// An error says so by some of these methods:
//
//	Local() bool       // the fault is ours, or may be: the domain is asked again
//	OutOfReach() bool  // an address could not be reached, which may be our fault; Local is true too
//	Later() bool       // nothing was asked, because of the limits for an address
//	Until() time.Time  // with Later: when the host wants to be asked; zero: unknown
//	Timeout() bool     // the time ran out, as in net.Error
//	NotAwaited() bool  // given up early: other hosts of the address had used up the time
//
// The first error of the tree that has a method answers, in the order of [errors.As]: the outer error knows what
// its cause means.
//
// Why a domain failed is said in the words of package codes, by its RecordFailure, PolicyFailure and TLSFailure.
// Whether the failure may be temporary follows from the word. docs/faults.md says how each fault is judged.
package fault

import (
	"context"
	"errors"
	"os"
	"time"
)

// Ours reports whether err is a fault of the observer, or may be: its limits, its network, or a run that is
// ending. Nothing follows for the domain.
func Ours(err error) bool {
	said, ok := errors.AsType[interface {
		error
		Local() bool
	}](err)
	return ok && said.Local() || errors.Is(err, context.Canceled)
}

// OutOfReach reports whether an address could not be reached, and the fault is ours or may be. Asking again at
// once does not help.
func OutOfReach(err error) bool {
	said, ok := errors.AsType[interface {
		error
		OutOfReach() bool
	}](err)
	return ok && said.OutOfReach()
}

// PutOff reports whether nothing was asked because of the limits for an address. It says nothing about the
// domain.
func PutOff(err error) bool {
	said, ok := errors.AsType[interface {
		error
		Later() bool
	}](err)
	return ok && said.Later()
}

// Until is when a host wants to be asked again; the zero time: unknown.
func Until(err error) time.Time {
	said, ok := errors.AsType[interface {
		error
		Until() time.Time
	}](err)
	if !ok {
		return time.Time{}
	}
	return said.Until()
}

// NotAwaited reports whether a slow host did not get all of its time: whether it would have answered is unknown.
func NotAwaited(err error) bool {
	said, ok := errors.AsType[interface {
		error
		NotAwaited() bool
	}](err)
	return ok && said.NotAwaited()
}

// TimedOut reports whether a deadline has passed, of whatever kind.
func TimedOut(err error) bool {
	said, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && said.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}
