package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// Servers with large certificates share a few slots. A connection without one is put off, and a slot is free
// again when its connection ends, however it ends.
func TestLargeHandshakes(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	large := leafTemplate(host)
	blob := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1}, Value: make([]byte, 100<<10)}
	large.ExtraExtensions = append(large.ExtraExtensions, blob)
	heavy := chain(issue(t, large, p.intermediate), p.intermediate)
	wrong := leafTemplate("other.example")
	wrong.ExtraExtensions = large.ExtraExtensions
	bad := chain(issue(t, wrong, p.intermediate), p.intermediate)
	good := p.good(t)
	var cert atomic.Pointer[tls.Certificate]
	transport := reach(t, p, Config{HandshakeTimeout: time.Second}, func(conn net.Conn) {
		overTLS(*cert.Load(), waitForEnd)(conn)
	})
	transport.largeHandshakes = make(chan struct{}, 1)
	connect := func() (*connection, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return transport.connect(ctx, host)
	}
	for range 3 { // that are not accepted keep no place
		cert.Store(&bad)
		var e *Error
		if _, err := connect(); !errors.As(err, &e) || e.TLSError() != "name_mismatch" {
			t.Fatalf("%v", err)
		}
	}
	cert.Store(&heavy)
	for range 3 {
		first, err := connect()
		if err != nil {
			t.Fatal(err)
		}
		var e *Error
		if _, err := connect(); !errors.As(err, &e) || !e.Later() {
			t.Errorf("a second one at a time: %v", err)
		}
		cert.Store(&good)
		light, err := connect()
		if err != nil {
			t.Errorf("a light one beside: %v", err)
		} else {
			light.Close()
		}
		cert.Store(&heavy)
		first.Close()
	}
	if len(transport.largeHandshakes) != 0 {
		t.Errorf("%d places are kept", len(transport.largeHandshakes))
	}
}
