package egress

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// A connection leads to a Policy Host whose certificate was accepted.
type connection struct {
	*tls.Conn
	cork   *corkedConn
	permit *limiter.Permit
}

// handshake calls slow when it begins to wait for a slow host, which costs nothing that others need.
func (t *Transport) handshake(
	ctx context.Context, raw *permitConn, host string, trace *Trace, slow func(),
) (_ *connection, failed *Error) {
	began := time.Now()
	defer func() { trace.TLSTime = time.Since(began) }()

	shaking, done := t.dialer.stage(ctx, trace.Addr, t.config.HandshakeTimeout, slow)
	defer done()
	bounded := &boundedConn{Conn: raw, slots: t.largeHandshakes, ended: shaking.Done()}
	cork := &corkedConn{Conn: bounded}
	defer func() {
		if failed != nil {
			_ = cork.Close()
		}
	}()
	conn := tls.Client(cork, tlsConfig(host, trace))
	if err := handshakeUntil(shaking, conn); err != nil {
		if cancelled(ctx) || wanting(err) {
			return nil, ourFault(host, trace.Addr, codes.StageTLS, err)
		}
		if bounded.full {
			return nil, postponed(host, trace.Addr, limiter.ErrLater) // large handshakes of others are going on
		}
		trace.noteRefusal(err)
		failed = tlsFailure(host, trace.Addr, handshakeError(err), err)
		failed.unawaited = failed.Timeout() && notAwaited(shaking)
		return nil, failed
	}
	t.served.note(trace.Addr, tlsServed)
	trace.TLSGroup = groupName(conn.ConnectionState().CurveID) // in TLS 1.2 it comes after the certificate
	certs := conn.ConnectionState().PeerCertificates
	if class, err := verify(certs, host, t.config.Roots, t.chains, t.config.Now()); err != nil {
		return nil, tlsFailure(host, trace.Addr, class, err)
	}
	bounded.handshakeDone()
	return &connection{conn, cork, raw.permit}, nil
}

// handshakeSlot waits until fewer handshakes are going on than may be at a time. leave ends this one, and may
// be called more than once.
func (t *Transport) handshakeSlot(ctx context.Context) (leave func(), err error) {
	select {
	case t.handshakes <- struct{}{}:
		return sync.OnceFunc(func() { <-t.handshakes }), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// handshakeUntil is conn.HandshakeContext without its goroutine.
func handshakeUntil(ctx context.Context, conn *tls.Conn) error {
	defer useUntil(ctx, conn)()
	return conn.Handshake()
}

// useUntil lets conn be used until ctx ends. After release, which is called once, conn can be used until the
// deadline that was set, and with another context.
func useUntil(ctx context.Context, conn net.Conn) (release func()) {
	deadline, _ := ctx.Deadline() // without one it is the zero time, which is none for conn too
	_ = conn.SetDeadline(deadline)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended // or it would end the next use of conn
		}
	}
}
