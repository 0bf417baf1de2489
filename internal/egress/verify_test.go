package egress

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// A verifyCase is what a host sent, and the verdict.
type verifyCase struct {
	title string
	chain []*authority
	want  codes.TLSError
}

func (c verifyCase) certs() []*x509.Certificate {
	var certs []*x509.Certificate
	for _, a := range c.chain {
		certs = append(certs, a.cert)
	}
	return certs
}

func TestVerify(t *testing.T) {
	p := newPKI(t)
	for _, c := range verifyCases(t, p) {
		got, err := verify(c.certs(), host, p.roots(), nil, noon())
		if got != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %q (%v), want %q", c.title, got, err, c.want)
		}
	}
}

// verifyCases are chains of all kinds, where the root of p is trusted.
func verifyCases(t *testing.T, p pki) []verifyCase {
	alien := newPKI(t)
	at := func(template *x509.Certificate, from, to time.Duration) *x509.Certificate {
		template.NotBefore, template.NotAfter = noon().Add(from), noon().Add(to)
		return template
	}
	leaf := func(template *x509.Certificate) *authority { return issue(t, template, p.intermediate) }
	others := func(template *x509.Certificate) *authority { return issue(t, template, alien.intermediate) }
	self := func(template *x509.Certificate) *authority { return issue(t, template, nil) }
	noAIA := leafTemplate(host)
	noAIA.IssuingCertificateURL = nil
	forClients := leafTemplate(host)
	forClients.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	common := leafTemplate()
	common.Subject.CommonName = host
	narrow := caTemplate("narrow")
	narrow.PermittedDNSDomains = []string{"example.org"}
	narrowCA := issue(t, narrow, p.root)
	lapsed := issue(t, at(caTemplate("lapsed"), -100*day, -day), p.root)
	early := issue(t, at(caTemplate("early"), day, 100*day), p.root)
	noAuthority := leafTemplate("ca.example")
	noAuthority.Subject.CommonName = "no authority"
	notCA := issue(t, noAuthority, p.root)
	noCert := caTemplate("no signer")
	noCert.KeyUsage = x509.KeyUsageDigitalSignature
	noSigner := issue(t, noCert, p.root)

	pointing := caTemplate("pointing")
	pointing.IssuingCertificateURL = []string{"http://aia.example/"}
	lonely := issue(t, pointing, alien.root)
	below := issue(t, caTemplate("below"), lonely)

	// withAlgorithm has a certificate signed by another algorithm than usual.
	withAlgorithm := func(template *x509.Certificate, algorithm x509.SignatureAlgorithm) *x509.Certificate {
		template.SignatureAlgorithm = algorithm
		return template
	}
	sha1CA := issue(t, withAlgorithm(caTemplate("SHA-1"), x509.ECDSAWithSHA1), p.root)
	belowSHA1 := issue(t, caTemplate("below SHA-1"), sha1CA)
	alienSHA1 := issue(t, withAlgorithm(caTemplate("alien SHA-1"), x509.ECDSAWithSHA1), issue(t, caTemplate("alien"), nil))
	keys := rsaKeys(t)
	rsaCA := func(bits int) *authority { return issueFor(t, caTemplate("RSA"), p.root, keys[bits]) }
	rsaLeaf := func(bits int, issuer *authority) *authority {
		return issueFor(t, leafTemplate(host), issuer, keys[bits])
	}
	ca2048, ca1024, ca512 := rsaCA(2048), rsaCA(1024), rsaCA(512)
	alien512 := issueFor(t, caTemplate("RSA"), alien.root, keys[512])
	t.Setenv("GODEBUG", "rsa1024min=0") // to sign with 512 bits
	below512, belowAlien512 := rsaLeaf(2048, ca512), rsaLeaf(2048, alien512)
	t.Setenv("GODEBUG", "")

	return []verifyCase{
		{"good", []*authority{leaf(leafTemplate(host)), p.intermediate}, ""},
		{"good, root sent", []*authority{leaf(leafTemplate(host)), p.intermediate, p.root}, ""},
		{"good, in disorder", []*authority{leaf(leafTemplate(host)), p.root, alien.root, p.intermediate}, ""},
		{"good, by the root", []*authority{issue(t, leafTemplate(host), p.root)}, ""},
		{"good, among names", []*authority{leaf(leafTemplate("a.example", "b.example", host)), p.intermediate}, ""},
		{"good, upper case", []*authority{leaf(leafTemplate("MTA-STS.Example.COM")), p.intermediate}, ""},
		{"good, wildcard", []*authority{leaf(leafTemplate("*.example.com")), p.intermediate}, ""},

		{"partial wildcard", []*authority{leaf(leafTemplate("mta*.example.com")), p.intermediate}, codes.TLSNameMismatch},
		{"wildcard of the parent", []*authority{leaf(leafTemplate("*.com")), p.intermediate}, codes.TLSNameMismatch},
		{"wildcard below", []*authority{leaf(leafTemplate("*.mta-sts.example.com")), p.intermediate}, codes.TLSNameMismatch},
		{"another name", []*authority{leaf(leafTemplate("hosting.example.net")), p.intermediate}, codes.TLSNameMismatch},
		{"common name only", []*authority{leaf(common), p.intermediate}, codes.TLSNameMismatch},

		{"expired", []*authority{leaf(at(leafTemplate(host), -90*day, -time.Second)), p.intermediate}, codes.TLSExpired},
		{"not yet valid", []*authority{leaf(at(leafTemplate(host), time.Second, 90*day)), p.intermediate}, codes.TLSNotYetValid},
		{"expired intermediate", []*authority{issue(t, leafTemplate(host), lapsed), lapsed}, codes.TLSExpired},
		{"expired intermediate, younger root", []*authority{issue(t, at(leafTemplate(host), -90*day, 90*day), lapsed), lapsed}, codes.TLSExpired},
		{"early intermediate", []*authority{issue(t, leafTemplate(host), early), early}, codes.TLSNotYetValid},
		{"expired and another name", []*authority{leaf(at(leafTemplate("a.example"), -90*day, -day)), p.intermediate}, codes.TLSExpired},
		{"expired and self-signed", []*authority{self(at(leafTemplate(host), -90*day, -day))}, codes.TLSExpired},
		{"early and alone", []*authority{leaf(at(leafTemplate(host), day, 90*day))}, codes.TLSNotYetValid},

		{"self-signed", []*authority{self(leafTemplate(host))}, codes.TLSSelfSigned},
		{"self-signed, another name", []*authority{self(leafTemplate("localhost"))}, codes.TLSSelfSigned},

		{"incomplete", []*authority{leaf(leafTemplate(host))}, codes.TLSIncompleteChain},
		{"incomplete, another name", []*authority{leaf(leafTemplate("a.example"))}, codes.TLSIncompleteChain},
		{"incomplete, a stray beside", []*authority{leaf(leafTemplate(host)), alien.root}, codes.TLSIncompleteChain},
		{"incomplete, no AIA", []*authority{leaf(noAIA)}, codes.TLSIncompleteChain},
		{"incomplete, by SHA-1", []*authority{issue(t, withAlgorithm(leafTemplate(host), x509.ECDSAWithSHA1), p.intermediate)}, codes.TLSIncompleteChain},
		{"incomplete, of an alien", []*authority{others(leafTemplate(host))}, codes.TLSIncompleteChain}, // the chain does not show it

		{"unknown, root sent", []*authority{others(leafTemplate(host)), alien.intermediate, alien.root}, codes.TLSUnknownAuthority},
		{"unknown, root not sent", []*authority{others(leafTemplate(host)), alien.intermediate}, codes.TLSUnknownAuthority},
		{"unknown, root not sent, with AIA", []*authority{issue(t, leafTemplate(host), lonely), lonely}, codes.TLSUnknownAuthority},
		{"unknown, with AIA higher up", []*authority{issue(t, leafTemplate(host), below), below, lonely}, codes.TLSUnknownAuthority},
		{"unknown, by SHA-1", []*authority{issue(t, leafTemplate(host), alienSHA1), alienSHA1}, codes.TLSUnknownAuthority},
		{"unknown, with a key of 512 bits", []*authority{belowAlien512, alien512}, codes.TLSUnknownAuthority},
		{"unknown, another name", []*authority{others(leafTemplate("a.example")), alien.intermediate, alien.root}, codes.TLSUnknownAuthority},

		{"for clients", []*authority{leaf(forClients), p.intermediate}, codes.TLSCertificate},
		{"outside of the authority's domains", []*authority{issue(t, leafTemplate(host), narrowCA), narrowCA}, codes.TLSCertificate},
		{"signed by what is no authority", []*authority{issue(t, leafTemplate(host), notCA), notCA}, codes.TLSCertificate},
		{"signed by what must not sign", []*authority{issue(t, leafTemplate(host), noSigner), noSigner}, codes.TLSCertificate},
		{"signed with another key", []*authority{others(leafTemplate(host)), p.intermediate}, codes.TLSCertificate},
		{"by SHA-1", []*authority{issue(t, withAlgorithm(leafTemplate(host), x509.ECDSAWithSHA1), p.intermediate), p.intermediate}, codes.TLSCertificate},
		{"by SHA-1, by the root", []*authority{issue(t, withAlgorithm(leafTemplate(host), x509.ECDSAWithSHA1), p.root)}, codes.TLSCertificate},
		{"an intermediate by SHA-1", []*authority{issue(t, leafTemplate(host), sha1CA), sha1CA}, codes.TLSCertificate},
		{"an intermediate by SHA-1 higher up", []*authority{issue(t, leafTemplate(host), belowSHA1), belowSHA1, sha1CA}, codes.TLSCertificate},
		{"an intermediate of 512 bits", []*authority{below512, ca512}, codes.TLSCertificate},
		{"nothing", nil, codes.TLSCertificate},

		{"a key of 2048 bits", []*authority{rsaLeaf(2048, ca2048), ca2048}, ""},
		{"a key of 1024 bits", []*authority{rsaLeaf(1024, ca2048), ca2048}, ""},
		{"an intermediate of 1024 bits", []*authority{rsaLeaf(2048, ca1024), ca1024}, ""},
	}
}

// rsaKeys are keys of RSA, by their length in bits.
func rsaKeys(t testing.TB) map[int]*rsa.PrivateKey {
	t.Setenv("GODEBUG", "rsa1024min=0")
	defer t.Setenv("GODEBUG", "")
	keys := make(map[int]*rsa.PrivateKey)
	for _, bits := range []int{512, 1024, 2048} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		keys[bits] = key
	}
	return keys
}

// Keys of RSA that are shorter than authorities and browsers accept are noted, of the leaf and of those between
// it and its root.
func TestShortKeys(t *testing.T) {
	p := newPKI(t)
	keys := rsaKeys(t)
	ca := func(bits int) *authority { return issueFor(t, caTemplate("RSA"), p.root, keys[bits]) }
	leaf := func(bits int, issuer *authority) *authority {
		return issueFor(t, leafTemplate(host), issuer, keys[bits])
	}
	shortRoot := issueFor(t, caTemplate("short root"), nil, keys[1024])
	good, short := ca(2048), ca(1024)
	for title, c := range map[string]struct {
		chain []*authority
		want  bool
	}{
		"not of RSA":        {[]*authority{issue(t, leafTemplate(host), p.intermediate), p.intermediate}, false},
		"2048":              {[]*authority{leaf(2048, good), good}, false},
		"leaf of 1024":      {[]*authority{leaf(1024, good), good}, true},
		"leaf of 512":       {[]*authority{leaf(512, good), good}, true},
		"alone":             {[]*authority{leaf(1024, good)}, true},
		"self-signed":       {[]*authority{issueFor(t, leafTemplate(host), nil, keys[1024])}, true},
		"intermediate":      {[]*authority{leaf(2048, short), short}, true},
		"a root":            {[]*authority{leaf(2048, shortRoot), shortRoot}, false}, // its signature does not count
		"not of this chain": {[]*authority{leaf(2048, good), good, issueFor(t, caTemplate("another"), p.root, keys[1024])}, false},
	} {
		if got := hasShortKey(verifyCase{chain: c.chain}.certs()); got != c.want {
			t.Errorf("%s: %v", title, got)
		}
	}
}

// What the server showed is kept, whether or not it was accepted.
func TestCertificateFacts(t *testing.T) {
	p := newPKI(t)
	bad := strings.Repeat("ü", 700) // cut at 512 octets, and not within a letter
	alien := issue(t, caTemplate(bad), nil)
	many := leafTemplate("a1.example", "a2.example", "a3.example", "a4.example", "a5.example", "a6.example", "a7.example")
	for _, c := range []struct {
		title  string
		leaf   *authority
		others []*authority
		names  []string
		count  int
		want   codes.TLSError
	}{
		{"good", issue(t, leafTemplate(host), p.intermediate), []*authority{p.intermediate}, []string{host}, 1, ""},
		{"another name", issue(t, many, p.intermediate), []*authority{p.intermediate}, many.DNSNames[:5], 7, codes.TLSNameMismatch},
		{"no names", issue(t, leafTemplate(), p.intermediate), []*authority{p.intermediate}, nil, 0, codes.TLSNameMismatch},
		{"odd issuer", issue(t, leafTemplate(host), alien), []*authority{alien}, []string{host}, 1, codes.TLSUnknownAuthority},
	} {
		t.Run(c.title, func(t *testing.T) {
			ended := make(chan struct{})
			site := overTLS(chain(c.leaf, c.others...), says("HTTP/1.1 204 No Content\r\n\r\n"))
			transport := reach(t, p, Config{}, func(conn net.Conn) {
				site(conn)
				close(ended)
			})
			var trace Trace
			resp, err := fetch(t, WithTrace(t.Context(), &trace), transport)
			if resp != nil {
				resp.Body.Close()
			}
			defer func() { <-ended }() // the connection is closed
			if c.want == "" && err != nil || c.want != "" && err == nil {
				t.Fatalf("error %v, want class %q", err, c.want)
			}
			var e *Error
			if errors.As(err, &e) && (e.TLSError() != c.want || e.PolicyStage() != codes.StageTLS ||
				len(err.Error()) > 2*maxText) {
				t.Errorf("error %v", err)
			}
			cert := trace.Cert
			if cert == nil || trace.TLSError != c.want || trace.TLSVersion != "1.3" || trace.ChainLength != 1+len(c.others) {
				t.Fatalf("trace %+v", trace)
			}
			if !slices.Equal(cert.Names, c.names) || cert.NamesCount != c.count ||
				cert.SHA256 != sha256.Sum256(c.leaf.cert.Raw) ||
				!cert.NotBefore.Equal(c.leaf.cert.NotBefore) || !cert.NotAfter.Equal(c.leaf.cert.NotAfter) ||
				len(cert.Issuer) > maxText || strings.ToValidUTF8(cert.Issuer, "") != cert.Issuer || cert.Issuer == "" {
				t.Errorf("certificate %+v", cert)
			}
			if trace.TLSTime <= 0 || trace.ConnectTime <= 0 {
				t.Errorf("times %+v", trace)
			}
		})
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"plain":                          "plain",
		"a\xffb":                         "a\uFFFDb",
		strings.Repeat("x", 513):         strings.Repeat("x", 512),
		"x" + strings.Repeat("ü", 400):   "x" + strings.Repeat("ü", 255),
		strings.Repeat("\xff.", 100_000): strings.Repeat("\uFFFD.", 128),
	} {
		if got := clean(text); got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}

func TestHandshakeErrors(t *testing.T) {
	p := newPKI(t)
	good := p.good(t)
	alert := func(code byte) func(net.Conn) {
		return func(conn net.Conn) {
			readHello(conn)
			_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, code})
			waitForEnd(conn)
		}
	}
	writes := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			readHello(conn)
			_, _ = conn.Write([]byte(text))
			waitForEnd(conn)
		}
	}
	with := func(config *tls.Config) func(net.Conn) {
		config.Certificates = []tls.Certificate{good}
		return func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() }
	}
	offers := func(suite uint16, cert tls.Certificate) func(net.Conn) {
		config := &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite},
			Certificates: []tls.Certificate{cert}}
		return func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() }
	}
	ofRSA := signed(t, leafTemplate(host), p.intermediate, rsaKeys(t)[2048])
	garbled := good
	garbled.Certificate = [][]byte{{0x30, 0x03, 1, 2, 3}}
	for title, c := range map[string]struct {
		play    func(net.Conn)
		want    codes.TLSError
		version string
	}{
		"TLS 1.2":                      {with(&tls.Config{MaxVersion: tls.VersionTLS12}), "", "1.2"},
		"CBC and SHA-256":              {offers(tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, good), "", "1.2"},
		"CBC and SHA-256, of RSA":      {offers(tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, ofRSA), "", "1.2"},
		"static RSA":                   {offers(tls.TLS_RSA_WITH_AES_128_CBC_SHA256, ofRSA), "", "1.2"},
		"static RSA and SHA-1":         {offers(tls.TLS_RSA_WITH_AES_256_CBC_SHA, ofRSA), "", "1.2"},
		"static RSA and GCM":           {offers(tls.TLS_RSA_WITH_AES_128_GCM_SHA256, ofRSA), "", "1.2"},
		"3DES, which is not asked for": {offers(tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, ofRSA), codes.TLSHandshakeFailure, ""},
		"RC4, which is not asked for":  {offers(tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, ofRSA), codes.TLSHandshakeFailure, ""},
		"both protocols":               {with(&tls.Config{NextProtos: []string{"h2", "http/1.1"}}), "", "1.3"},
		"no HTTP":                      {with(&tls.Config{NextProtos: []string{"acme-tls/1"}}), codes.TLSAlert, ""},
		"TLS 1.1":                      {with(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}), codes.TLSProtocolVersion, ""},
		"old ServerHello":              {oldServerHello, codes.TLSProtocolVersion, ""},
		"alert 112":                    {alert(112), codes.TLSNoCertForName, ""},
		"alert 40":                     {alert(40), codes.TLSHandshakeFailure, ""},
		"alert 71":                     {alert(71), codes.TLSAlert, ""},
		"alert 70":                     {alert(70), codes.TLSProtocolVersion, ""},
		"alert 80":                     {alert(80), codes.TLSAlert, ""},
		"alert 255":                    {alert(255), codes.TLSAlert, ""},
		"alert 80 to a name": {func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				if hello.ServerName != "" {
					return nil, errors.New("no such name") // crypto/tls then sends alert 80
				}
				return &good, nil
			}}).Handshake()
		}, codes.TLSNoCertForName, ""},
		"alert 40 to a name": {func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				if hello.ServerName == "" {
					return &tls.Config{Certificates: []tls.Certificate{good}}, nil
				}
				return &tls.Config{Certificates: []tls.Certificate{good}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}}, nil
			}}).Handshake()
		}, codes.TLSNoCertForName, ""},
		"silence without a name, after alert 40": {func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				if hello.ServerName == "" {
					waitForEnd(conn)
				}
				return &tls.Config{Certificates: []tls.Certificate{good}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}}, nil
			}}).Handshake()
		}, codes.TLSHandshakeFailure, ""},
		"silence without a name, after alert 80": {func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				if hello.ServerName == "" {
					waitForEnd(conn)
				}
				return nil, errors.New("no such name")
			}}).Handshake()
		}, codes.TLSHandshakeTimeout, ""},
		"an endless message": {writes("\x16\x03\x03\x40\x00\x02\x7f\xff\xff" + strings.Repeat("x", 16380)), codes.TLSOversize, ""},
		"an endless record":  {writes("\x16\x03\x03\xff\xff" + strings.Repeat("x", 65535)), codes.TLSOversize, ""},
		"HTTP":               {writes("HTTP/1.1 400 Bad Request\r\n\r\n"), codes.TLSNotTLS, ""},
		"SMTP":               {writes("220 mail.example ESMTP\r\n"), codes.TLSNotTLS, ""},
		"silence":            {waitForEnd, codes.TLSHandshakeTimeout, ""},
		"half a record":      {writes("\x16\x03\x03\x40\x00\x02"), codes.TLSHandshakeTimeout, ""},
		"end":                {func(c net.Conn) { readHello(c) }, codes.TLSReset, ""},
		"end at once":        {func(net.Conn) {}, codes.TLSReset, ""},
		"reset":              {func(c net.Conn) { readHello(c); _ = c.(*net.TCPConn).SetLinger(0) }, codes.TLSReset, ""},
		"end in a record":    {func(c net.Conn) { readHello(c); _, _ = c.Write([]byte("\x16\x03\x03\x40\x00\x02")) }, codes.TLSReset, ""},
		"garbled":            {func(c net.Conn) { _ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{garbled}}).Handshake() }, codes.TLSCertificate, ""},
		"a strange message":  {writes("\x16\x03\x03\x00\x04\x63\x00\x00\x00"), codes.TLSOther, ""},
		"no common curve":    {with(&tls.Config{CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, MinVersion: tls.VersionTLS13}), codes.TLSHandshakeFailure, ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			timeout := 5 * time.Second
			switch {
			case strings.HasPrefix(title, "silence without a name"): // the first handshake is in time
				timeout = time.Second
			case c.want == codes.TLSHandshakeTimeout:
				timeout = 50 * time.Millisecond
			}
			ended := make(chan struct{}, 2)
			transport := reach(t, p, Config{HandshakeTimeout: timeout}, func(conn net.Conn) {
				c.play(conn)
				ended <- struct{}{}
			})
			var trace Trace
			conn, err := transport.connect(WithTrace(t.Context(), &trace), host)
			defer func() { // the connections are closed
				if <-ended; trace.TLSAlert == alertInternalError || trace.mayBeClientLimit() {
					select {
					case <-ended: // that of the question without a name
					case <-time.After(20 * time.Second):
						t.Error("no handshake without a name")
					}
				}
			}()
			if c.want == "" {
				group := "x25519"
				if strings.HasPrefix(title, "static RSA") {
					group = ""
				}
				if err != nil || trace.TLSVersion != c.version || trace.TLSGroup != group ||
					!strings.HasPrefix(trace.TLSCipher, "TLS_") {
					t.Fatalf("%v, TLS %q, %s, %s", err, trace.TLSVersion, trace.TLSCipher, trace.TLSGroup)
				}
				conn.Close()
				return
			}
			wantError(t, err, codes.StageTLS, codes.PolicyReason(c.want), false)
			if number, ok := strings.CutPrefix(title, "alert "); ok && strings.Fields(number)[0] != fmt.Sprint(trace.TLSAlert) {
				t.Errorf("alert %d", trace.TLSAlert)
			}
			if limit := trace.mayBeClientLimit() && c.want != codes.TLSNoCertForName; trace.ClientLimit != limit {
				t.Errorf("a limit of the client: %v", trace.ClientLimit)
			}
			if trace.HTTP2Only != (title == "no HTTP") {
				t.Errorf("HTTP/2 alone: %v", trace.HTTP2Only)
			}
			if trace.PlainHTTP != (title == "HTTP") {
				t.Errorf("HTTP: %v", trace.PlainHTTP)
			}
			var e *Error
			if errors.As(err, &e); e.Timeout() != (c.want == codes.TLSHandshakeTimeout) || trace.TLSError != c.want {
				t.Errorf("timeout %v, trace %+v", e.Timeout(), trace)
			}
		})
	}
}

// readHello reads the ClientHello.
func readHello(conn net.Conn) bool {
	_, err := conn.Read(make([]byte, 8192))
	return err == nil
}

// oldServerHello chooses TLS 1.0, whatever was offered.
func oldServerHello(conn net.Conn) {
	readHello(conn)
	hello := append([]byte{2, 0, 0, 38, 3, 1}, make([]byte, 32)...) // version, random
	hello = append(hello, 0, 0, 0x2f, 0)                            // no session, a cipher suite, no compression
	_, _ = conn.Write(append([]byte{22, 3, 1, 0, byte(len(hello))}, hello...))
	waitForEnd(conn)
}

func TestHandshakesAtATime(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	transport := reach(t, p, Config{Handshakes: 1, HandshakeTimeout: 10 * time.Second}, waitForEnd)
	transport.handshakes <- struct{}{} // of another host, which takes long
	ctx := deadline(t, time.Second)
	_, err := transport.connect(ctx, host)
	wantError(t, err, codes.StageTLS, "", true) // our own queue is not the host's fault
	<-transport.handshakes
}

// The wait for others' handshakes is not on the clock of the request: servers that stall cost the next one
// nothing but the wait.
func TestHandshakesWaitWithoutBudget(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	ended := make(chan struct{}, 5)
	transport := reach(t, p, Config{Handshakes: 1, HandshakeTimeout: 400 * time.Millisecond}, func(conn net.Conn) {
		waitForEnd(conn)
		ended <- struct{}{}
	})
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			_, err := transport.connect(WithTimeout(t.Context(), 1500*time.Millisecond), host)
			var e *Error
			if !errors.As(err, &e) || e.Local() || e.TLSError() != codes.TLSHandshakeTimeout {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	for range 5 {
		<-ended // the connections are closed
	}
}
