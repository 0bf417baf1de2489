package simnet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const hostWorld = `
-- zone --
mta-sts.example.com. A 22.1.0.1
-- policy/mta-sts.example.com --
version: STSv1
mode: none
max_age: 86400
-- faults --
mta-sts.example.com tls `

// shake dials a world's only host and makes a handshake for it.
func shake(ctx context.Context, w *World, config *tls.Config) (*tls.Conn, error) {
	raw, err := w.DialContext(ctx, "tcp", "22.1.0.1:443")
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// alertIs looks for an alert from the other side, which crypto/tls keeps in a type of its own.
func alertIs(description uint64) func(error) bool {
	return func(err error) bool {
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "remote error" {
			return false
		}
		v := reflect.ValueOf(op.Err)
		return v.Kind() == reflect.Uint8 && v.Uint() == description
	}
}

func invalid(reason x509.InvalidReason, text string) func(error) bool {
	return func(err error) bool {
		var invalid x509.CertificateInvalidError
		return errors.As(err, &invalid) && invalid.Reason == reason && strings.Contains(err.Error(), text)
	}
}

func notTLS(first byte) func(error) bool {
	return func(err error) bool {
		var record tls.RecordHeaderError
		return errors.As(err, &record) && record.RecordHeader[0] == first
	}
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[T error]() func(error) bool {
	return func(err error) bool {
		var target T
		return errors.As(err, &target)
	}
}

// Each play is what it says, to a client that verifies.
func TestTLSPlays(t *testing.T) {
	good := is(nil)
	unknown, hostname := as[x509.UnknownAuthorityError](), as[x509.HostnameError]()
	plays := []struct {
		word   string
		accept func(error) bool
		chain  int    // certificates sent
		names  string // first DNS names of the leaf
	}{
		{"good", good, 2, "mta-sts.example.com"},
		{"wildcard", good, 2, "*.example.com"},
		{"wrong-name", hostname, 2, "hosting.example.net *.hosting.example.net"},
		{"wrong-name cdn.example.org", hostname, 2, "cdn.example.org *.cdn.example.org"},
		{"common-name", hostname, 2, ""},
		{"partial-wildcard", hostname, 2, "mta*.example.com"},
		{"parent-wildcard", hostname, 2, "*.com"},
		{"expired", invalid(x509.Expired, "is after"), 2, "mta-sts.example.com"},
		{"not-yet-valid", invalid(x509.Expired, "is before"), 2, "mta-sts.example.com"},
		{"self-signed", unknown, 1, "mta-sts.example.com"},
		{"unknown-authority", unknown, 3, "mta-sts.example.com"},
		{"incomplete-chain", unknown, 1, "mta-sts.example.com"},
		{"many-names", good, 2, "mta-sts.example.com tenant-0000.hosting.example.net"},
		{"no-cert-for-name", alertIs(112), 0, ""},
		{"handshake-failure", alertIs(40), 0, ""},
		{"internal-error", alertIs(80), 0, ""},
		{"old-version", alertIs(70), 0, ""}, // protocol_version
		{"plain-http", notTLS('H'), 0, ""},
		{"not-tls", notTLS('2'), 0, ""},
		{"silent", is(context.DeadlineExceeded), 0, ""},
		{"reset", is(syscall.ECONNRESET), 0, ""},
		{"most-names", good, 2, "mta-sts.example.com tenant-0000.hosting.example.net"},
		{"long-names", hostname, 2, longName(0) + " " + longName(1)},
		{"for-clients", invalid(x509.IncompatibleUsage, "usage"), 2, "mta-sts.example.com"},
		{"oversize", textIs("exceeds maximum"), 0, ""},
		{"long-chain", textIs("exceeds maximum"), 0, ""},
		{"strange", textIs("unexpected message"), 0, ""},
		{"alert-flood", textIs("too many ignored records"), 0, ""},
		{"empty-flood", textIs("unexpected message"), 0, ""},
		{"endless-message", textIs("exceeds maximum"), 0, ""},
		{"drip", is(context.DeadlineExceeded), 0, ""},
		{"end", is(io.EOF), 0, ""},
		{"client-cert", good, 2, "mta-sts.example.com"}, // the refusal comes after the handshake of TLS 1.3
		{"http2-only", alertIs(120), 0, ""},             // no_application_protocol
		{"alien-chain", unknown, 2, "mta-sts.example.com"},
		{"sha1-chain", unknown, 2, "mta-sts.example.com"}, // its signature is not looked at
		{"short-key", good, 2, "mta-sts.example.com"},
		{"cbc-suite", alertIs(40), 0, ""},  // not offered unasked
		{"static-rsa", alertIs(40), 0, ""}, // neither
		{"insufficient-security", alertIs(71), 0, ""},
		{"forced-http2", textIs("server selected unadvertised ALPN protocol"), 0, ""},
		{"tiny-key", textIs("512-bit keys are insecure"), 2, "mta-sts.example.com"},
	}
	seen := make(map[string]bool)
	for _, p := range plays {
		seen[strings.Fields(p.word)[0]] = true
		inBubble(t, p.word, func(t *testing.T) {
			w := openText(t, hostWorld+p.word+"\n")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var leaf *x509.Certificate
			chain := 0
			config := &tls.Config{ServerName: "mta-sts.example.com", RootCAs: w.Roots(), NextProtos: []string{"http/1.1"}}
			config.InsecureSkipVerify = true // verified here, to see the chain in any case
			config.VerifyConnection = func(s tls.ConnectionState) error {
				leaf, chain = s.PeerCertificates[0], len(s.PeerCertificates)
				options := x509.VerifyOptions{Roots: w.Roots(), DNSName: s.ServerName, Intermediates: x509.NewCertPool()}
				for _, c := range s.PeerCertificates[1:] {
					options.Intermediates.AddCert(c)
				}
				_, err := leaf.Verify(options)
				return err
			}
			conn, err := shake(ctx, w, config)
			if conn != nil {
				defer conn.Close()
			}
			if !p.accept(err) {
				t.Errorf("%s: %T %v", p.word, err, err)
			}
			if chain != p.chain {
				t.Errorf("%s: %d certificates, want %d", p.word, chain, p.chain)
			}
			if leaf != nil && strings.Join(leaf.DNSNames[:min(2, len(leaf.DNSNames))], " ") != p.names {
				t.Errorf("%s: names %q, want %q", p.word, leaf.DNSNames, p.names)
			}
		})
	}
	for _, word := range tlsWords() {
		if !seen[word] {
			t.Errorf("no case for %q", word)
		}
	}
}

func TestHandshakeTerms(t *testing.T) {
	w := openText(t, hostWorld+"good\n")
	cases := []struct {
		name   string
		config *tls.Config
		accept func(error) bool
	}{
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, is(nil)},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, alertIs(70)},
		{"ALPN of both", &tls.Config{NextProtos: []string{"h2", "http/1.1"}}, is(nil)},
		{"ALPN of HTTP/2 alone", &tls.Config{NextProtos: []string{"h2"}}, alertIs(120)},
	}
	for _, c := range cases {
		c.config.RootCAs, c.config.ServerName = w.Roots(), "mta-sts.example.com"
		conn, err := shake(t.Context(), w, c.config)
		if !c.accept(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if conn != nil {
			conn.Close()
		}
	}
	// RFC 8461, section 7.1: clients must send SNI.
	_, err := shake(t.Context(), w, &tls.Config{InsecureSkipVerify: true})
	if !alertIs(112)(err) {
		t.Errorf("no Server Name Indication: %v", err)
	}
}

func TestDial(t *testing.T) {
	const world = `
-- zone --
plain.example.com. A 22.1.0.1
planned.example.com. A 22.2.0.1
planned.example.com. AAAA 3ffe:5753:4::1
elsewhere.example.com. A 192.0.2.1
mended.example.com. A 22.3.0.9
aliased.example.com. CNAME shared.example.net.
shared.example.net. A 22.1.0.5
shared.example.net. AAAA 3ffe:5753:1::5
cut.example.com. A 22.1.0.6
-- faults --
mended.example.com tcp serve
aliased.example.com tcp refuse
cut.example.com tcp reset
`
	cases := []struct {
		network, address string
		want             error // wrapped; nil: connected
		waits            time.Duration
	}{
		{"tcp", "22.1.0.1:443", nil, 0},
		{"tcp4", "22.1.0.1:443", nil, 0},
		{"tcp", "22.1.0.1:25", syscall.ECONNREFUSED, 0},
		{"tcp", "22.2.0.1:443", syscall.ECONNREFUSED, 0},
		{"tcp", "[3ffe:5753:4::1]:443", syscall.EHOSTUNREACH, 0},
		{"tcp", "22.3.0.1:443", context.DeadlineExceeded, time.Minute},
		{"tcp", "22.3.0.9:443", nil, 0},
		{"tcp", "22.5.0.1:443", nil, 0}, // reset after the connection
		{"tcp", "22.1.0.6:443", nil, 0},
		{"tcp", "192.0.2.1:443", nil, 0},                  // the zone gives it to a host
		{"tcp", "192.0.2.2:443", syscall.EHOSTUNREACH, 0}, // of no host
		{"tcp", "22.1.77.77:443", nil, 0},                 // of no host, and yet of the plan
		{"tcp", "22.1.0.5:443", syscall.ECONNREFUSED, 0},  // by the alias
		{"tcp6", "[3ffe:5753:1::5]:443", syscall.ECONNREFUSED, 0},
		{"tcp", "[::ffff:22.2.0.1]:443", syscall.ECONNREFUSED, 0},
		{"tcp6", "22.1.0.1:443", new(net.AddrError), 0},
		{"udp", "22.1.0.1:443", net.UnknownNetworkError("udp"), 0},
		{"tcp", "plain.example.com:443", new(net.OpError), 0}, // a name
	}
	for _, c := range cases {
		inBubble(t, c.network+" "+c.address, func(t *testing.T) {
			w := openText(t, world)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			conn, err := w.DialContext(ctx, c.network, c.address)
			if conn != nil {
				defer conn.Close()
			}
			var op *net.OpError
			if err != nil && !errors.As(err, &op) {
				t.Errorf("%s %s: %T, want a *net.OpError", c.network, c.address, err)
			}
			switch want := c.want.(type) {
			case *net.AddrError:
				if !errors.As(err, &want) {
					t.Errorf("%s %s: %v", c.network, c.address, err)
				}
			case *net.OpError:
				if err == nil {
					t.Errorf("%s %s: connected", c.network, c.address)
				}
			default:
				if !errors.Is(err, c.want) {
					t.Errorf("%s %s: %v, want %v", c.network, c.address, err, c.want)
				}
			}
			if waited := time.Since(start); waited != c.waits {
				t.Errorf("%s %s: after %v, want %v", c.network, c.address, waited, c.waits)
			}
			if conn != nil && conn.RemoteAddr().String() != c.address {
				t.Errorf("%s: connected to %s", c.address, conn.RemoteAddr())
			}
			if conn != nil && (c.address == "22.5.0.1:443" || c.address == "22.1.0.6:443") {
				if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: read %v, want a reset", c.address, err)
				}
			}
		})
	}
}

// Without a deadline of the caller's, the system's own ends the wait.
func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := openText(t, hostWorld+"good\n")
		start := time.Now()
		_, err := w.DialContext(t.Context(), "tcp", "22.3.0.1:443")
		if !errors.Is(err, syscall.ETIMEDOUT) || time.Since(start) != synTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := w.DialContext(ctx, "tcp", "22.1.0.1:443"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// Closing the world ends the connections that clients left open.
func TestCloseEndsConnections(t *testing.T) {
	w, err := Open(writeText(t, hostWorld+"good\n"))
	if err != nil {
		t.Fatal(err)
	}
	idle, err := w.DialContext(t.Context(), "tcp", "22.1.0.1:443")
	if err != nil {
		t.Fatal(err)
	}
	shaken, err := shake(t.Context(), w, &tls.Config{ServerName: "mta-sts.example.com", RootCAs: w.Roots()})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	for _, conn := range []net.Conn{idle, shaken} {
		if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a connection of a closed world: %v", err)
		}
		conn.Close()
	}
}

// The root is the same in the pool and in PEM, and differs between worlds.
func TestRoots(t *testing.T) {
	w, other := openText(t, hostWorld+"good\n"), openText(t, hostWorld+"good\n")
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(w.RootPEM()) || !pool.Equal(w.Roots()) {
		t.Error("RootPEM and Roots differ")
	}
	if pool.Equal(other.Roots()) {
		t.Error("two worlds have one root")
	}
	resp, body, err := get(client(w, time.Minute), "mta-sts.example.com")
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "version: STSv1\n") {
		t.Errorf("%v, %q, %v", resp, body, err)
	}
}
