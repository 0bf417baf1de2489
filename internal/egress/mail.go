package egress

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"

	"stsscan/internal/codes"
)

// A MailDialer connects to mail servers with the guard, the manners, the time-outs and the roots of its
// Transport. It may be used concurrently.
type MailDialer struct {
	transport *Transport
	dialer    *Dialer
}

// MailDialer makes one. Its connections and those of the Transport count together for the Manners.
func (t *Transport) MailDialer() *MailDialer {
	dialer := *t.dialer
	dialer.port = smtpPort
	return &MailDialer{transport: t, dialer: &dialer}
}

// Dial connects to port 25 of one of the addresses of an MX host as [Dialer.DialContext] does to port 443, and
// fills the [Trace] of ctx.
func (d *MailDialer) Dial(ctx context.Context, host string) (net.Conn, error) {
	return d.dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(smtpPort)))
}

// Secure shakes hands over a connection whose server has accepted STARTTLS, with host as SNI, and verifies the
// certificate for that name (RFC 8461, section 4.2). It fills the Trace of ctx. The connection is nil where the
// handshake failed. Where the certificate is not accepted, the connection comes with an error of type *[Error].
func (d *MailDialer) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	t, trace := d.transport, traceOf(ctx)
	leave, err := t.handshakeSlot(ctx)
	if err != nil {
		return nil, ourFault(host, trace.Addr, codes.StageTLS, err)
	}
	defer leave()
	shaking, cancel := context.WithTimeout(ctx, t.config.HandshakeTimeout)
	defer cancel()
	config := tlsConfig(host, trace)
	config.NextProtos = nil // ALPN has no word for SMTP
	conn := tls.Client(raw, config)
	if err := handshakeUntil(shaking, conn); err != nil {
		if cancelled(ctx) || wanting(err) {
			return nil, ourFault(host, trace.Addr, codes.StageTLS, err)
		}
		trace.noteRefusal(err)
		return nil, tlsFailure(host, trace.Addr, handshakeError(err), err)
	}
	certs := conn.ConnectionState().PeerCertificates
	if class, err := verify(certs, host, t.config.Roots, t.chains, t.config.Now()); err != nil {
		return conn, tlsFailure(host, trace.Addr, class, err)
	}
	return conn, nil
}
