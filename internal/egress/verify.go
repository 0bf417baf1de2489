package egress

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
)

// verify verifies the certificates of a host by RFC 8461, section 3.3: a DNS-ID for host, a chain to a trusted
// root, for use by servers, valid now.
//
// Where more than one thing is wrong, the class is the first that applies of: the dates of the leaf, those of
// its chain; self-signed; a chain that leads to a root and is unfit; one without the leaf's issuer; unknown
// authority; the name. A chain is only called bad for what remains wrong when all dates are right. The cache
// saves time and changes no verdict.
func verify(
	certs []*x509.Certificate, host string, roots *x509.CertPool, cache *chainCache, now time.Time,
) (codes.TLSError, error) {
	if len(certs) == 0 {
		return codes.TLSCertificate, errors.New("no certificate")
	}
	leaf := certs[0]
	if class, err := dates(leaf, now); err != nil {
		return class, err
	}
	if class, err := verifyChain(certs, roots, cache, now); err != nil {
		return class, err
	}
	// The subject's common name does not count, nor does a partial wildcard.
	if err := leaf.VerifyHostname(host); err != nil {
		return codes.TLSNameMismatch, err
	}
	return "", nil
}

// dates checks those of one certificate.
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

func verifyChain(
	certs []*x509.Certificate, roots *x509.CertPool, cache *chainCache, now time.Time,
) (codes.TLSError, error) {
	if cache.accepts(certs, now) {
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
		cache.add(certs, chains)
		return "", nil
	}

	// Would it have been right when all that was sent was valid?
	common := commonValidity(certs)
	for _, at := range []time.Time{common.first, common.last} {
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
	path := pathOf(certs)
	switch {
	case strings.Contains(err.Error(), "signature check attempts limit reached"):
		return codes.TLSOversize, err // a chain made to be expensive
	case errors.As(err, &invalid), errors.As(err, &critical):
		return codes.TLSCertificate, err
	case selfSigned(leaf):
		return codes.TLSSelfSigned, err
	case anchored(path[len(path)-1], roots):
		return codes.TLSCertificate, err // it leads to a root, and breaks on the way
	case len(path) == 1 && !selfIssued(leaf):
		return codes.TLSIncompleteChain, err
	}
	return codes.TLSUnknownAuthority, err
}

func selfIssued(cert *x509.Certificate) bool { return bytes.Equal(cert.RawIssuer, cert.RawSubject) }

// selfSigned reports whether a certificate is signed with its own key.
func selfSigned(cert *x509.Certificate) bool {
	if !selfIssued(cert) {
		return false
	}
	err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	var weak x509.InsecureAlgorithmError // old boxes sign themselves with SHA-1
	return err == nil || errors.As(err, &weak)
}

// pathOf is the chain of the leaf as far as the certificates that were sent lead: to one whose issuer was not
// sent, or that is self-issued. Where a certificate says where to fetch its issuer (AIA; RFC 5280, section
// 4.2.2.1), nothing is fetched, though some senders would.
func pathOf(certs []*x509.Certificate) []*x509.Certificate {
	path := certs[:1:1]
	for range certs { // two may name each other
		top := path[len(path)-1]
		i := slices.IndexFunc(certs, func(other *x509.Certificate) bool {
			return other != top && bytes.Equal(top.RawIssuer, other.RawSubject)
		})
		if i < 0 {
			break
		}
		path = append(path, certs[i])
	}
	return path
}

// shortKey is the length in bits below which an RSA key is too short for authorities and browsers. Down to 1024
// bits it is accepted all the same.
const shortKey = 2048

// hasShortKey reports whether the leaf, or an authority between it and its root, has such a key.
func hasShortKey(certs []*x509.Certificate) bool {
	for i, cert := range pathOf(certs) {
		key, ok := cert.PublicKey.(*rsa.PublicKey)
		if ok && key.N.BitLen() < shortKey && (i == 0 || !selfIssued(cert)) {
			return true
		}
	}
	return false
}

// anchored reports whether a root has signed the certificate, or is the certificate. That is not known where
// the algorithm of the signature is refused, as SHA-1 is: then the name of the issuer is enough.
func anchored(cert *x509.Certificate, roots *x509.CertPool) bool {
	_, err := cert.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   cert.NotBefore,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err == nil || strings.Contains(err.Error(), "cannot verify signature: insecure algorithm")
}
