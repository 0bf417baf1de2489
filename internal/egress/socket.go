package egress

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// The ports of policies (RFC 8461, section 3.3) and of mail servers (RFC 5321, section 4.5.4.2).
const (
	httpsPort = 443
	smtpPort  = 25
)

// socketDial connects a real socket. The guard looks at the very address that the kernel will be given, which
// must be the one that was meant.
func socketDial(ctx context.Context, network, address string) (net.Conn, error) {
	meant, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{
		KeepAlive:      -1, // each connection is over in seconds
		ControlContext: checkSocket(meant),
	}
	return dialer.DialContext(ctx, network, address)
}

// checkSocket is the last look at an address before the kernel connects to it.
func checkSocket(meant netip.AddrPort) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %q", ErrForbiddenAddr, address)
		case network != "tcp4" && network != "tcp6", at.Port() != httpsPort && at.Port() != smtpPort:
			return fmt.Errorf("%w: %s, port %d", ErrForbiddenAddr, network, at.Port())
		case at != meant:
			return fmt.Errorf("%w: %s instead of %s", ErrForbiddenAddr, at, meant)
		}
		return CheckAddr(at.Addr())
	}
}

// hasIPv4 reports whether this machine has a way to the IPv4 Internet: a route to one of two networks, since a
// firewall may close one.
func hasIPv4() bool {
	for _, addr := range []netip.Addr{netip.AddrFrom4([4]byte{9, 9, 9, 9}), netip.AddrFrom4([4]byte{193, 0, 0, 1})} {
		if _, ok := source(addr); ok {
			return true
		}
	}
	return false
}

// hasIPv6 reports whether this machine has a way to the IPv6 Internet and an address of its own there.
func hasIPv6() bool {
	for _, first := range []byte{0x20, 0x2a} {
		addr := netip.AddrFrom16([16]byte{first, 15: 1})
		if own, ok := source(addr); ok && CheckAddr(own) == nil {
			return true
		}
	}
	return false
}

// source is the address that this machine would use towards addr. Connecting a UDP socket finds the route and
// sends nothing.
func source(addr netip.Addr) (netip.Addr, bool) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, httpsPort)))
	if err != nil {
		return netip.Addr{}, false
	}
	defer conn.Close()
	own, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	return own.AddrPort().Addr().Unmap(), true
}
