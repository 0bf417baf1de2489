package egress

import (
	"errors"
	"fmt"
	"net/netip"

	"code.dny.dev/ssrf"
)

// ErrForbiddenAddr says that an address must not be contacted.
var ErrForbiddenAddr = errors.New("egress: forbidden address")

// CheckAddr returns nil for an address of the public Internet, and otherwise an error that wraps [ErrForbiddenAddr]
// and names the network. It refuses everything in IANA's registries of special-purpose addresses, multicast,
// and one address that a cloud uses for its own ends.
//
// Of IPv6 only 2000::/3 without its special parts is public. IPv4 addresses within IPv6 addresses (mapped,
// compatible, NAT64, 6to4, Teredo) are refused whatever they hold: no host needs them, and guards that unwrap
// them make mistakes.
func CheckAddr(addr netip.Addr) error {
	switch {
	case !addr.IsValid():
		return fmt.Errorf("%w: not an address", ErrForbiddenAddr)
	case addr.Zone() != "":
		return forbidden(addr, "an address with a zone")
	case addr.Is4In6():
		return forbidden(addr, "IPv4-mapped")
	case addr == netip.AddrFrom4([4]byte{168, 63, 129, 16}):
		// It looks public, and leads into the cloud that the machine may be in.
		return forbidden(addr, "host of the Azure platform")
	case addr.Is6() && !ssrf.IPv6GlobalUnicast.Contains(addr):
		return forbidden(addr, "outside of 2000::/3"+named(addr))
	}
	denied := ssrf.IPv4DeniedPrefixes
	if addr.Is6() {
		denied = ssrf.IPv6DeniedPrefixes
	}
	for _, prefix := range denied {
		if prefix.Contains(addr) {
			return forbidden(addr, prefix.String()+named(addr))
		}
	}
	if !addr.IsGlobalUnicast() {
		return forbidden(addr, "not global unicast"+named(addr))
	}
	return nil
}

func forbidden(addr netip.Addr, network string) error {
	return fmt.Errorf("%w: %s: %s", ErrForbiddenAddr, addr, network)
}

// named is the name of the special network that addr is in, for messages, after a comma. It decides nothing.
func named(addr netip.Addr) string {
	for _, network := range []struct{ prefix, name string }{
		{"0.0.0.0/8", "this network"},
		{"10.0.0.0/8", "private use"},
		{"100.64.0.0/10", "shared address space"},
		{"127.0.0.0/8", "loopback"},
		{"169.254.0.0/16", "link local"},
		{"172.16.0.0/12", "private use"},
		{"192.0.0.0/24", "IETF protocol assignments"},
		{"192.0.2.0/24", "documentation"},
		{"192.31.196.0/24", "AS112"},
		{"192.52.193.0/24", "AMT"},
		{"192.88.99.0/24", "6to4 relay"},
		{"192.168.0.0/16", "private use"},
		{"192.175.48.0/24", "AS112"},
		{"198.18.0.0/15", "benchmarking"},
		{"198.51.100.0/24", "documentation"},
		{"203.0.113.0/24", "documentation"},
		{"224.0.0.0/4", "multicast"},
		{"255.255.255.255/32", "limited broadcast"},
		{"240.0.0.0/4", "reserved"},
		{"::/128", "unspecified"},
		{"::1/128", "loopback"},
		{"::/96", "IPv4-compatible"},
		{"64:ff9b::/96", "NAT64"},
		{"64:ff9b:1::/48", "local-use NAT64"},
		{"100::/64", "discard only"},
		{"100:0:0:1::/64", "dummy"},
		{"2001::/32", "Teredo"},
		{"2001::/23", "IETF protocol assignments"},
		{"2001:db8::/32", "documentation"},
		{"2002::/16", "6to4"},
		{"2620:4f:8000::/48", "AS112"},
		{"3fff::/20", "documentation"},
		{"5f00::/16", "segment routing"},
		{"fc00::/7", "unique local"},
		{"fe80::/10", "link local"},
		{"fec0::/10", "site local"},
		{"ff00::/8", "multicast"},
	} {
		if prefix, err := netip.ParsePrefix(network.prefix); err == nil && prefix.Contains(addr) {
			return ", " + network.name
		}
	}
	return ""
}
