package egress

import (
	"context"
	"net"
	"strconv"

	"stsscan/internal/codes"
)

// connect dials host, shakes hands and verifies the certificate. It returns only connections that passed all of
// it.
func (t *Transport) connect(ctx context.Context, host string) (*connection, error) {
	raw, err := t.dialer.dial(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(httpsPort)))
	if err != nil {
		return nil, err
	}
	trace := traceOf(ctx)
	leave, err := t.handshakeSlot(ctx)
	if err != nil {
		_ = raw.Close()
		return nil, ourFault(host, trace.Addr, codes.StageTLS, err) // our own queue was too long
	}
	running, stop := budgetOf(ctx).run(ctx) // not while it waited for others
	conn, failed := t.handshake(running, raw, host, trace, leave)
	stop()
	leave()
	if failed == nil {
		return conn, nil
	}
	_ = raw.Close()
	switch {
	case trace.mayBeClientLimit():
		failed = t.explainRefusal(ctx, host, trace, failed)
	case trace.TLSAlert == alertInternalError:
		switch hasCert, unknown := t.hasDefaultCert(ctx, host, trace); {
		case unknown != nil && unknown.local:
			return nil, unknown
		case unknown != nil && unknown.Timeout():
			failed = unknown
		case hasCert:
			failed = tlsFailure(host, trace.Addr, codes.TLSNoCertForName, failed.err)
		}
	}
	trace.TLSError = failed.TLSError()
	return nil, failed
}

// explainRefusal is why a handshake failed by handshake_failure or insufficient_security (RFC 8446, section
// 6.2), before any certificate was shown. The alert may be about the name, or about what this client can do.
// Where any host is served at the address, it is about the name. Otherwise it may be a limit of ours, and the
// trace says so.
//
// What is known of the address depends on earlier requests to it.
func (t *Transport) explainRefusal(ctx context.Context, host string, trace *Trace, failed *Error) *Error {
	state := t.served.get(trace.Addr)
	if state == tlsUnknown {
		shown, unknown := t.hasDefaultCert(ctx, host, trace)
		switch {
		case unknown != nil && unknown.local:
			return unknown
		case shown:
			state = tlsServed
		case unknown == nil:
			state = tlsNoDefault
		}
		if state != tlsUnknown { // it is not, where that could not be found out
			t.served.note(trace.Addr, state)
		}
	}
	if state == tlsServed {
		return tlsFailure(host, trace.Addr, codes.TLSNoCertForName, failed.err)
	}
	trace.ClientLimit = true
	return failed
}
