package starttls_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/starttls"
)

// Each fault of a server ends in its class. Nothing is said but EHLO, HELO, STARTTLS and QUIT. Time is
// simulated, so that silence costs nothing.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		fault    string
		class    codes.STARTTLS
		tlsError codes.TLSError
		code     int
		said     []string // nil: whatever it is of the three
	}{
		{"smtp good", codes.STARTTLSOK, "", 0, []string{"EHLO probe.example.net", "STARTTLS", "QUIT"}},
		{"smtp good wildcard", codes.STARTTLSOK, "", 0, nil},
		{"smtp good many-names", codes.STARTTLSOK, "", 0, nil},
		{"smtp no-starttls", codes.STARTTLSNotOffered, "", 0, []string{"EHLO probe.example.net", "QUIT"}},
		{"smtp reject-tls", codes.STARTTLSRejected, "", 454, []string{"EHLO probe.example.net", "STARTTLS", "QUIT"}},
		{"smtp block", codes.STARTTLSRefused, "", 554, []string{"QUIT"}},
		{"smtp later", codes.STARTTLSRefused, "", 421, []string{"QUIT"}},
		{"smtp block-ehlo", codes.STARTTLSRefused, "", 550, []string{"EHLO probe.example.net", "QUIT"}},
		{"smtp no-ehlo", codes.STARTTLSNotOffered, "", 502, []string{"EHLO probe.example.net", "HELO probe.example.net", "QUIT"}},
		{"smtp no-helo", codes.STARTTLSRefused, "", 550, []string{"EHLO probe.example.net", "HELO probe.example.net", "QUIT"}},
		{"smtp garbage", codes.STARTTLSProtocol, "", 0, nil},
		{"smtp endless", codes.STARTTLSProtocol, "", 0, nil},
		{"smtp silent", codes.STARTTLSTimeout, "", 0, nil},
		{"smtp drip", codes.STARTTLSTimeout, "", 0, nil}, // 180 octets take longer than a probe may
		{"smtp reset", codes.STARTTLSReset, "", 0, nil},
		{"smtp inject", codes.STARTTLSProtocol, "", 0, []string{"EHLO probe.example.net", "STARTTLS"}},

		{"smtp good wrong-name", codes.STARTTLSCertificate, codes.TLSNameMismatch, 0, []string{"EHLO probe.example.net", "STARTTLS", "QUIT"}},
		{"smtp good common-name", codes.STARTTLSCertificate, codes.TLSNameMismatch, 0, nil},
		{"smtp good expired", codes.STARTTLSCertificate, codes.TLSExpired, 0, []string{"EHLO probe.example.net", "STARTTLS", "QUIT"}},
		{"smtp good not-yet-valid", codes.STARTTLSCertificate, codes.TLSNotYetValid, 0, nil},
		{"smtp good self-signed", codes.STARTTLSCertificate, codes.TLSSelfSigned, 0, nil},
		{"smtp good unknown-authority", codes.STARTTLSCertificate, codes.TLSUnknownAuthority, 0, nil},
		{"smtp good incomplete-chain", codes.STARTTLSCertificate, codes.TLSIncompleteChain, 0, nil},
		{"smtp good alien-chain", codes.STARTTLSCertificate, codes.TLSUnknownAuthority, 0, nil},
		{"smtp good sha1-chain", codes.STARTTLSCertificate, codes.TLSCertificate, 0, nil},
		{"smtp good short-key", codes.STARTTLSOK, "", 0, nil},
		{"smtp good static-rsa", codes.STARTTLSOK, "", 0, nil},
		{"smtp good tiny-key", codes.STARTTLSHandshake, codes.TLSCertificate, 0, nil},
		{"smtp good no-cert-for-name", codes.STARTTLSHandshake, codes.TLSNoCertForName, 0, nil},
		{"smtp good handshake-failure", codes.STARTTLSHandshake, codes.TLSHandshakeFailure, 0, nil},
		{"smtp good old-version", codes.STARTTLSHandshake, codes.TLSProtocolVersion, 0, nil},
		{"smtp good not-tls", codes.STARTTLSHandshake, codes.TLSNotTLS, 0, nil},
		{"smtp good silent", codes.STARTTLSHandshake, codes.TLSHandshakeTimeout, 0, nil},
		{"smtp good reset", codes.STARTTLSHandshake, codes.TLSReset, 0, nil},

		{"tcp refuse", codes.STARTTLSNoConnection, "", 0, nil},
		{"tcp silent", codes.STARTTLSNoConnection, "", 0, nil},
		{"tcp unreachable", codes.STARTTLSNoConnection, "", 0, nil},
		{"tcp serve", codes.STARTTLSNoConnection, "", 0, nil}, // a web server
		{"dns servfail", codes.STARTTLSUnknown, "", 0, nil},
		{"dns silent", codes.STARTTLSUnknown, "", 0, nil},
		{"dns rcode 3", codes.STARTTLSNoAddress, "", 0, nil},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := open(t, map[string]string{"mx.example.com": tt.fault})
				said := watch(world)
				p := starttls.New(starttls.Config{
					Dialer: newDialer(t, world, world.DialContext),
					Name:   func(context.Context, netip.Addr) string { return "probe.example.net" },
				})
				got, err := p.Probe(egress.WithLastTry(t.Context()), "mx.example.com", nil)
				if err != nil {
					t.Fatal(err)
				}
				if got.Class != tt.class || got.TLSError != tt.tlsError || got.Code != tt.code {
					t.Errorf("%s, %q, %d; want %s, %q, %d", got.Class, got.TLSError, got.Code, tt.class, tt.tlsError, tt.code)
				}
				shown := got.Class == codes.STARTTLSOK || got.Class == codes.STARTTLSCertificate ||
					got.TLSError == codes.TLSCertificate
				if shown != (got.Peer.CertSHA256 != "") {
					t.Errorf("%s, and the certificate is %q", got.Class, got.Peer.CertSHA256)
				}
				again, err := p.Probe(t.Context(), "mx.example.com", nil)
				short := tt.fault == "smtp good short-key" || tt.fault == "smtp good tiny-key"
				if err != nil || got.Peer.ShortKey != short || again != got {
					t.Errorf("short key %v; asked again: %+v, %v", got.Peer.ShortKey, again, err)
				}
				world.Close()
				for _, session := range said.seen() {
					if tt.said != nil && !slices.Equal(session.Commands, tt.said) {
						t.Errorf("said %q, want %q", session.Commands, tt.said)
					}
					for _, command := range session.Commands {
						if !slices.Contains([]string{"EHLO probe.example.net", "HELO probe.example.net", "STARTTLS", "QUIT"}, command) {
							t.Errorf("said %q", command)
						}
					}
					if session.SNI != "" && session.SNI != "mx.example.com" {
						t.Errorf("SNI %q", session.SNI)
					}
				}
			})
		})
	}
}

// A host is talked to once, however many probe it and however its name is written.
func TestProbeOnce(t *testing.T) {
	world := open(t, map[string]string{"mx.example.com": "smtp good", "mx2.example.com": "smtp block"})
	said := watch(world)
	p := starttls.New(starttls.Config{Dialer: newDialer(t, world, world.DialContext)})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			host := []string{"mx.example.com", "MX.Example.com.", "mx2.example.com"}[i%3]
			got, err := p.Probe(t.Context(), host, nil)
			want := []codes.STARTTLS{codes.STARTTLSOK, codes.STARTTLSOK, codes.STARTTLSRefused}[i%3]
			if err != nil || got.Class != want {
				t.Errorf("%s: %+v, %v", host, got, err)
			}
		})
	}
	all.Wait()
	world.Close()
	seen := said.seen()
	if len(seen) != 2 {
		t.Errorf("%d sessions", len(seen))
	}
	for _, session := range seen {
		if len(session.Commands) > 1 && session.Commands[0] != "EHLO [22.0.0.1]" {
			t.Errorf("said %q: without a name, it is our address", session.Commands)
		}
	}
}

// A fault of this machine is no result, and the next call probes again.
func TestProbeOwnFault(t *testing.T) {
	world := open(t, map[string]string{"mx.example.com": "smtp good"})
	broken := true
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if broken {
			return nil, syscall.EMFILE
		}
		return world.DialContext(ctx, network, address)
	}
	p := starttls.New(starttls.Config{Dialer: newDialer(t, world, dial)})
	if got, err := p.Probe(t.Context(), "mx.example.com", nil); !fault.Ours(err) || got.Class != "" {
		t.Errorf("%+v, %v", got, err)
	}
	broken = false
	if got, err := p.Probe(t.Context(), "mx.example.com", nil); err != nil || got.Class != codes.STARTTLSOK {
		t.Errorf("%+v, %v", got, err)
	}
}

// A closedConn fails at the nth read.
type closedConn struct {
	net.Conn
	left  int
	errno syscall.Errno
}

func (c *closedConn) Read(p []byte) (int, error) {
	if c.left--; c.left < 0 {
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", c.errno)}
	}
	return c.Conn.Read(p)
}

// A fault of this machine during a session is no result either; that a router closed the way is one.
func TestProbeBroken(t *testing.T) {
	for _, tt := range []struct {
		reads int
		errno syscall.Errno
		want  codes.STARTTLS // "": an error
	}{
		{0, syscall.ENOBUFS, ""}, {1, syscall.ENOMEM, ""}, {3, syscall.ENOBUFS, ""}, // the greeting, a reply, the handshake
		{0, syscall.EACCES, codes.STARTTLSReset}, {1, syscall.EHOSTUNREACH, codes.STARTTLSReset}, {3, syscall.EACCES, codes.STARTTLSHandshake},
	} {
		world := open(t, map[string]string{"mx.example.com": "smtp good"})
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := world.DialContext(ctx, network, address)
			return &closedConn{conn, tt.reads, tt.errno}, err
		}
		p := starttls.New(starttls.Config{Dialer: newDialer(t, world, dial)})
		got, err := p.Probe(t.Context(), "mx.example.com", nil)
		if got.Class != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%v after %d reads: %+v, %v, want %q", tt.errno, tt.reads, got, err, tt.want)
		}
	}
}

// A run that ends does not blame the host.
func TestProbeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := open(t, map[string]string{"mx.example.com": "smtp silent"})
		p := starttls.New(starttls.Config{Dialer: newDialer(t, world, world.DialContext)})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		if got, err := p.Probe(ctx, "mx.example.com", nil); err == nil || got.Class != "" {
			t.Errorf("%+v, %v", got, err)
		}
		world.Close()
	})
}

// The guard holds on this port too.
func TestProbeForbidden(t *testing.T) {
	dialled := false
	world := open(t, map[string]string{"mx.example.com": ""})
	transport := newDialer(t, world, func(context.Context, string, string) (net.Conn, error) {
		dialled = true
		return nil, syscall.ECONNREFUSED
	})
	p := starttls.New(starttls.Config{Dialer: transport})
	for _, host := range []string{"mx.example.com", "local.example.com"} {
		dialled = false
		got, err := p.Probe(t.Context(), host, nil)
		want := codes.STARTTLSNoAddress
		if host == "mx.example.com" {
			want = codes.STARTTLSNoConnection
		}
		if err != nil || dialled != (host == "mx.example.com") || got.Class != want {
			t.Errorf("%s: %+v, %v, dialled %v", host, got, err, dialled)
		}
	}
}
