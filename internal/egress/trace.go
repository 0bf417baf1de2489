package egress

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"slices"
	"time"

	"stsscan/internal/codes"
)

// A Trace is what was seen on the way to a Policy Host, even if that way led nowhere.
type Trace struct {
	HostAddrs    []netip.Addr // of the host, as resolved, at most 16
	HadForbidden bool         // the guard refused one of its addresses
	Addr         netip.Addr   // dialled last
	Attempts     []Attempt    // to connect, in order, without those that failed by our fault

	TLSVersion  string         // as in "1.3"
	TLSCipher   string         // suite, as IANA names it
	TLSGroup    string         // of the key exchange, as IANA names it
	TLSError    codes.TLSError // why handshake or certificate was not accepted
	TLSAlert    uint8          // that the server sent (RFC 8446, section 6); 0: none
	ClientLimit bool           // an alert that may be about what this client cannot do
	HTTP2Only   bool           // it speaks HTTP/2, and no HTTP/1.1: by ALPN, or by what it sent
	PlainHTTP   bool           // it answered the ClientHello with HTTP
	Cert        *Certificate   // of the host, verified or not
	ChainLength int            // certificates that the server sent
	ShortKey    bool           // RSA of less than 2048 bits, of the host or an authority above it

	DNSTime     time.Duration // of resolving the host
	WaitTime    time.Duration // of waiting for permits, all addresses together, by our manners
	ConnectTime time.Duration // of dialling, all addresses together
	TLSTime     time.Duration // of the handshake and the verification
}

// An Attempt is one address that was dialled, and how it took the connection.
type Attempt struct {
	Addr    netip.Addr
	Outcome codes.Connect
	Time    time.Duration
}

// A Certificate is what the leaf certificate of a host says. Its texts are valid UTF-8 of at most 512 octets,
// its times are in UTC. A time whose year is not 1 to 9999 is the zero time: RFC 3339 and most readers of
// tables do not have it.
type Certificate struct {
	Issuer     string   // empty where its DER is longer than 8 KiB
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

// WithTrace returns a context whose request fills t. The context is for one request at a time. t must not be
// read before RoundTrip has returned.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

type traceKey struct{}

// traceOf is the Trace of ctx, or one that is not read.
func traceOf(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok && t != nil {
		return t
	}
	return new(Trace)
}

// noteHandshake keeps what the server showed, before it is verified.
func (t *Trace) noteHandshake(state tls.ConnectionState) {
	switch state.Version {
	case tls.VersionTLS12:
		t.TLSVersion = "1.2"
	case tls.VersionTLS13:
		t.TLSVersion = "1.3"
	}
	t.TLSCipher, t.TLSGroup = clean(tls.CipherSuiteName(state.CipherSuite)), groupName(state.CurveID)
	if t.ChainLength = len(state.PeerCertificates); t.ChainLength > 0 {
		t.Cert, t.ShortKey = facts(state.PeerCertificates[0]), hasShortKey(state.PeerCertificates)
	}
}

// groupName is the name of a group in IANA's registry for TLS; empty: the key exchange has none.
func groupName(id tls.CurveID) string {
	switch id {
	case 0:
		return ""
	case tls.CurveP256:
		return "secp256r1"
	case tls.CurveP384:
		return "secp384r1"
	case tls.CurveP521:
		return "secp521r1"
	case tls.X25519:
		return "x25519"
	}
	return id.String()
}

// noteAttempt keeps how an address took the connection. A fault of this machine says nothing about it.
func (t *Trace) noteAttempt(addr netip.Addr, failed *Error, took time.Duration) {
	outcome := codes.ConnectConnected
	switch {
	case failed == nil:
	case failed.local || failed.stage != codes.StageTCP:
		return
	default:
		outcome = codes.Connect(failed.reason)
	}
	t.Attempts = append(t.Attempts, Attempt{addr, outcome, took})
}

// dropOurs drops the attempts at addresses that were out of reach by a fault of ours.
func (t *Trace) dropOurs(out []*Error) {
	for _, failed := range out {
		if failed.isOurs() {
			t.Attempts = slices.DeleteFunc(t.Attempts, func(a Attempt) bool { return a.Addr == failed.addr })
		}
	}
}

func facts(leaf *x509.Certificate) *Certificate {
	c := &Certificate{
		Issuer:     issuerOf(leaf),
		NamesCount: len(leaf.DNSNames),
		NotBefore:  date(leaf.NotBefore),
		NotAfter:   date(leaf.NotAfter),
		SHA256:     sha256.Sum256(leaf.Raw),
	}
	for _, name := range leaf.DNSNames[:min(maxNames, len(leaf.DNSNames))] {
		c.Names = append(c.Names, clean(name))
	}
	return c
}

// maxIssuer bounds the issuers that are written out, in octets of DER. Writing one out costs the square of its
// length: 1.7 GB for one of 240 KiB.
const maxIssuer = 8 << 10

// issuerOf is the issuer in text; empty where it is longer than maxIssuer.
func issuerOf(leaf *x509.Certificate) string {
	if len(leaf.RawIssuer) > maxIssuer {
		return ""
	}
	return clean(leaf.Issuer.String())
}

// date is a time as a Certificate has it. A year before 1 or after 9999 comes of dates that are written with an
// offset, against RFC 5280, section 4.1.2.5.
func date(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
