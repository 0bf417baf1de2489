package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
)

// refused keeps what the server said instead of a handshake.
func (t *Trace) refused(err error) {
	t.TLSAlert = alertNumber(err)
	var record tls.RecordHeaderError
	t.PlainHTTP = errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
	// By ALPN (RFC 7301, section 3.2), or against it: what a web server takes that has
	// no use for http/1.1 is h2.
	t.HTTP2Only = t.TLSAlert == alertNoApplicationProtocol ||
		strings.Contains(err.Error(), "server selected unadvertised ALPN protocol")
}

// limits reports whether the server ended the handshake with an alert that may be
// about what this client can do, before it showed a certificate.
func (t *Trace) limits() bool {
	switch t.TLSAlert {
	case uint8(alertHandshakeFailure), alertInsufficientSecurity:
		return t.Cert == nil
	}
	return false
}

// alertText is the text of the alert that the server sent, if err is one.
// crypto/tls keeps its number to itself.
func alertText(err error) (text string, ok bool) {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" && remote.Err != nil {
		return remote.Err.Error(), true
	}
	return "", false
}

// alertNumber is the description of the alert that the server sent (RFC 8446,
// section 6), and 0 where err is none: close_notify fails no handshake.
func alertNumber(err error) uint8 {
	text, ok := alertText(err)
	if !ok {
		return 0
	}
	for number := range 256 {
		if tls.AlertError(number).Error() == text {
			return uint8(number)
		}
	}
	return 0
}

// servesNameless reports whether the server at the address of the trace has a
// certificate for clients that name no host. Some alerts may be said of the server or
// of the name: a server that has one for others and fails for this name has none for
// this name. Nothing is asked of it, and its certificate is not looked at. The error says
// that this could not be found out: by a fault of ours, for the sake of manners, in
// time, or since the server was not connected to again.
func (t *Transport) servesNameless(ctx context.Context, host string, trace *Trace) (bool, *Error) {
	addr, second := trace.Addr, new(Trace)
	raw, _, failed := t.dialer.visit(ctx, host, addr, second)
	trace.TurnTime += second.TurnTime
	if failed != nil {
		return false, failed
	}
	defer raw.Close()
	leave, err := t.admit(ctx)
	if err != nil {
		return false, ourFault(host, addr, codes.StageTLS, err)
	}
	defer leave()
	running, stop := clockOf(ctx).run(ctx)
	defer stop()
	shaking, done := t.stage(running, addr, t.config.HandshakeTimeout, leave)
	defer done()
	weight := &weighed{Conn: raw, places: t.heavy, ended: shaking.Done()}
	defer weight.Close()
	config := t.tlsConfig("", second)
	shown := false
	config.VerifyConnection = func(state tls.ConnectionState) error {
		shown = len(state.PeerCertificates) > 0
		return errors.New("seen")
	}
	err = shake(shaking, tls.Client(weight, config)) // ends with the error above, at the latest
	switch {
	case shown:
		return true, nil
	case cancelled(ctx) || wanting(err):
		return false, ourFault(host, addr, codes.StageTLS, err)
	case weight.full:
		return false, postponed(host, addr, limiter.ErrLater)
	case fault.TimedOut(err):
		late := tlsFailure(host, addr, codes.TLSHandshakeTimeout, err)
		late.unawaited = notAwaited(shaking)
		return false, late
	}
	return false, nil
}
