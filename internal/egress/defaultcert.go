package egress

import (
	"context"
	"crypto/tls"
	"errors"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
)

// hasDefaultCert reports whether the server at the address of the trace has a certificate for clients that send
// no SNI. Some alerts may be about the server or about the name. A server that has a default certificate, and
// fails for this name, has none for this name. Nothing is requested of the server, and its certificate is not
// verified.
//
// The error says that this is not known: by a fault of ours, for the sake of manners, for lack of time, or
// since the server was not connected to again.
func (t *Transport) hasDefaultCert(ctx context.Context, host string, trace *Trace) (bool, *Error) {
	addr, second := trace.Addr, new(Trace)
	raw, _, failed := t.dialer.dialAddr(ctx, host, addr, second)
	trace.WaitTime += second.WaitTime
	if failed != nil {
		return false, failed
	}
	defer raw.Close()
	leave, err := t.handshakeSlot(ctx)
	if err != nil {
		return false, ourFault(host, addr, codes.StageTLS, err)
	}
	defer leave()
	running, stop := budgetOf(ctx).run(ctx)
	defer stop()
	shaking, done := t.dialer.stage(running, addr, t.config.HandshakeTimeout, leave)
	defer done()
	bounded := &boundedConn{Conn: raw, slots: t.largeHandshakes, ended: shaking.Done()}
	defer bounded.Close()
	config := tlsConfig("", second)
	shown := false
	config.VerifyConnection = func(state tls.ConnectionState) error {
		shown = len(state.PeerCertificates) > 0
		return errors.New("seen")
	}
	err = handshakeUntil(shaking, tls.Client(bounded, config)) // ends with the error above, at the latest
	switch {
	case shown:
		return true, nil
	case cancelled(ctx) || wanting(err):
		return false, ourFault(host, addr, codes.StageTLS, err)
	case bounded.full:
		return false, postponed(host, addr, limiter.ErrLater)
	case fault.TimedOut(err):
		late := tlsFailure(host, addr, codes.TLSHandshakeTimeout, err)
		late.unawaited = notAwaited(shaking)
		return false, late
	}
	return false, nil
}
