// Package egress is the only door to addresses that strangers chose: it finds
// the addresses of a Policy Host, judges each, connects to a literal one, judges
// it again at the socket, and speaks TLS 1.2 or higher and HTTP/1.1 with it (RFC
// 8461, section 3.3).
//
// The guard against addresses that IANA calls special-purpose has no off
// switch. A custom dial function or a proxy is asked for judged addresses only;
// the address of the proxy itself is the operator's choice and is not judged.
//
// The package follows no redirect, reuses no connection, takes no proxy from
// the environment, keeps no cookie and decodes no body. It reads no policy.
package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// A Config says how to reach Policy Hosts. Resolve must be set.
type Config struct {
	// Resolve finds the addresses of a host. Its errors are passed on as they
	// are; they should be of type *net.DNSError.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// Dial, where it is set, connects to a judged address, "192.0.2.1:443". nil
	// means the sockets of this machine, where the address is judged once more
	// when the kernel is about to connect.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Proxy, where it is set, is a socks5 URL whose proxy is asked for judged
	// literal addresses. It excludes Dial.
	Proxy *url.URL

	Roots     *x509.CertPool          // nil: those of BundleRoots
	OptedOut  func(a netip.Addr) bool // networks that are not to be contacted; nil: none
	UserAgent string                  // says who asks and why

	DialTimeout      time.Duration // of one address; 0: 5 s
	HandshakeTimeout time.Duration // 0: 5 s
	HeaderTimeout    time.Duration // from the request to the end of the response's header; 0: 5 s
	Handshakes       int           // at a time; 0: 256

	Now func() time.Time // certificates are judged at that time; nil: time.Now
	Log *slog.Logger     // nil: silent
}

// NewTransport returns the transport that c describes.
func NewTransport(c Config) (*Transport, error) {
	if c.Resolve == nil {
		return nil, errors.New("egress: no way to find addresses")
	}
	if c.Dial != nil && c.Proxy != nil {
		return nil, errors.New("egress: a dial function and a proxy exclude each other")
	}
	if c.Roots == nil {
		roots, _, err := BundleRoots()
		if err != nil {
			return nil, err
		}
		c.Roots = roots
	}
	for _, t := range []*time.Duration{&c.DialTimeout, &c.HandshakeTimeout, &c.HeaderTimeout} {
		if *t <= 0 {
			*t = 5 * time.Second
		}
	}
	if c.Handshakes <= 0 {
		c.Handshakes = 256
	}
	if c.OptedOut == nil {
		c.OptedOut = func(netip.Addr) bool { return false }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	dialer := &Dialer{resolve: c.Resolve, dial: c.Dial, optedOut: c.OptedOut, timeout: c.DialTimeout}
	switch {
	case c.Proxy != nil:
		dial, err := throughProxy(c.Proxy)
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", c.Proxy.Redacted(), err)
		}
		dialer.dial = dial
	case c.Dial == nil:
		guarded := &net.Dialer{ControlContext: judgeSocket, KeepAlive: -1}
		dialer.dial, dialer.routed = guarded.DialContext, routed
	}
	return &Transport{Config: c, dialer: dialer, handshakes: make(chan struct{}, c.Handshakes)}, nil
}
