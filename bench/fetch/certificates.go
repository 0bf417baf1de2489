package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

func rootsFile(dir string) string       { return filepath.Join(dir, "roots.pem") }
func chainFile(dir, kind string) string { return filepath.Join(dir, kind+".pem") }

// writeCertificates writes the roots of all kinds into one file. For each kind it writes another with the key of all
// leaves, the intermediate and the leaves.
func writeCertificates(o options) error {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	var roots []byte
	for _, kind := range []string{"ecdsa", "rsa"} {
		root, chain, err := certificates(kind, o.hosts, o.rootBits)
		if err != nil {
			return err
		}
		roots = append(roots, root...)
		if err := os.WriteFile(chainFile(o.dir, kind), chain, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(rootsFile(o.dir), roots, 0o644)
}

// keys makes the keys of root, intermediate and leaves.
func keys(kind string, rootBits int) (keys [3]crypto.Signer, err error) {
	for i := range keys {
		switch {
		case kind == "rsa":
			keys[i], err = rsa.GenerateKey(rand.Reader, [...]int{rootBits, 2048, 2048}[i])
		case i == 2:
			keys[i], err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		default:
			keys[i], err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		}
		if err != nil {
			return keys, err
		}
	}
	return keys, nil
}

func certificates(kind string, hosts, rootBits int) (root, chain []byte, err error) {
	keys, err := keys(kind, rootBits)
	if err != nil {
		return nil, nil, err
	}
	authority := func(name string) *x509.Certificate {
		t := template(pkix.Name{CommonName: kind + " " + name})
		t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign
		return t
	}
	top, middle := authority("root"), authority("intermediate")
	sign := func(cert, issuer *x509.Certificate, key, by crypto.Signer) []byte {
		der, e := x509.CreateCertificate(rand.Reader, cert, issuer, key.Public(), by)
		err = errors.Join(err, e)
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	root = sign(top, top, keys[0], keys[0])
	private, e := x509.MarshalPKCS8PrivateKey(keys[2])
	err = errors.Join(err, e)
	chain = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	chain = append(chain, sign(middle, top, keys[1], keys[0])...)
	for i := range hosts {
		leaf := template(pkix.Name{})
		leaf.SerialNumber = big.NewInt(int64(i) + 2)
		leaf.DNSNames = []string{"mta-sts." + domain(i)}
		leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		leaf.OCSPServer, leaf.IssuingCertificateURL = []string{"http://ocsp.example.net/"}, []string{"http://aia.example.net/"}
		chain = append(chain, sign(leaf, middle, keys[2], keys[1])...)
	}
	return root, chain, err
}

func template(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: subject, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0),
	}
}

// readChains reads the chain of each host from a file of writeCertificates.
func readChains(path string) ([]tls.Certificate, error) {
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ders [][]byte
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		ders = append(ders, block.Bytes)
	}
	if len(ders) < 3 {
		return nil, fmt.Errorf("%s: key, intermediate or leaf is missing", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(ders[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var chains []tls.Certificate
	for _, leaf := range ders[2:] {
		chains = append(chains, tls.Certificate{Certificate: [][]byte{leaf, ders[1]}, PrivateKey: key})
	}
	return chains, nil
}
