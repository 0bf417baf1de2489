package egress

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// noteRefusal keeps what the server sent instead of a handshake.
func (t *Trace) noteRefusal(err error) {
	t.TLSAlert = alertNumber(err)
	var record tls.RecordHeaderError
	t.PlainHTTP = errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
	// By ALPN (RFC 7301, section 3.2), or against it: a web server that does not take http/1.1 takes h2.
	t.HTTP2Only = t.TLSAlert == alertNoApplicationProtocol ||
		strings.Contains(err.Error(), "server selected unadvertised ALPN protocol")
}

// mayBeClientLimit reports whether the server ended the handshake, before it showed a certificate, with an
// alert that may be about what this client can do.
func (t *Trace) mayBeClientLimit() bool {
	switch t.TLSAlert {
	case uint8(alertHandshakeFailure), alertInsufficientSecurity:
		return t.Cert == nil
	}
	return false
}

// alertText is the text of the alert that the server sent, if err is one. crypto/tls does not export its number.
func alertText(err error) (text string, ok bool) {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" && remote.Err != nil {
		return remote.Err.Error(), true
	}
	return "", false
}

// alertNumber is the description of the alert that the server sent (RFC 8446, section 6); 0: err is none.
// close_notify, which is 0 too, fails no handshake.
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

// Alerts that have a class of their own (RFC 8446, section 6.2).
const (
	alertHandshakeFailure      = tls.AlertError(40)
	alertProtocolVersion       = tls.AlertError(70)
	alertInsufficientSecurity  = 71
	alertInternalError         = 80
	alertUnrecognizedName      = tls.AlertError(112)
	alertNoApplicationProtocol = 120
)

// handshakeError is the class of a failed handshake. Some of it crypto/tls says in text only; tests compare
// that text.
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
