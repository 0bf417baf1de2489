package egress

import (
	"bytes"
	"crypto/x509"
	"errors"

	"stsscan/internal/codes"
)

// verify judges the certificates that a server sent, leaf first (RFC 8461,
// section 3.3): a chain to a trusted root, valid now, and a DNS-ID that covers
// host, with a wildcard as the whole left-most label at most. Only what was
// sent counts: nothing is fetched to complete a chain.
//
// Where several things are wrong, the first of this order is the verdict: the
// dates, self-signed, incomplete chain, unknown authority, other flaws of the
// chain, the name.
func (t *Transport) verify(sent []*x509.Certificate, host string) (codes.TLSError, error) {
	if len(sent) == 0 {
		return codes.TLSCertificate, errors.New("the server sent no certificate")
	}
	leaf := sent[0]
	options := x509.VerifyOptions{
		Roots:         t.Roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   t.Now(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, cert := range sent[1:] {
		options.Intermediates.AddCert(cert)
	}
	if _, err := leaf.Verify(options); err != nil {
		return t.chainError(sent, err), err
	}
	if err := leaf.VerifyHostname(host); err != nil {
		return codes.TLSNameMismatch, err
	}
	return "", nil
}

// chainError says why the chain does not verify.
func (t *Transport) chainError(sent []*x509.Certificate, err error) codes.TLSError {
	leaf, last := sent[0], sent[len(sent)-1]
	now := t.Now()
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case now.Before(leaf.NotBefore):
		return codes.TLSNotYetValid
	case now.After(leaf.NotAfter), isInvalid && invalid.Reason == x509.Expired:
		return codes.TLSExpired
	case !isUnknown:
		return codes.TLSCertificate
	case selfSigned(leaf):
		return codes.TLSSelfSigned
	case !selfSigned(last) && len(last.IssuingCertificateURL) > 0:
		return codes.TLSIncompleteChain
	}
	return codes.TLSUnknownAuthority
}

// selfSigned reports whether a certificate names itself as its issuer.
func selfSigned(cert *x509.Certificate) bool {
	return bytes.Equal(cert.RawIssuer, cert.RawSubject)
}
