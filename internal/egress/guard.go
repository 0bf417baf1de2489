package egress

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrForbiddenAddr says that an address must not be contacted.
var ErrForbiddenAddr = errors.New("forbidden address")

// httpsPort is the only port that the door opens to (RFC 8461, section 3.3).
const httpsPort = 443

// Judge says whether addr may be contacted: nil, or an error that wraps
// [ErrForbiddenAddr] and names the net. IPv4 is allowed outside of IANA's
// special-purpose registry, IPv6 inside of 2000::/3 and outside of the
// registry. IPv4 in IPv6 clothing is never unwrapped: it is refused.
func Judge(addr netip.Addr) error {
	if addr.Zone() != "" || addr.Is4In6() {
		return fmt.Errorf("%w: %s is not a plain address", ErrForbiddenAddr, addr)
	}
	guard := ssrf.New(ssrf.WithPorts(httpsPort), ssrf.WithDeniedV4Prefixes(moreDenied()...))
	if err := guard.SafeAddr(addr); err != nil {
		return fmt.Errorf("%w: %w", ErrForbiddenAddr, err)
	}
	if !addr.IsGlobalUnicast() {
		return fmt.Errorf("%w: %s is no unicast address", ErrForbiddenAddr, addr)
	}
	return nil
}

// moreDenied are networks with public numbers that lead into the machine's own
// hosting: the registries do not list them.
func moreDenied() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{168, 63, 129, 16}), 32), // Azure's platform services
	}
}

// judgeSocket is the second judgement, at the socket: it sees the address that
// the kernel is about to connect to, whatever was asked for.
func judgeSocket(_ context.Context, network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrForbiddenAddr, err)
	case network != "tcp4" && network != "tcp6", to.Port() != httpsPort:
		return fmt.Errorf("%w: %s to %s", ErrForbiddenAddr, network, address)
	}
	return Judge(to.Addr())
}
