package resolver

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"syscall"

	"stsscan/internal/codes"
)

// ErrSilent says that no upstream answers anything. No domain is to blame: a run must stop, or wait.
var ErrSilent = errors.New("resolver: no upstream answers")

// errNoAnswer is the silence of one upstream on one question.
var errNoAnswer = errors.New("no answer in time")

// An Error is a question that got no reply, after all attempts.
type Error struct {
	question string
	upstream netip.AddrPort // asked last; invalid when none was
	reason   codes.RecordReason
	local    bool
	err      error
}

// Error names the question, the upstream and the cause.
func (e *Error) Error() string {
	text := "resolver: " + e.question
	if e.upstream.IsValid() {
		text += ": " + e.upstream.String()
	}
	if e.reason == codes.RecordTruncated {
		text += ": over TCP"
	}
	return text + ": " + e.err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Timeout reports whether the time ran out before a reply came.
func (e *Error) Timeout() bool { return e.reason == codes.RecordTimeout }

// RecordReason says why there is no reply: timeout, truncated (and TCP did not mend it) or malformed. It is empty
// when [Error.Local].
func (e *Error) RecordReason() codes.RecordReason { return e.reason }

// Local reports whether the fault lies between this machine and the upstreams: no descriptors, no route, a closed
// port, no upstream that answers anything at all, a cancelled context, a closed Resolver. Nothing is known about the
// domain then, and it must be asked again.
func (e *Error) Local() bool { return e.local }

// failure is the failure of one attempt by the answer, or the silence, that it met.
func failure(reason codes.RecordReason, err error) *Error {
	return &Error{reason: reason, err: err}
}

// fault is the failure of one attempt by a fault of this machine, or of the way to an upstream.
func fault(err error) *Error { return &Error{local: true, err: err} }

// endedBy is the failure of a wait that ctx ended. A caller who sets a deadline judges the domain by it; a cancelled
// question was not asked.
func endedBy(ctx context.Context) *Error {
	cause := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failure(codes.RecordTimeout, cause)
	}
	return fault(cause)
}

// isLocal reports whether err is about this machine, or the way from it to an upstream.
func isLocal(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
		syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EPERM, syscall.EACCES,
	}, func(errno syscall.Errno) bool { return errors.Is(err, errno) })
}

// rank orders failures by how much they say about the question.
func (e *Error) rank() int {
	switch {
	case e == nil:
		return 0
	case e.local:
		return 1
	case e.reason == codes.RecordTimeout:
		return 2
	}
	return 3
}

// errDistrusted says that an upstream is not to be believed: what it answers is not read.
var errDistrusted = errors.New("the upstream gave a wrong answer to a canary")
