package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"stsscan/internal/codes"
)

// An Error is the end of a retrieval: where, why, and what exactly.
type Error struct {
	stage  codes.Stage
	reason codes.PolicyReason
	local  bool
	err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %v", e.stage, e.reason, e.err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// PolicyStage is the stage at which retrieval ended.
func (e *Error) PolicyStage() codes.Stage { return e.stage }

// PolicyReason is why it ended there.
func (e *Error) PolicyReason() codes.PolicyReason { return e.reason }

// TLSError is what was wrong with the handshake or the certificate; empty at
// other stages.
func (e *Error) TLSError() codes.TLSError {
	if e.stage != codes.StageTLS {
		return ""
	}
	return codes.TLSError(e.reason)
}

// Local reports a fault of this machine, of which nothing follows for the host.
func (e *Error) Local() bool { return e.local }

// Timeout reports that a deadline passed.
func (e *Error) Timeout() bool {
	return e.reason == codes.ReasonTimeout || e.reason == codes.PolicyReason(codes.TLSHandshakeTimeout)
}

// dialError is the error for a connection that did not come about.
func dialError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	e := &Error{stage: codes.StageTCP, reason: codes.ReasonOther, err: err, local: isLocal(err)}
	switch {
	case errors.Is(err, ErrForbiddenAddr):
		e.stage, e.reason = codes.StageDNS, codes.ReasonForbiddenAddress
	case errors.Is(err, syscall.ECONNREFUSED):
		e.reason = codes.ReasonRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		e.reason = codes.ReasonUnreachable
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF):
		e.reason = codes.ReasonReset
	case isTimeout(err):
		e.reason = codes.ReasonTimeout
	}
	return e
}

// isLocal reports whether err is about the limits of this machine.
func isLocal(err error) bool {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EPERM,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return errors.Is(err, context.Canceled)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout()
}

// isReset reports whether the other side ended the connection.
func isReset(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || ok && op.Op == "write"
}
