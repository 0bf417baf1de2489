package egress

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"time"

	"stsscan/internal/codes"
)

// A Trace is what was seen on the way to a Policy Host, also when that way led
// nowhere.
type Trace struct {
	HostAddrs    []netip.Addr // of the host, as resolved, at most 16
	HadForbidden bool         // one of its addresses must not be contacted
	Addr         netip.Addr   // dialled last

	TLSVersion  string         // as in "1.3"
	TLSError    codes.TLSError // why handshake or certificate was not accepted
	Cert        *Certificate   // of the host, verified or not
	ChainLength int            // certificates that the server sent

	DNSTime     time.Duration // of resolving the host
	ConnectTime time.Duration // of dialling, all addresses together
	TLSTime     time.Duration // of the handshake and the verification
}

// A Certificate is what the leaf certificate of a host says. Its texts are
// valid UTF-8 of at most 512 octets.
type Certificate struct {
	Issuer     string
	Names      []string // first five DNS names
	NamesCount int      // of all
	NotBefore  time.Time
	NotAfter   time.Time
	SHA256     [sha256.Size]byte // of its DER
}

const (
	maxHostAddrs = 16
	maxNames     = 5
)

// WithTrace returns a context whose request fills t. The context is for one
// request at a time, and t is not to be read before RoundTrip has returned.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

type traceKey struct{}

// traceOf is the Trace of ctx, or one that nobody will read.
func traceOf(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok && t != nil {
		return t
	}
	return new(Trace)
}

// handshake keeps what the server showed, before anybody judges it.
func (t *Trace) handshake(state tls.ConnectionState) {
	switch state.Version {
	case tls.VersionTLS12:
		t.TLSVersion = "1.2"
	case tls.VersionTLS13:
		t.TLSVersion = "1.3"
	}
	if t.ChainLength = len(state.PeerCertificates); t.ChainLength > 0 {
		t.Cert = facts(state.PeerCertificates[0])
	}
}

func facts(leaf *x509.Certificate) *Certificate {
	c := &Certificate{
		Issuer:     clean(leaf.Issuer.String()),
		NamesCount: len(leaf.DNSNames),
		NotBefore:  leaf.NotBefore,
		NotAfter:   leaf.NotAfter,
		SHA256:     sha256.Sum256(leaf.Raw),
	}
	for _, name := range leaf.DNSNames[:min(maxNames, len(leaf.DNSNames))] {
		c.Names = append(c.Names, clean(name))
	}
	return c
}
