package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/net/proxy"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A proxyError is a failure on our own side: of the proxy, or of the route to it.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// A socksError is what the proxy says about the host.
type socksError struct {
	reason     codes.PolicyReason
	outOfReach bool // the fault may be on the proxy's side
	err        error
}

func (e *socksError) Error() string { return e.err.Error() }
func (e *socksError) Unwrap() error { return e.err }

const socksPort = "1080"

// proxyDial connects through a SOCKS5 proxy (RFC 1928). The user names the proxy, so the guard does not look at
// its address. It is given literal addresses only.
func proxyDial(at *url.URL) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	if at.Scheme != "socks5" || at.Hostname() == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" {
		return nil, fmt.Errorf("egress: proxy %s: not of the form socks5://host:port", at.Redacted())
	}
	port := at.Port()
	if port == "" {
		port = socksPort
	}
	var auth *proxy.Auth
	if at.User != nil {
		auth = &proxy.Auth{User: at.User.Username()}
		auth.Password, _ = at.User.Password()
	}
	dialer, err := proxy.SOCKS5("tcp", net.JoinHostPort(at.Hostname(), port), auth, firstHop{})
	if err != nil {
		return nil, fmt.Errorf("egress: proxy %s: %w", at.Redacted(), err)
	}
	dial, ok := dialer.(proxy.ContextDialer)
	if !ok {
		return nil, fmt.Errorf("egress: proxy %s: cannot be cancelled", at.Redacted())
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial.DialContext(ctx, network, address)
		if err != nil {
			return nil, socksFailure(err)
		}
		return conn, nil
	}, nil
}

// firstHop connects to the proxy.
type firstHop struct{}

func (firstHop) Dial(network, address string) (net.Conn, error) {
	return firstHop{}.DialContext(context.Background(), network, address)
}

func (firstHop) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, &proxyError{fmt.Errorf("proxy: %w", err)}
	}
	return conn, nil
}

// socksFailure sorts what golang.org/x/net/proxy says in text only: the reply codes of RFC 1928, section 6. A
// proxy that does not speak SOCKS5, or refuses us, is a way to no host.
func socksFailure(err error) error {
	var first *proxyError
	if errors.As(err, &first) || fault.TimedOut(err) || errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	for _, reply := range []struct {
		text       string
		reason     codes.PolicyReason
		outOfReach bool
	}{
		{"connection refused", codes.ReasonRefused, false},
		{"connection not allowed by ruleset", codes.ReasonUnreachable, true},
		{"address type not supported", codes.ReasonUnreachable, true},
		{"host unreachable", codes.ReasonUnreachable, true},
		{"network unreachable", codes.ReasonUnreachable, true},
		{"TTL expired", codes.ReasonTimeout, false},
		{"general SOCKS server failure", codes.ReasonOther, false},
	} {
		if strings.HasSuffix(text, "unknown error "+reply.text) {
			return &socksError{reply.reason, reply.outOfReach, err}
		}
	}
	// Some proxies hang up rather than say why they have no connection, or have codes of their own for it.
	if reset(err) || strings.Contains(text, "unknown error unknown code: ") {
		return &socksError{codes.ReasonOther, true, err}
	}
	return &proxyError{fmt.Errorf("proxy: %w", err)}
}
