package egress

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
)

// verify judges the certificates of a host as section 3.3 of RFC 8461 asks: a
// DNS-ID for host, a chain to a trusted root, for use by servers, valid now.
//
// Where more than one thing is wrong the class is the first that applies of:
// the dates of the leaf, then of its chain; self-signed; incomplete chain;
// unknown authority, or a chain unfit in another way; the name. A chain is only
// called bad for what remains wrong with all dates right. What is remembered
// saves time and changes no verdict.
func verify(certs []*x509.Certificate, host string, roots *x509.CertPool, remembered *known, now time.Time) (codes.TLSError, error) {
	if len(certs) == 0 {
		return codes.TLSCertificate, errors.New("no certificate")
	}
	leaf := certs[0]
	if class, err := dates(leaf, now); err != nil {
		return class, err
	}
	if class, err := verifyChain(certs, roots, remembered, now); err != nil {
		return class, err
	}
	if err := leaf.VerifyHostname(host); err != nil { // the subject's common name does not count, nor does a partial wildcard
		return codes.TLSNameMismatch, err
	}
	return "", nil
}

// dates judges those of one certificate.
func dates(cert *x509.Certificate, now time.Time) (codes.TLSError, error) {
	expired := x509.CertificateInvalidError{Cert: cert, Reason: x509.Expired}
	switch {
	case now.Before(cert.NotBefore):
		expired.Detail = "not valid before " + cert.NotBefore.UTC().Format(time.RFC3339)
		return codes.TLSNotYetValid, expired
	case now.After(cert.NotAfter):
		expired.Detail = "not valid after " + cert.NotAfter.UTC().Format(time.RFC3339)
		return codes.TLSExpired, expired
	}
	return "", nil
}

func verifyChain(certs []*x509.Certificate, roots *x509.CertPool, remembered *known, now time.Time) (codes.TLSError, error) {
	if remembered.accepts(certs, now) {
		return "", nil
	}
	options := x509.VerifyOptions{
		Roots:         roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     forServers(),
	}
	for _, cert := range certs[1:] {
		options.Intermediates.AddCert(cert)
	}
	leaf := certs[0]
	chains, err := leaf.Verify(options)
	if err == nil {
		remembered.learn(certs, chains)
		return "", nil
	}

	// Would it have been right when all that was sent was valid?
	first, last := common(certs)
	for _, at := range []time.Time{first, last} {
		options.CurrentTime = at
		_, then := leaf.Verify(options)
		switch {
		case then == nil && at.After(now):
			return codes.TLSNotYetValid, err
		case then == nil:
			return codes.TLSExpired, err
		}
		var invalid x509.CertificateInvalidError
		if !errors.As(then, &invalid) || invalid.Reason != x509.Expired {
			err = then
		}
	}

	var invalid x509.CertificateInvalidError
	var critical x509.UnhandledCriticalExtension
	top := topOf(certs)
	switch {
	case strings.Contains(err.Error(), "signature check attempts limit reached"):
		return codes.TLSOversize, err // a chain made to be expensive
	case errors.As(err, &invalid), errors.As(err, &critical):
		return codes.TLSCertificate, err
	case selfSigned(leaf):
		return codes.TLSSelfSigned, err
	case anchored(top, roots):
		return codes.TLSCertificate, err // it leads to a root, and breaks on the way
	case !bytes.Equal(top.RawIssuer, top.RawSubject) && len(top.IssuingCertificateURL) > 0:
		return codes.TLSIncompleteChain, err
	}
	return codes.TLSUnknownAuthority, err
}

// common is the time in which all certificates are valid, if there is such a
// time, and else nonsense.
func common(certs []*x509.Certificate) (first, last time.Time) {
	first, last = certs[0].NotBefore, certs[0].NotAfter
	for _, cert := range certs[1:] {
		if cert.NotBefore.After(first) {
			first = cert.NotBefore
		}
		if cert.NotAfter.Before(last) {
			last = cert.NotAfter
		}
	}
	return first, last
}

// selfSigned reports whether a certificate is signed with its own key.
func selfSigned(cert *x509.Certificate) bool {
	if !bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		return false
	}
	err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	var weak x509.InsecureAlgorithmError // old boxes sign themselves with SHA-1
	return err == nil || errors.As(err, &weak)
}

// topOf is where the chain of the leaf ends in what was sent: a certificate that
// is self-signed, or whose issuer was not sent. When its AIA extension (RFC
// 5280, section 4.2.2.1) names that issuer, the chain is incomplete. It stays
// so: the issuer is never fetched, though some senders would.
func topOf(certs []*x509.Certificate) *x509.Certificate {
	top := certs[0]
	for range certs { // and not for ever, where two name each other
		i := slices.IndexFunc(certs, func(other *x509.Certificate) bool {
			return other != top && bytes.Equal(top.RawIssuer, other.RawSubject)
		})
		if i < 0 {
			break
		}
		top = certs[i]
	}
	return top
}

// anchored reports whether a root has signed the certificate, or is it.
func anchored(cert *x509.Certificate, roots *x509.CertPool) bool {
	_, err := cert.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   cert.NotBefore,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err == nil
}
