package egress

import (
	"context"
	"net/netip"
	"time"

	"stsscan/internal/codes"
)

// A Trace is what was seen on the way to a response, or to an error. It belongs
// to one RoundTrip, and may be read when that has returned.
type Trace struct {
	HostAddrs    []netip.Addr   // that DNS gave
	HadForbidden bool           // some of them must not be contacted
	Addr         netip.Addr     // dialled last
	TLSVersion   string         // as in "1.3"; empty when the handshake did not come so far
	TLSError     codes.TLSError // empty when all is well
	Cert         *Certificate   // of the server, also when it was not accepted; nil when it sent none
	ChainLength  int            // certificates that it sent

	DNSTime     time.Duration // finding the addresses
	ConnectTime time.Duration // connecting to Addr
	TLSTime     time.Duration // the handshake, waiting for its turn apart
}

// A Certificate is what is kept of a leaf certificate. Its texts are valid
// UTF-8 of at most 512 octets.
type Certificate struct {
	Issuer     string
	Names      []string // the first five DNS names
	NamesCount int      // of all DNS names
	NotBefore  time.Time
	NotAfter   time.Time
	SHA256     [32]byte // of its DER
}

type traceKey struct{}

// WithTrace makes the RoundTrip of a request with the returned context write
// into t.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf is the trace of ctx, or one that nobody looks at.
func traceOf(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return t
	}
	return new(Trace)
}
