package egress

import (
	"context"
	"errors"
	"net/netip"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// httpError is the failure of a request on a connection that was accepted.
func httpError(ctx context.Context, host string, err error) *Error {
	trace := traceOf(ctx)
	if cancelled(ctx) || wanting(err) {
		return ourFault(host, trace.Addr, codes.StageHTTP, err)
	}
	if _, ok := alertText(err); ok {
		// In TLS 1.3 the server may refuse the handshake after we have ended it.
		trace.TLSError, trace.TLSAlert = handshakeError(err), alertNumber(err)
		return tlsFailure(host, trace.Addr, trace.TLSError, err)
	}
	trace.HTTP2Only = errors.Is(err, errHTTP2)
	return &Error{host: host, addr: trace.Addr, stage: codes.StageHTTP, reason: httpReason(err), err: err}
}

func httpReason(err error) codes.PolicyReason {
	switch {
	case fault.TimedOut(err):
		return codes.ReasonTimeout
	case errors.Is(err, errHeaderTooLarge):
		return codes.ReasonHeadersTooLarge
	case reset(err):
		return codes.ReasonReset
	}
	return codes.ReasonMalformed
}

// bodyError is what ended a body: an [*Error] where the fault is not the host's.
func bodyError(reading context.Context, host string, addr netip.Addr, err error) error {
	switch {
	case wanting(err):
		return ourFault(host, addr, codes.StageBody, err)
	case fault.TimedOut(err) && notAwaited(reading):
		return &Error{host: host, addr: addr, stage: codes.StageBody, reason: codes.ReasonTimeout, unawaited: true, err: err}
	}
	return err
}
