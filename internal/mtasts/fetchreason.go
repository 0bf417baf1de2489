package mtasts

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// fetchReason is the stage at which a round trip ended, and why.
func fetchReason(err error) (codes.Stage, codes.PolicyReason) {
	if stage, reason, ok := saidReason(err); ok {
		return stage, reason
	}
	var notFound *net.DNSError
	if errors.As(err, &notFound) {
		return codes.StageDNS, dnsReason(notFound)
	}
	if e := tlsError(err); e != "" {
		return codes.StageTLS, codes.PolicyReason(e)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return codes.StageTCP, dialReason(err)
	}
	text := err.Error()
	switch {
	case fault.TimedOut(err):
		return codes.StageHTTP, codes.ReasonTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, io.ErrClosedPipe), errors.As(err, &op) && op.Op == "read":
		return codes.StageHTTP, codes.ReasonReset
	case strings.Contains(text, "server response headers exceeded"):
		return codes.StageHTTP, codes.ReasonHeadersTooLarge
	case strings.Contains(text, "malformed"):
		return codes.StageHTTP, codes.ReasonMalformed
	}
	return codes.StageTCP, dialReason(err)
}

// saidReason is what the error says of itself, if that is of the closed sets.
func saidReason(err error) (codes.Stage, codes.PolicyReason, bool) {
	said, ok := errors.AsType[codes.PolicyFailure](err)
	if !ok {
		return "", "", false
	}
	stage, reason := said.PolicyStage(), said.PolicyReason()
	return stage, reason, slices.Contains(codes.PolicyReasons(stage), reason)
}

func dnsReason(err *net.DNSError) codes.PolicyReason {
	switch {
	case err.IsNotFound:
		return codes.ReasonNXDomain // or no data: the type does not tell
	case err.IsTimeout:
		return codes.ReasonTimeout
	case err.IsTemporary:
		return codes.ReasonServfail
	}
	return codes.ReasonOther
}

func dialReason(err error) codes.PolicyReason {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return codes.ReasonRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return codes.ReasonUnreachable
	case errors.Is(err, syscall.ECONNRESET):
		return codes.ReasonReset
	case fault.TimedOut(err):
		return codes.ReasonTimeout
	}
	return codes.ReasonOther
}

// tlsError is why a handshake failed; "": err is of another kind. It is for transports that do not say it
// themselves, and coarse where only the whole chain of certificates would tell.
func tlsError(err error) codes.TLSError {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var verification *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var op *net.OpError
	text := err.Error()
	switch {
	case errors.As(err, &name):
		return codes.TLSNameMismatch
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if strings.Contains(invalid.Detail, "is before") {
			return codes.TLSNotYetValid
		}
		return codes.TLSExpired
	case errors.As(err, &authority):
		leaf := authority.Cert // where the search for an issuer ended, without better evidence
		if errors.As(err, &verification) && len(verification.UnverifiedCertificates) > 0 {
			leaf = verification.UnverifiedCertificates[0]
		}
		if leaf != nil && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			return codes.TLSSelfSigned
		}
		return codes.TLSUnknownAuthority
	case errors.As(err, &invalid), errors.As(err, &verification):
		return codes.TLSCertificate
	case strings.Contains(text, "tls: handshake message of length"):
		return codes.TLSOversize
	case errors.As(err, &plain):
		return codes.TLSNotTLS
	case strings.Contains(text, "TLS handshake timeout"):
		return codes.TLSHandshakeTimeout
	case strings.Contains(text, "tls: protocol version not supported"),
		strings.Contains(text, "tls: server selected unsupported protocol version"):
		return codes.TLSProtocolVersion
	case errors.As(err, &op) && op.Op == "remote error":
		return alertError(text)
	}
	return ""
}

// alertError is the class of an alert that the server sent. Package tls tells them apart by their texts only.
func alertError(text string) codes.TLSError {
	switch {
	case strings.Contains(text, "tls: unrecognized name"):
		return codes.TLSNoCertForName
	case strings.Contains(text, "tls: handshake failure"):
		return codes.TLSHandshakeFailure
	}
	return codes.TLSAlert
}
