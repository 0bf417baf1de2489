package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
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

// suites are the cipher suites of TLS 1.2 that are offered: those that crypto/tls offers by default, and, for
// old servers, static RSA and CBC with SHA-256, as senders do. A server chooses them where it has nothing
// better: nothing secret is sent, and the certificate is verified all the same. RC4 and 3DES are not offered.
func suites() []uint16 {
	offered := []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	}
	for _, suite := range tls.CipherSuites() {
		offered = append(offered, suite.ID)
	}
	return offered
}

func tlsConfig(host string, trace *Trace) *tls.Config {
	return &tls.Config{
		ServerName: host, // SNI (section 7.1)
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},

		CipherSuites: suites(),
		// Verification is ours, after the handshake: crypto/tls would end it before the facts of the certificate were
		// kept.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			trace.noteHandshake(state)
			return nil
		},
		// Without a share for ML-KEM the ClientHello fits one packet, which old middle boxes expect, and costs both
		// sides half a millisecond less.
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		SessionTicketsDisabled: true,
	}
}
