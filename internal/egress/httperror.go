package egress

import (
	"context"
	"errors"

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
		// In TLS 1.3 the server's last word on the handshake comes after ours.
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
