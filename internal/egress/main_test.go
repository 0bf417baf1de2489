package egress

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A proxy of the environment would not be found. net/http looks once, so that this must be there before any
	// test.
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		if err := os.Setenv(name, "http://proxy.invalid:3128"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// noon is when the tests take place.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

const day = 24 * time.Hour

// An authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// issue signs a certificate; without an issuer it is signed with its own key.
func issue(t testing.TB, template *x509.Certificate, issuer *authority) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return issueFor(t, template, issuer, key)
}

// issueFor is issue for a key of any kind.
func issueFor(t testing.TB, template *x509.Certificate, issuer *authority, key crypto.Signer) *authority {
	t.Helper()
	template.SerialNumber = big.NewInt(noon().Unix())
	if template.NotBefore.IsZero() {
		template.NotBefore = noon().Add(-30 * day)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = noon().Add(60 * day)
	}
	if issuer == nil {
		issuer = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
}

func leafTemplate(names ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"a host"}}, DNSNames: names, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IssuingCertificateURL: []string{"http://aia.example/"},
	}
}

// A pki is a root that the tests trust, and an intermediate of it.
type pki struct{ root, intermediate *authority }

func newPKI(t testing.TB) pki {
	root := issue(t, caTemplate("root"), nil)
	return pki{root, issue(t, caTemplate("intermediate"), root)}
}

func (p pki) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.root.cert)
	return pool
}

// chain is what a server sends: the leaf, with its key, and others behind it.
func chain(leaf *authority, others ...*authority) tls.Certificate {
	c := tls.Certificate{PrivateKey: leaf.key, Certificate: [][]byte{leaf.cert.Raw}}
	for _, other := range others {
		c.Certificate = append(c.Certificate, other.cert.Raw)
	}
	return c
}

// good is the chain of the host that the tests ask for.
func (p pki) good(t testing.TB) tls.Certificate {
	return chain(issue(t, leafTemplate(host), p.intermediate), p.intermediate)
}

// reach opens a server on the loopback interface that plays each connection, and a Transport whose dial
// function leads every public address to it. What config sets is kept.
func reach(t testing.TB, p pki, config Config, play func(net.Conn)) *Transport {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); play(conn) }()
		}
	}()
	if config.Resolve == nil {
		config.Resolve = resolves("22.1.0.1")
	}
	if config.Proxy == nil {
		config.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
		}
	}
	if config.Manners == (Manners{}) {
		config.Manners = NoManners() // they have tests of their own
	}
	config.Roots = p.roots()
	config.Now = noon
	transport, err := NewTransport(config)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// overTLS plays within TLS.
func overTLS(cert tls.Certificate, play func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		if secured.Handshake() == nil {
			play(secured)
		}
	}
}

// says answers the request with the text, whatever it is.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) {
			_, _ = conn.Write([]byte(text))
			if secured, ok := conn.(*tls.Conn); ok {
				_ = secured.CloseWrite()
			}
			waitForEnd(conn)
		}
	}
}

// readRequest reads to the blank line.
func readRequest(conn net.Conn) bool {
	var seen []byte
	buffer := make([]byte, 1024)
	for {
		n, err := conn.Read(buffer)
		if seen = append(seen, buffer[:n]...); len(seen) >= 4 && string(seen[len(seen)-4:]) == "\r\n\r\n" {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// waitForEnd reads until the other side closes.
func waitForEnd(conn net.Conn) {
	buffer := make([]byte, 1024)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

const policy = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmax_age: 604800\r\n"

// request asks for the policy of the host.
func request(t testing.TB, ctx context.Context) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/.well-known/mta-sts.txt", nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// fetch sends one request.
func fetch(t testing.TB, ctx context.Context, rt http.RoundTripper) (*http.Response, error) {
	t.Helper()
	resp, err := rt.RoundTrip(request(t, ctx))
	if resp != nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	return resp, err
}
