// Package fault says of an error whose fault it is: that of the observer, of which nothing follows for a domain,
// or that of the domain and its servers.
//
// An error says so by those of these methods that it needs:
//
//	Local() bool       // the fault is ours, or may be: the domain is asked again
//	OutOfReach() bool  // an address could not be reached, and it may be our fault; Local is true too
//	Later() bool       // nothing was asked, for the sake of manners
//	Until() time.Time  // with Later: when the host wants to be asked; zero: it did not say
//	Timeout() bool     // the time ran out, as in net.Error
//	NotAwaited() bool  // given up early: other hosts of the address had used up the time
//
// Of the errors in the tree of an error, the first that has a method answers, in the order of [errors.As]: the
// one outside knows what the cause means.
//
// Why a domain failed is said in the words of package codes, by the methods of its RecordFailure, PolicyFailure
// and TLSFailure. Whether it may mend follows from the word. docs/faults.md says how each fault is judged.
package fault

import (
	"context"
	"errors"
	"os"
	"time"
)

// Ours reports whether err is a fault of the observer, or may be: its own limits,
// the way out of its network, or a run that is ending. Nothing follows for the domain.
func Ours(err error) bool {
	said, ok := errors.AsType[interface {
		error
		Local() bool
	}](err)
	return ok && said.Local() || errors.Is(err, context.Canceled)
}

// OutOfReach reports whether an address could not be reached, and that is ours, or
// not known to be otherwise. To ask again at once tells nothing more.
func OutOfReach(err error) bool {
	said, ok := errors.AsType[interface {
		error
		OutOfReach() bool
	}](err)
	return ok && said.OutOfReach()
}

// PutOff reports whether nothing was asked because of the manners that an address is
// due. It says nothing about the domain.
func PutOff(err error) bool {
	said, ok := errors.AsType[interface {
		error
		Later() bool
	}](err)
	return ok && said.Later()
}

// Until is when a host wants to be asked again; the zero time: it did not say.
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

// NotAwaited reports whether a host was too slow and had not all of its time: whether it
// would have answered is not known.
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
