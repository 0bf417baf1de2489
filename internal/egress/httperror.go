package egress

import (
	"context"
	"strings"

	"stsscan/internal/codes"
)

// httpError is the failure of a request on a connection that was accepted.
// net/http says some of it only in text, which the tests hold it to.
func httpError(ctx context.Context, host string, err error) *Error {
	trace := traceOf(ctx)
	if cancelled(ctx) || ours(err) {
		return fault(host, trace.Addr, codes.StageHTTP, err)
	}
	if _, ok := alertText(err); ok {
		// In TLS 1.3 the server's last word on the handshake comes after ours.
		trace.TLSError, trace.TLSAlert = handshakeError(err), alertNumber(err)
		return tlsFailure(host, trace.Addr, trace.TLSError, err)
	}
	return &Error{host: host, addr: trace.Addr, stage: codes.StageHTTP, reason: httpReason(err), err: err}
}

func httpReason(err error) codes.PolicyReason {
	text := err.Error()
	switch {
	case timedOut(err):
		return codes.ReasonTimeout
	case strings.Contains(text, "response headers exceeded"):
		return codes.ReasonHeadersTooLarge
	case reset(err), strings.Contains(text, "server closed idle connection"):
		return codes.ReasonReset
	}
	return codes.ReasonMalformed
}
