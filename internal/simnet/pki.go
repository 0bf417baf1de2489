package simnet

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
)

// A pki is the certification of a world: an authority that the scanner trusts, and a twin of it that it does
// not. Its keys are made when the world is opened, those of RSA when they are needed. A leaf certificate is
// made for each handshake, nearly all with one key, and kept nowhere.
type pki struct {
	root, intermediate           authority
	sha1Intermediate             authority // of the root, by a signature with SHA-1
	alienRoot, alienIntermediate authority
	leafKey                      *ecdsa.PrivateKey
	rsaKey, shortKey, tinyKey    func() (crypto.Signer, error) // of RSA, of 2048, 1024 and 512 bits
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newPKI() (*pki, error) {
	p := new(pki)
	var err error
	if p.root, p.intermediate, err = newAuthority("Simulated Internet"); err != nil {
		return nil, err
	}
	if p.alienRoot, p.alienIntermediate, err = newAuthority("Untrusted Twin"); err != nil {
		return nil, err
	}
	weak := p.intermediate.template("Old Intermediate")
	weak.SignatureAlgorithm = x509.ECDSAWithSHA1
	if p.sha1Intermediate, err = certify(weak, p.root); err != nil {
		return nil, err
	}
	p.rsaKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	p.shortKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 1024) })
	p.tinyKey = sync.OnceValues(newTinyKey)
	p.leafKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return p, err
}

// template is for another intermediate of the same kind.
func (a authority) template(name string) *x509.Certificate {
	t := *a.cert
	t.Subject.CommonName, t.SerialNumber, t.SubjectKeyId = name, big.NewInt(3), nil
	return &t
}

// newAuthority makes a root and its intermediate. They are valid for a century that includes the clocks of
// synctest bubbles, in the year 2000.
func newAuthority(name string) (root, intermediate authority, err error) {
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Organization: []string{name}, CommonName: name + " Root"},
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2098, 12, 31, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:         true, BasicConstraintsValid: true,
	}
	if root, err = certify(&template, authority{}); err != nil {
		return root, intermediate, err
	}
	template.SerialNumber = big.NewInt(2)
	template.Subject.CommonName = name + " Intermediate"
	template.MaxPathLenZero = true
	template.IssuingCertificateURL = []string{"http://aia.example.net/root.cer"}
	intermediate, err = certify(&template, root)
	return root, intermediate, err
}

// certify makes an authority; a zero parent means its own signature.
func certify(template *x509.Certificate, parent authority) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	if parent.cert == nil {
		parent = authority{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, &key.PublicKey, parent.key)
	if err != nil {
		return authority{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return authority{cert: cert, key: key}, err
}

func (p *pki) rootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.root.cert.Raw})
}

const (
	manyNames     = 5000
	mostNames     = 7000 // crypto/tls takes 256 KiB of certificates
	blobSize      = 300 << 10
	longChain     = 700
	defaultHoster = "hosting.example.net" // of a wrong-name certificate, where the site names none
)

// names are the DNS names in the certificate of a host.
func names(host string, s site) []string {
	domain := s.domain
	if domain == "" {
		_, domain, _ = strings.Cut(host, ".")
	}
	switch s.tls {
	case tlsWildcard:
		return []string{"*." + domain}
	case tlsWrongName:
		hoster := s.hoster
		if hoster == "" {
			hoster = defaultHoster
		}
		return []string{hoster, "*." + hoster}
	case tlsCommonName:
		return nil
	case tlsPartialWildcard:
		return []string{"mta*." + domain}
	case tlsParentWildcard:
		_, parent, _ := strings.Cut(domain, ".")
		return []string{"*." + parent}
	case tlsManyNames:
		return tenants(host, manyNames)
	case tlsMostNames:
		return tenants(host, mostNames)
	case tlsLongNames:
		var long []string
		label := "." + strings.Repeat("x", 60)
		for i := range 99 {
			labels := strings.Repeat(label, 3) + "." + strings.Repeat("y", 40)
			long = append(long, fmt.Sprintf("tenant-%02d%s.example.net", i, labels))
		}
		return long
	}
	return []string{host}
}

// tenants are the names of a host and of n others.
func tenants(host string, n int) []string {
	names := []string{host}
	for i := range n {
		names = append(names, fmt.Sprintf("tenant-%04d.%s", i, defaultHoster))
	}
	return names
}

// chain makes the certificate of a host and what the server sends with it.
func (p *pki) chain(host string, s site, now time.Time) (*tls.Certificate, error) {
	const day = 24 * time.Hour
	today := now.UTC().Truncate(day)
	leaf := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()&(1<<62-1) + 3), // after the two of the authority
		NotBefore:             today.Add(-30 * day),
		NotAfter:              today.Add(60 * day),
		DNSNames:              names(host, s),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		// There is no host at these addresses: a client that fetches issuers or status is found out.
		IssuingCertificateURL: []string{"http://aia.example.net/intermediate.cer"},
		OCSPServer:            []string{"http://ocsp.example.net/"},
	}
	switch s.tls {
	case tlsExpired:
		leaf.NotBefore, leaf.NotAfter = today.Add(-120*day), today.Add(-30*day)
	case tlsNotYetValid:
		leaf.NotBefore, leaf.NotAfter = today.Add(30*day), today.Add(120*day)
	case tlsCommonName:
		leaf.Subject.CommonName = host
	case tlsSelfSigned:
		leaf.Subject.Organization = []string{"Self-signed"}
		return p.sign(leaf, authority{cert: leaf, key: p.leafKey})
	case tlsUnknownAuthority:
		return p.sign(leaf, p.alienIntermediate, p.alienIntermediate.cert.Raw, p.alienRoot.cert.Raw)
	case tlsAlienChain:
		return p.sign(leaf, p.alienIntermediate, p.alienIntermediate.cert.Raw)
	case tlsSHA1Chain:
		return p.sign(leaf, p.sha1Intermediate, p.sha1Intermediate.cert.Raw)
	case tlsIncompleteChain:
		return p.sign(leaf, p.intermediate)
	case tlsForClients:
		leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case tlsStaticRSA:
		leaf.KeyUsage |= x509.KeyUsageKeyEncipherment
	case tlsOversize:
		blob := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1}, Value: make([]byte, blobSize)}
		leaf.ExtraExtensions = append(leaf.ExtraExtensions, blob)
	case tlsLongChain:
		return p.sign(leaf, p.intermediate, slices.Repeat([][]byte{p.intermediate.cert.Raw}, longChain)...)
	}
	key, err := p.keyOf(s)
	if err != nil {
		return nil, err
	}
	return signFor(key, leaf, p.intermediate, p.intermediate.cert.Raw)
}

// keyOf is the key of a site's certificate.
func (p *pki) keyOf(s site) (crypto.Signer, error) {
	switch s.tls {
	case tlsStaticRSA:
		return p.rsaKey()
	case tlsShortKey:
		return p.shortKey()
	case tlsTinyKey:
		return p.tinyKey()
	}
	return p.leafKey, nil
}

// sign issues the leaf for the usual key. rest is what the server sends after it.
func (p *pki) sign(leaf *x509.Certificate, issuer authority, rest ...[]byte) (*tls.Certificate, error) {
	return signFor(p.leafKey, leaf, issuer, rest...)
}

func signFor(key crypto.Signer, leaf *x509.Certificate, issuer authority, rest ...[]byte) (*tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		return nil, errors.Join(errors.New("leaf certificate"), err)
	}
	return &tls.Certificate{Certificate: append([][]byte{der}, rest...), PrivateKey: key}, nil
}
