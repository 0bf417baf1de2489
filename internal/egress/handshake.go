package egress

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"

	"stsscan/internal/codes"
)

const (
	keptNames = 5   // of a certificate
	keptBytes = 512 // of a text from a stranger
)

// handshake makes conn a TLS connection with host. The handshake is completed
// whatever the certificate, so that the facts about it are in the trace even
// when the verdict is an error. The caller closes conn.
func (t *Transport) handshake(ctx context.Context, conn net.Conn, host string) (*tls.Conn, error) {
	select {
	case t.handshakes <- struct{}{}:
		defer func() { <-t.handshakes }()
	case <-ctx.Done():
		return nil, &Error{stage: codes.StageTLS, reason: codes.PolicyReason(codes.TLSOther), local: true, err: ctx.Err()}
	}
	trace := traceOf(ctx)
	ctx, cancel := context.WithTimeout(ctx, t.HandshakeTimeout)
	defer cancel()
	began := time.Now()
	client := tls.Client(conn, &tls.Config{
		ServerName: host, // section 7.1: the Policy Host, also when dialled by address
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		Time:       t.Now,
		// Verification follows below, when all facts are known.
		InsecureSkipVerify: true,
	})
	err := client.HandshakeContext(ctx)
	trace.TLSTime = time.Since(began)
	state := client.ConnectionState()
	if len(state.PeerCertificates) > 0 {
		trace.Cert, trace.ChainLength = factsOf(state.PeerCertificates[0]), len(state.PeerCertificates)
	}
	if err != nil {
		return nil, tlsFailure(trace, handshakeError(err), err)
	}
	trace.TLSVersion = strings.TrimPrefix(tls.VersionName(state.Version), "TLS ")
	if fault, err := t.verify(state.PeerCertificates, host); err != nil {
		return nil, tlsFailure(trace, fault, err)
	}
	return client, nil
}

func tlsFailure(trace *Trace, fault codes.TLSError, err error) *Error {
	e := &Error{stage: codes.StageTLS, reason: codes.PolicyReason(fault), err: err, local: isLocal(err)}
	if !e.local {
		trace.TLSError = fault
	}
	return e
}

// handshakeError says why a handshake was not completed. Package tls tells
// alerts apart by their texts only.
func handshakeError(err error) codes.TLSError {
	text := err.Error()
	op, ok := errors.AsType[*net.OpError](err)
	alert := ok && op.Op == "remote error"
	switch {
	case isTimeout(err):
		return codes.TLSHandshakeTimeout
	case alert && strings.Contains(text, "tls: unrecognized name"):
		return codes.TLSNoCertForName
	case alert && strings.Contains(text, "tls: handshake failure"):
		return codes.TLSHandshakeFailure
	case alert && strings.Contains(text, "tls: protocol version not supported"),
		strings.Contains(text, "tls: server selected unsupported protocol version"):
		return codes.TLSProtocolVersion
	case alert:
		return codes.TLSAlert
	case isRecordError(err):
		return codes.TLSNotTLS
	case isReset(err):
		return codes.TLSReset
	case strings.Contains(text, "tls: failed to parse certificate"):
		return codes.TLSCertificate
	}
	return codes.TLSOther
}

func isRecordError(err error) bool {
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

// factsOf keeps what is worth keeping of a leaf certificate.
func factsOf(cert *x509.Certificate) *Certificate {
	facts := &Certificate{
		Issuer:     bounded(cert.Issuer.String()),
		NamesCount: len(cert.DNSNames),
		NotBefore:  cert.NotBefore,
		NotAfter:   cert.NotAfter,
		SHA256:     sha256.Sum256(cert.Raw),
	}
	for _, name := range cert.DNSNames[:min(len(cert.DNSNames), keptNames)] {
		facts.Names = append(facts.Names, bounded(name))
	}
	return facts
}

// bounded makes a text of a stranger valid UTF-8 of at most keptBytes octets.
func bounded(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), 2*keptBytes)], "\uFFFD")
	return strings.ToValidUTF8(text[:min(len(text), keptBytes)], "")
}
