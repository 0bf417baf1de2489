package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"

	"golang.org/x/net/proxy"

	"stsscan/internal/codes"
)

// throughProxy returns a dial function that asks a SOCKS5 proxy (RFC 1928).
func throughProxy(u *url.URL) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	if u.Scheme != "socks5" {
		return nil, fmt.Errorf("scheme %q is not socks5", u.Scheme)
	}
	if u.Port() == "" {
		return nil, errors.New("no port")
	}
	dialer, err := proxy.FromURL(u, &net.Dialer{KeepAlive: -1})
	if err != nil {
		return nil, err
	}
	withContext, ok := dialer.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("its dialer takes no context")
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := withContext.DialContext(ctx, network, address)
		if err != nil {
			return nil, proxyError(err)
		}
		return conn, nil
	}, nil
}

// proxyError translates what golang.org/x/net says of a refused request: it
// hands on the proxy's reply as text only. A proxy that cannot be reached is a
// fault of this machine.
func proxyError(err error) error {
	var inner *net.OpError
	if outer, ok := errors.AsType[*net.OpError](err); ok && errors.As(outer.Err, &inner) && inner.Op == "dial" && !inner.Timeout() {
		return &Error{stage: codes.StageTCP, reason: codes.ReasonOther, local: true, err: err}
	}
	for reply, errno := range map[string]error{
		"connection refused":  syscall.ECONNREFUSED,
		"host unreachable":    syscall.EHOSTUNREACH,
		"network unreachable": syscall.ENETUNREACH,
		"TTL expired":         syscall.EHOSTUNREACH,
	} {
		if strings.HasSuffix(err.Error(), reply) {
			return fmt.Errorf("%w: %w", errno, err)
		}
	}
	return err
}
