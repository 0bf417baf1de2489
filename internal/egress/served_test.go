package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// choosy serves the given names. It ends handshakes with other names, or without SNI, with alert 40. It counts
// connections.
func choosy(cert tls.Certificate, connections *atomic.Int64, names ...string) func(net.Conn) {
	known := make(map[string]bool)
	for _, name := range names {
		known[name] = true
	}
	return func(conn net.Conn) {
		connections.Add(1)
		secured := tls.Server(conn, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			config := &tls.Config{Certificates: []tls.Certificate{cert}}
			if !known[hello.ServerName] {
				config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
			}
			return config, nil
		}})
		if secured.Handshake() == nil {
			waitForEnd(secured)
		}
	}
}

// Alert 40 is about the name where any host is served at the address, whatever became of its certificate.
// Otherwise it may be a limit of ours. One handshake without SNI tells.
func TestHandshakeFailureAtOneAddress(t *testing.T) {
	p := newPKI(t)
	const other, third = "mta-sts.example.net", "mta-sts.example.org"
	var connections atomic.Int64
	addrs := map[string]string{host: "22.1.0.1", other: "22.1.0.1", third: "22.1.0.2"}
	config := Config{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		return addresses(addrs[host]), nil
	}}
	transport := reach(t, p, config, choosy(p.good(t), &connections, other)) // whose certificate is for another name
	for _, step := range []struct {
		host        string
		want        codes.TLSError
		limit       bool
		connections int64
	}{
		{host, codes.TLSHandshakeFailure, true, 2},
		{host, codes.TLSHandshakeFailure, true, 1},
		{third, codes.TLSHandshakeFailure, true, 2},
		{other, codes.TLSNameMismatch, false, 1},
		{host, codes.TLSNoCertForName, false, 1},
		{third, codes.TLSHandshakeFailure, true, 1}, // at another address
		{host, codes.TLSNoCertForName, false, 1},
	} {
		connections.Store(0)
		var trace Trace
		_, err := transport.connect(WithTrace(t.Context(), &trace), step.host)
		wantError(t, err, codes.StageTLS, codes.PolicyReason(step.want), false)
		if trace.TLSError != step.want || trace.ClientLimit != step.limit || connections.Load() != step.connections {
			t.Errorf("%s: %s, limit %v, %d connections; want %+v", step.host, trace.TLSError, trace.ClientLimit,
				connections.Load(), step)
		}
	}
}

// The question without a name keeps the manners. Where they put it off nothing is concluded, and it is asked
// the next time.
func TestDefaultCertIsPutOff(t *testing.T) {
	p := newPKI(t)
	var connections atomic.Int64
	manners := NoManners()
	manners.HostRate, manners.MaxWait = 0.0001, time.Millisecond
	transport := reach(t, p, Config{Manners: manners}, choosy(p.good(t), &connections))
	var trace Trace
	_, err := transport.connect(WithTrace(t.Context(), &trace), host)
	wantError(t, err, codes.StageTCP, "", true)
	if e := err.(*Error); !e.Later() || trace.ClientLimit || connections.Load() != 1 {
		t.Errorf("%v; limit %v, %d connections", err, trace.ClientLimit, connections.Load())
	}
	if state := transport.served.get(netip.MustParseAddr("22.1.0.1")); state != tlsUnknown {
		t.Errorf("state %d of what was not asked", state)
	}
}

// What fails at the question without a name before the server could show a certificate is not remembered as its
// answer, and what is ours is no finding.
func TestDefaultCertIsNotKnown(t *testing.T) {
	p := newPKI(t)
	large := leafTemplate("other.example")
	large.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 25, 1}, Value: make([]byte, 100<<10)}}
	heavy := chain(issue(t, large, p.intermediate), p.intermediate)
	fails := func(err error) func(net.Conn) (net.Conn, error) {
		return func(net.Conn) (net.Conn, error) { return nil, err }
	}
	for title, c := range map[string]struct {
		second func(raw net.Conn) (net.Conn, error)
		full   bool // no place for a large handshake
		local  bool
	}{
		"refused": {second: fails(syscall.ECONNREFUSED)},
		"no way":  {second: fails(syscall.ENETUNREACH)},
		"not sent": {local: true, second: func(raw net.Conn) (net.Conn, error) {
			return &stingyConn{Conn: raw, errno: syscall.ENOBUFS}, nil
		}},
		"not read": {local: true, second: func(raw net.Conn) (net.Conn, error) {
			return &hungryConn{raw, 0, syscall.ENOMEM}, nil
		}},
		"large, and many others are": {local: true, full: true},
	} {
		t.Run(title, func(t *testing.T) {
			var connections atomic.Int64
			transport := reach(t, p, Config{HandshakeTimeout: time.Second}, choosy(heavy, &connections, ""))
			transport.largeHandshakes = make(chan struct{}, 1)
			if c.full {
				transport.largeHandshakes <- struct{}{}
			}
			dial := transport.dialer.config.Dial
			second := false
			transport.dialer.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				raw, err := dial(ctx, network, address)
				if again := second; err == nil && again && c.second != nil {
					t.Cleanup(func() { raw.Close() })
					return c.second(raw)
				}
				second = true
				return raw, err
			}
			var trace Trace
			_, err := transport.connect(WithTrace(t.Context(), &trace), host)
			e := new(Error)
			if !errors.As(err, &e) || e.Local() != c.local || e.Later() != c.full || trace.ClientLimit == c.local {
				t.Errorf("%v, limit %v", err, trace.ClientLimit)
			}
			if state := transport.served.get(netip.MustParseAddr("22.1.0.1")); state != tlsUnknown {
				t.Errorf("state %d of what was not found out", state)
			}
			if c.full {
				<-transport.largeHandshakes
			}
			transport.dialer.config.Dial = dial
			_, err = transport.connect(WithTrace(t.Context(), new(Trace)), host) // the next time
			wantError(t, err, codes.StageTLS, codes.PolicyReason(codes.TLSNoCertForName), false)
			if len(transport.largeHandshakes) != 0 {
				t.Errorf("%d places are kept", len(transport.largeHandshakes))
			}
		})
	}
}

// What is remembered of addresses is bounded.
func TestServedIsBounded(t *testing.T) {
	s := newServed()
	for i := range uint32(maxServed + 100) {
		s.note(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 22<<24+i))), tlsServed)
	}
	if len(s.at) != maxServed {
		t.Errorf("%d addresses", len(s.at))
	}
}
