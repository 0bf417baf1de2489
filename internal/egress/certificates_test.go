package egress

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// rewrite is DER in which each primitive element whose content is old has the content and the tag of new.
func rewrite(der []byte, old string, tag byte, content string) []byte {
	var out []byte
	for len(der) > 0 {
		var element asn1.RawValue
		rest, err := asn1.Unmarshal(der, &element)
		if err != nil {
			panic(err)
		}
		switch {
		case element.IsCompound:
			inner := rewrite(element.Bytes, old, tag, content)
			out = append(out, tlv(der[0], inner)...)
		case string(element.Bytes) == old:
			out = append(out, tlv(tag, []byte(content))...)
		default:
			out = append(out, element.FullBytes...)
		}
		der = rest
	}
	return out
}

// tlv is an element of DER.
func tlv(tag byte, content []byte) []byte {
	switch n := len(content); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
}

// resigned is a certificate whose signed part is another.
func resigned(t testing.TB, tbs []byte, issuer *authority) []byte {
	t.Helper()
	sum := sha256.Sum256(tbs)
	signature, err := issuer.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	algorithm := []byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2} // ecdsa-with-SHA256
	return tlv(0x30, append(append(bytes.Clone(tbs), algorithm...), tlv(3, append([]byte{0}, signature...))...))
}

// signed is a certificate for a key of any kind.
func signed(t testing.TB, template *x509.Certificate, issuer *authority, key crypto.Signer) tls.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = big.NewInt(1)
	}
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = noon().Add(-day), noon().Add(day)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{PrivateKey: key, Certificate: [][]byte{der, issuer.cert.Raw}}
}

// Certificates that few servers have: each is judged, and what it says is kept in words that every reader of
// the table bears.
func TestOddCertificates(t *testing.T) {
	p := newPKI(t)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usual := func(change func(*x509.Certificate)) tls.Certificate {
		template := leafTemplate(host)
		change(template)
		return signed(t, template, p.intermediate, p256)
	}
	// patched has another content in place of one of the usual certificate.
	patched := func(template *x509.Certificate, old string, tag byte, content string) tls.Certificate {
		cert := signed(t, template, p.intermediate, p256)
		parsed, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		tbs := rewrite(parsed.RawTBSCertificate, old, tag, content)
		cert.Certificate[0] = resigned(t, tbs, p.intermediate)
		return cert
	}
	dated := func(from, to string) tls.Certificate {
		template := leafTemplate(host)
		template.NotBefore, template.NotAfter = time.Date(1971, 1, 2, 3, 4, 5, 0, time.UTC),
			time.Date(2049, 1, 2, 3, 4, 5, 0, time.UTC)
		cert := patched(template, "710102030405Z", 0x18, from)
		parsed, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		cert.Certificate[0] = resigned(t, rewrite(parsed.RawTBSCertificate, "490102030405Z", 0x18, to), p.intermediate)
		return cert
	}
	withChain := func(others ...[]byte) tls.Certificate {
		cert := usual(func(*x509.Certificate) {})
		cert.Certificate = append(cert.Certificate[:1:1], others...)
		return cert
	}
	keyed := func(key crypto.Signer, err error) tls.Certificate {
		if err != nil {
			t.Fatal(err)
		}
		return signed(t, leafTemplate(host), p.intermediate, key)
	}
	p384, p384err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, p521err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	_, edwards, edwardsErr := ed25519.GenerateKey(rand.Reader)
	rsa2048, rsaErr := rsa.GenerateKey(rand.Reader, 2048)
	many := make([][]byte, 60)
	for i := range many {
		many[i] = p.intermediate.cert.Raw
	}
	alone := func(cert tls.Certificate) tls.Certificate {
		cert.Certificate = cert.Certificate[:1]
		return cert
	}
	lengthy := &authority{caTemplate("lengthy"), p.intermediate.key}
	for i := range 9000 {
		odd := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{1, 2, 3, i}, Value: "x"}
		lengthy.cert.Subject.ExtraNames = append(lengthy.cert.Subject.ExtraNames, odd)
	}
	for _, c := range []struct {
		title string
		cert  tls.Certificate
		want  codes.TLSError
	}{
		{"a key of P-384", keyed(p384, p384err), ""},
		{"a key of P-521", keyed(p521, p521err), ""},
		{"a key of Ed25519", keyed(edwards, edwardsErr), ""},
		{"a key of RSA", keyed(rsa2048, rsaErr), ""},

		{"no subject", usual(func(c *x509.Certificate) { c.Subject = pkix.Name{} }), ""},
		{"no key usage", usual(func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = 0, nil }), ""},
		{"any extended key usage", usual(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), ""},
		{"for mail alone", usual(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), codes.TLSCertificate},
		{"a leaf that is an authority", usual(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), ""},
		{"an unknown extension", usual(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: []byte{5, 0}}}
		}), ""},
		{"an unknown critical extension", usual(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}), codes.TLSCertificate},
		{"a large extension", usual(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Value: make([]byte, 40<<10)}}
		}), ""},
		{"an issuer of 9,000 attributes", alone(signed(t, leafTemplate(host), lengthy, lengthy.key)), codes.TLSIncompleteChain},
		{"a serial of 20 octets", usual(func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 150) }), ""},
		{"a negative serial", patched(func() *x509.Certificate {
			c := leafTemplate(host)
			c.SerialNumber = big.NewInt(0x1234567)
			return c
		}(), "\x01\x23\x45\x67", 2, "\xff\x23\x45\x67"), codes.TLSCertificate},

		{"an address alone", usual(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv4(22, 1, 0, 1)} }), codes.TLSNameMismatch},
		{"a mail address alone", usual(func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{"a@" + host} }), codes.TLSNameMismatch},
		{"a URI alone", usual(func(c *x509.Certificate) {
			c.DNSNames, c.URIs = nil, []*url.URL{{Scheme: "https", Host: host}}
		}), codes.TLSNameMismatch},
		{"a star", usual(func(c *x509.Certificate) { c.DNSNames = []string{"*"} }), codes.TLSNameMismatch},
		{"two stars", usual(func(c *x509.Certificate) { c.DNSNames = []string{"*.*.com"} }), codes.TLSNameMismatch},
		{"a star within", usual(func(c *x509.Certificate) { c.DNSNames = []string{"mta-sts.*.com"} }), codes.TLSNameMismatch},
		{"a star after a dot", usual(func(c *x509.Certificate) { c.DNSNames = []string{"*..example.com"} }), codes.TLSNameMismatch},
		{"a final dot", usual(func(c *x509.Certificate) { c.DNSNames = []string{host + "."} }), codes.TLSNameMismatch},
		{"a leading dot", usual(func(c *x509.Certificate) { c.DNSNames = []string{".example.com"} }), codes.TLSNameMismatch},
		{"spaces around the name", usual(func(c *x509.Certificate) { c.DNSNames = []string{" " + host + " "} }), codes.TLSNameMismatch},
		{"NUL behind the name", usual(func(c *x509.Certificate) { c.DNSNames = []string{host + "\x00.example.net"} }), codes.TLSNameMismatch},
		{"an empty name beside it", usual(func(c *x509.Certificate) { c.DNSNames = []string{"", host} }), ""},
		{"a name in UTF-8", usual(func(c *x509.Certificate) {
			c.DNSNames = nil
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17},
				Value: tlv(0x30, tlv(0x82, []byte("mta-sts.ex\xc3\xa4mple.com")))}}
		}), codes.TLSCertificate},

		{"valid to the end of 9999", dated("20000101000000Z", "99991231235959Z"), ""},
		{"valid from the year 0", dated("00000101000000Z", "20490101000000Z"), ""},
		{"valid beyond 9999", dated("20000101000000Z", "99991231235959-0100"), ""},
		{"valid from before the year 0", dated("00000101000000+0100", "20490101000000Z"), ""},
		{"ends before it begins", dated("20490101000000Z", "20000101000000Z"), codes.TLSNotYetValid},
		{"ends in a leap second", dated("20000101000000Z", "20161231235960Z"), codes.TLSCertificate},

		{"an authority sent 60 times", withChain(many...), ""},
		{"the leaf sent twice", withChain(usual(func(*x509.Certificate) {}).Certificate[0], p.intermediate.cert.Raw), ""},
		{"rubbish in the chain", withChain(p.intermediate.cert.Raw, []byte("rubbish")), codes.TLSCertificate},
		{"an empty certificate in the chain", withChain(p.intermediate.cert.Raw, nil), codes.TLSCertificate},
		{"the authority first", tls.Certificate{PrivateKey: p.intermediate.key, Certificate: [][]byte{p.intermediate.cert.Raw}}, codes.TLSNameMismatch},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			transport := reach(t, p, Config{}, overTLS(c.cert, waitForEnd))
			var trace Trace
			conn, err := transport.connect(WithTrace(t.Context(), &trace), host)
			if err == nil {
				conn.Close()
			}
			if trace.TLSError != c.want || (err == nil) != (c.want == "") {
				t.Errorf("%q (%v), want %q", trace.TLSError, err, c.want)
			}
			if cert := trace.Cert; cert != nil {
				if long := c.title == "an issuer of 9,000 attributes"; long != (cert.Issuer == "") {
					t.Errorf("issuer %q", cert.Issuer)
				}
				for _, at := range []time.Time{cert.NotBefore, cert.NotAfter} {
					if _, err := at.MarshalJSON(); err != nil || at.Location() != time.UTC || at.Year() < 1 {
						t.Errorf("%v cannot be kept: %v", at, err)
					}
				}
			}
		})
	}
}
