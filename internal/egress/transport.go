// Package egress is the only door to addresses that strangers chose: a dialer
// and an HTTP transport for Policy Hosts (RFC 8461, section 3.3), whose
// addresses, certificates and responses are under the control of people who
// may mean harm.
//
// A host name is resolved once, each address is judged, the literal address is
// dialled, and it is judged again at the socket; the guard has no off switch.
// TLS is 1.2 or higher with the host's name as SNI, and the certificate is
// verified against the roots given, after its facts were kept. HTTP is 1.1, one
// request a connection; redirects are not followed, proxies of the environment
// are not asked, nothing is decoded, no cookie is kept.
//
// It does not resolve names itself, does not check revocation, does not
// complete chains, and leaves status and body of a response to its caller. Time
// and size of the body are bounded by the caller too.
package egress

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Config says how to reach Policy Hosts. Only Resolve has no default.
type Config struct {
	// Resolve finds the addresses of a host. Its failures are of type
	// [*net.DNSError]; a [codes.PolicyFailure] is more exact, and a method of
	// package fault may say that the fault is ours. Addresses may come with a
	// failure, that of the other family: it counts where none of them may be contacted.
	// Who opted out by name has none.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// Dial connects to a judged literal address, network tcp4 or tcp6. Nil:
	// real sockets.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Proxy is a SOCKS5 proxy, socks5://[user:password@]host[:port], that is
	// asked for the judged literal address. Nil: none. Not together with Dial.
	Proxy *url.URL

	// Roots are trusted; nil: those of BundleRoots. Conditions of a root that
	// depend on the leaf are known of the roots of the bundle only.
	Roots *x509.CertPool

	NoIPv4    bool                       // do without IPv4, though this machine may have it
	NoIPv6    bool                       // the same for IPv6
	OptedOut  func(addr netip.Addr) bool // addresses of networks that do not want to be contacted; nil: none
	UserAgent string                     // of each request; empty: "stsscan"

	DialTimeout      time.Duration // for each address; 0: 5 s
	HandshakeTimeout time.Duration // of TLS, but see WithWholeTime; 0: 5 s
	HeaderTimeout    time.Duration // from the request to the end of the response's header, but see WithWholeTime; 0: 5 s
	Handshakes       int           // TLS handshakes at a time, without those that wait for a slow host; 0: 256
	SettleTime       time.Duration // that an address out of reach waits for another connection to show whose fault that is; 0: 2 s

	// Connections is how many may be open at a time, to Policy Hosts and mail
	// servers together, first come, first served. Waiting for one is no part of any
	// time-out, and puts nothing off. 0: no bound.
	Connections int

	Manners Manners // of connections to one address, and to one network; through a proxy they are about the address asked of it

	// VerifyInFull verifies each chain with all its signatures. Else those that
	// were found good are remembered for the life of the Transport, up to a
	// bound; no verdict depends on it.
	VerifyInFull bool

	// Observe is told of each request: its method, how it ended, one of
	// [RequestResults], and how long it took to the end of the response's header, the
	// wait for its turn apart. It may be called concurrently. Nil: nothing is told.
	Observe func(method, result string, d time.Duration)

	Now func() time.Time // for the dates of certificates; nil: time.Now
	Log *slog.Logger     // nil: silent
}

const (
	defaultTimeout    = 5 * time.Second
	defaultSettleTime = 2 * time.Second // where anything else is going on, there is a connection at once
	defaultHandshakes = 256
	defaultUserAgent  = "stsscan"
)

// Families says by which address families Policy Hosts and mail servers are
// connected to.
func (t *Transport) Families() (ipv4, ipv6 bool) { return t.dialer.ipv4, t.dialer.ipv6 }

// withDefaults fills the fields that have a default.
func (c Config) withDefaults() Config {
	for _, timeout := range []*time.Duration{&c.DialTimeout, &c.HandshakeTimeout, &c.HeaderTimeout} {
		if *timeout <= 0 {
			*timeout = defaultTimeout
		}
	}
	if c.Handshakes <= 0 {
		c.Handshakes = defaultHandshakes
	}
	if c.SettleTime <= 0 {
		c.SettleTime = defaultSettleTime
	}
	if c.UserAgent == "" {
		c.UserAgent = defaultUserAgent
	}
	if c.OptedOut == nil {
		c.OptedOut = func(netip.Addr) bool { return false }
	}
	if c.Observe == nil {
		c.Observe = func(string, string, time.Duration) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// A Transport is an http.RoundTripper for Policy Hosts: GET requests of https
// URLs on port 443, each on a connection of its own. It may be used
// concurrently.
type Transport struct {
	config     Config
	dialer     *Dialer
	known      *known        // nil: chains are not remembered
	handshakes chan struct{} // one element for each handshake going on
	served     *served       // what is known of addresses
	heavy      chan struct{} // one element for each open connection whose handshake was large
}

// NewTransport makes a Transport. It connects to nothing.
func NewTransport(c Config) (*Transport, error) {
	dialer, err := NewDialer(c)
	if err != nil {
		return nil, err
	}
	t := &Transport{config: c.withDefaults(), dialer: dialer, served: newServed()}
	if strings.ContainsFunc(t.config.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fmt.Errorf("egress: user agent %q: not printable ASCII", t.config.UserAgent)
	}
	if t.config.Roots == nil {
		if t.config.Roots, _, err = BundleRoots(); err != nil {
			return nil, err
		}
	}
	if !c.VerifyInFull {
		t.known = newKnown()
	}
	t.handshakes = make(chan struct{}, t.config.Handshakes)
	t.heavy = make(chan struct{}, heavyAtATime)
	return t, nil
}

// RoundTrip sends the request and returns the response, whatever its status.
// The deadline is that of the request's context, or of its [WithTimeout], which
// also ends the reading of the body. Of the request's header only Accept and
// Accept-Encoding are sent.
//
// An error is of type *[Error]. A body without a length ends with io.EOF only after
// close_notify, else with an error that has a method Unclosed.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	trace, began := traceOf(req.Context()), time.Now()
	waited := trace.TurnTime
	resp, err := t.roundTrip(WithTrace(req.Context(), trace), req)
	t.observe(req, resp, err, time.Since(began)-(trace.TurnTime-waited))
	if err != nil {
		t.config.Log.Debug("no response", "host", req.URL.Host, "error", err)
		return nil, err
	}
	return resp, nil
}

func (t *Transport) roundTrip(ctx context.Context, req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	if err := check(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &Error{host: host, stage: codes.StageHTTP, reason: codes.ReasonMalformed, err: err}
	}
	conn, err := t.connect(ctx, host)
	if err != nil {
		return nil, err
	}
	out := &http.Request{Method: http.MethodGet, URL: req.URL, Close: true, Header: http.Header{"User-Agent": {t.config.UserAgent}}}
	for _, name := range []string{"Accept", "Accept-Encoding"} {
		if values := req.Header.Values(name); len(values) > 0 {
			out.Header[name] = values
		}
	}
	conn.permit.Asked(passOf(ctx))
	running, stop := clockOf(ctx).run(ctx)
	addr := traceOf(ctx).Addr
	stage, done := t.stage(running, addr, t.config.HeaderTimeout, nil)
	resp, err := exchange(stage, conn, out)
	ended := notAwaited(stage)
	done()
	if err != nil {
		_ = conn.Close()
		failed := httpError(running, host, err)
		failed.unawaited = failed.Timeout() && ended
		stop()
		return nil, failed
	}
	if later, ok := retryAfter(resp, time.Now()); ok {
		conn.permit.RetryAfter(later)
	}
	reading, done := t.bodyStage(running, addr)
	release := within(reading, conn)
	resp.Request = req
	toEnd := resp.ContentLength < 0 && len(resp.TransferEncoding) == 0
	resp.Body = &body{
		resp.Body, conn, toEnd, sync.OnceFunc(func() { release(); done(); stop() }),
		func(err error) error { return bodyError(reading, host, addr, err) },
	}
	return resp, nil
}

// bodyStage is the context of a body, which has no limit of its own.
func (t *Transport) bodyStage(running context.Context, addr netip.Addr) (reading context.Context, done func()) {
	if c := clockOf(running); c != nil && c.whole {
		return t.stage(running, addr, c.quickLeft(), nil)
	}
	return running, func() {}
}

// bodyError is what ended a body: an [*Error] where that is no fault of the host's.
func bodyError(reading context.Context, host string, addr netip.Addr, err error) error {
	switch {
	case wanting(err):
		return ourFault(host, addr, codes.StageBody, err)
	case fault.TimedOut(err) && notAwaited(reading):
		return &Error{host: host, addr: addr, stage: codes.StageBody, reason: codes.ReasonTimeout, unawaited: true, err: err}
	}
	return err
}

// Manners says what the manners have cost so far.
func (t *Transport) Manners() MannersCounts { return t.dialer.limiter.Counts() }

// Connections counts those of the Transport and of its mail doors together. A connection is open from dialling to its end.
func (t *Transport) Connections() Connections { return t.dialer.limiter.Connections() }

// check refuses what is no request for a policy.
func check(req *http.Request) error {
	switch port := req.URL.Port(); {
	case req.URL.Scheme != "https" || port != "" && port != "443":
		return errors.New("not an https URL on port 443")
	case req.Method != "" && req.Method != http.MethodGet, req.Body != nil && req.Body != http.NoBody:
		return errors.New("not a GET request without a body")
	}
	return nil
}
