package egress

import (
	"cmp"
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// A Config says how to reach Policy Hosts. Only Resolve has no default.
type Config struct {
	// Resolve finds the addresses of a host. Its failures are of type [*net.DNSError]; a [codes.PolicyFailure] is
	// more exact, and a method of package fault may say that the fault is ours. Addresses may come with a failure,
	// that of the other family, which counts where none of them may be contacted. A host that opted out by name
	// has no addresses.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// Dial connects to a literal address that the guard has let through, network tcp4 or tcp6. Nil: real sockets.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Proxy is a SOCKS5 proxy, socks5://[user:password@]host[:port], which is given the literal address. Nil:
	// none. Not together with Dial.
	Proxy *url.URL

	// Roots are trusted; nil: those of BundleRoots. Conditions of a root that depend on the leaf are checked for
	// the roots of the bundle only.
	Roots *x509.CertPool

	NoIPv4    bool                       // do without IPv4, though this machine may have it
	NoIPv6    bool                       // the same for IPv6
	OptedOut  func(addr netip.Addr) bool // whether the network of an address opted out; nil: none did
	UserAgent string                     // of each request; empty: "stsscan"

	DialTimeout      time.Duration // for each address; 0: 5 s
	HandshakeTimeout time.Duration // of TLS, but see WithWholeTime; 0: 5 s
	HeaderTimeout    time.Duration // from the request to the end of the header, but see WithWholeTime; 0: 5 s
	Handshakes       int           // TLS handshakes at a time, without those that wait for a slow host; 0: 256
	SettleTime       time.Duration // wait for a connection that shows whose fault it is to be out of reach; 0: 2 s

	// Connections is how many may be open at a time, to Policy Hosts and mail servers together, first come, first
	// served. The wait for one is part of no time-out, and puts nothing off. 0: no bound.
	Connections int

	Manners Manners // of connections to one address and to one network, also where a proxy dials

	// VerifyInFull verifies all signatures of each chain. Otherwise good chains are remembered for the life of the
	// Transport, up to a bound; no verdict depends on it.
	VerifyInFull bool

	// Observe is called for each request with its method, how it ended, one of [RequestResults], and how long it
	// took to the end of the response's header, without the wait for a permit. It may be called concurrently. Nil:
	// none is.
	Observe func(method, result string, d time.Duration)

	Now func() time.Time // for the dates of certificates; nil: time.Now
	Log *slog.Logger     // nil: silent
}

const (
	defaultTimeout    = 5 * time.Second
	defaultSettleTime = 2 * time.Second // on a busy machine a connection comes at once
	defaultHandshakes = 256
	defaultUserAgent  = "stsscan"
)

// withDefaults fills the fields that have a default.
func (c Config) withDefaults() Config {
	c.DialTimeout = cmp.Or(max(c.DialTimeout, 0), defaultTimeout)
	c.HandshakeTimeout = cmp.Or(max(c.HandshakeTimeout, 0), defaultTimeout)
	c.HeaderTimeout = cmp.Or(max(c.HeaderTimeout, 0), defaultTimeout)
	c.Handshakes = cmp.Or(max(c.Handshakes, 0), defaultHandshakes)
	c.SettleTime = cmp.Or(max(c.SettleTime, 0), defaultSettleTime)
	c.UserAgent = cmp.Or(c.UserAgent, defaultUserAgent)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	if c.OptedOut == nil {
		c.OptedOut = func(netip.Addr) bool { return false }
	}
	if c.Observe == nil {
		c.Observe = func(string, string, time.Duration) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
