package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
)

// A connection is one to a Policy Host whose certificate was accepted.
type connection struct {
	*tls.Conn
	cork   *corked
	permit *limiter.Permit
}

// connect dials host, shakes hands and verifies the certificate. Only a
// connection that passed all of it is returned.
func (t *Transport) connect(ctx context.Context, host string) (*connection, error) {
	raw, err := t.dialer.dial(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(httpsPort)))
	if err != nil {
		return nil, err
	}
	trace := traceOf(ctx)
	leave, err := t.admit(ctx)
	if err != nil {
		_ = raw.Close()
		return nil, ourFault(host, trace.Addr, codes.StageTLS, err) // our own queue was too long
	}
	running, stop := clockOf(ctx).run(ctx) // not while it waited for others
	conn, failed := t.handshake(running, raw, host, trace, leave)
	stop()
	leave()
	if failed == nil {
		return conn, nil
	}
	_ = raw.Close()
	switch {
	case trace.limits():
		failed = t.whyRefused(ctx, host, trace, failed)
	case trace.TLSAlert == alertInternalError:
		switch nameless, unknown := t.servesNameless(ctx, host, trace); {
		case unknown != nil && unknown.local:
			return nil, unknown
		case unknown != nil && unknown.Timeout():
			failed = unknown
		case nameless:
			failed = tlsFailure(host, trace.Addr, codes.TLSNoCertForName, failed.err)
		}
	}
	trace.TLSError = failed.TLSError()
	return nil, failed
}

// handshake calls slow when it waits for a slow host, which costs nothing that others
// would need.
func (t *Transport) handshake(
	ctx context.Context, raw *permitConn, host string, trace *Trace, slow func(),
) (_ *connection, failed *Error) {
	began := time.Now()
	defer func() { trace.TLSTime = time.Since(began) }()

	shaking, done := t.stage(ctx, trace.Addr, t.config.HandshakeTimeout, slow)
	defer done()
	weight := &weighed{Conn: raw, places: t.heavy, ended: shaking.Done()}
	cork := &corked{Conn: weight}
	defer func() {
		if failed != nil {
			_ = cork.Close()
		}
	}()
	conn := tls.Client(cork, t.tlsConfig(host, trace))
	if err := shake(shaking, conn); err != nil {
		if cancelled(ctx) || wanting(err) {
			return nil, ourFault(host, trace.Addr, codes.StageTLS, err)
		}
		if weight.full {
			return nil, postponed(host, trace.Addr, limiter.ErrLater) // others send as much, and are not done
		}
		trace.refused(err)
		failed = tlsFailure(host, trace.Addr, handshakeError(err), err)
		failed.unawaited = failed.Timeout() && notAwaited(shaking)
		return nil, failed
	}
	t.served.note(trace.Addr, tlsServed)
	trace.TLSGroup = groupName(conn.ConnectionState().CurveID) // in TLS 1.2 it comes after the certificate
	if class, err := verify(conn.ConnectionState().PeerCertificates, host, t.config.Roots, t.known, t.config.Now()); err != nil {
		return nil, tlsFailure(host, trace.Addr, class, err)
	}
	weight.shaken()
	return &connection{conn, cork, raw.permit}, nil
}

// admit waits until there are fewer handshakes than may be at a time. leave ends one
// of them, and may be called more than once.
func (t *Transport) admit(ctx context.Context) (leave func(), err error) {
	select {
	case t.handshakes <- struct{}{}:
		return sync.OnceFunc(func() { <-t.handshakes }), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func tlsFailure(host string, addr netip.Addr, class codes.TLSError, err error) *Error {
	return &Error{host: host, addr: addr, stage: codes.StageTLS, reason: codes.PolicyReason(class), err: err}
}

func (t *Transport) tlsConfig(host string, trace *Trace) *tls.Config {
	return &tls.Config{
		ServerName: host, // SNI (section 7.1)
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},

		CipherSuites: suites(),
		// Verification is ours, after the handshake: crypto/tls would end it
		// before anybody has seen what certificate there is.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			trace.handshake(state)
			return nil
		},
		// Without a share for ML-KEM the ClientHello fits one packet, which
		// old middle boxes expect, and costs half a millisecond less of ours
		// and the server's time.
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		SessionTicketsDisabled: true,
	}
}

// Alerts that have a class of their own (RFC 8446, section 6.2).
const (
	alertHandshakeFailure      = tls.AlertError(40)
	alertProtocolVersion       = tls.AlertError(70)
	alertInsufficientSecurity  = 71
	alertInternalError         = 80
	alertUnrecognizedName      = tls.AlertError(112)
	alertNoApplicationProtocol = 120
)

// handshakeError is the class of a handshake that failed. crypto/tls says some
// of it only in text, which the tests hold it to.
func handshakeError(err error) codes.TLSError {
	var record tls.RecordHeaderError
	alert, isAlert := alertText(err)
	text := err.Error()
	switch {
	case isAlert && alert == alertUnrecognizedName.Error():
		return codes.TLSNoCertForName
	case isAlert && alert == alertHandshakeFailure.Error():
		return codes.TLSHandshakeFailure
	case isAlert && alert == alertProtocolVersion.Error(),
		strings.Contains(text, "server selected unsupported protocol version"),
		strings.Contains(text, "unsupported SSLv2 handshake"):
		return codes.TLSProtocolVersion
	case isAlert:
		return codes.TLSAlert
	case errors.As(err, &record) && strings.Contains(record.Msg, "first record does not look like"):
		return codes.TLSNotTLS
	case strings.Contains(text, "handshake message of length"), // 64 KiB, of certificates 256 KiB
		strings.Contains(text, "oversized record"),
		strings.Contains(text, "certificate containing RSA key larger"):
		return codes.TLSOversize
	case strings.Contains(text, "failed to parse certificate"),
		strings.Contains(text, "certificate contains an unsupported type of public key"),
		strings.Contains(text, "-bit keys are insecure"): // of RSA, below 1024
		return codes.TLSCertificate
	case fault.TimedOut(err):
		return codes.TLSHandshakeTimeout
	case reset(err):
		return codes.TLSReset
	}
	return codes.TLSOther
}

// reset reports whether the connection ended: by the other side, or, since it had
// been made, by somebody on the way who says that it leads nowhere.
func reset(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || anyOf(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED) ||
		outOfReach(err)
}
