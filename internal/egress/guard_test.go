package egress

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
)

// special are IANA's registries of special-purpose addresses, and what else is not the public Internet. The
// last column is a part of the reason.
func special() [][2]string {
	return [][2]string{
		{"0.0.0.0/8", "this network"},
		{"10.0.0.0/8", "private use"},
		{"100.64.0.0/10", "shared address space"}, // 100.100.100.200 is a cloud's metadata
		{"127.0.0.0/8", "loopback"},
		{"168.63.129.16/32", "Azure"},
		{"169.254.0.0/16", "link local"}, // 169.254.169.254 is another's
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
		{"240.0.0.0/4", "reserved"},
		{"255.255.255.255/32", "limited broadcast"},
		{"::/128", "unspecified"},
		{"::1/128", "loopback"},
		{"::/96", "outside"}, // IPv4-compatible
		{"::ffff:0:0/96", "IPv4-mapped"},
		{"::ffff:0:0:0/96", "outside"}, // IPv4-translated
		{"64:ff9b::/96", "NAT64"},
		{"64:ff9b:1::/48", "local-use NAT64"},
		{"100::/64", "discard only"},
		{"100:0:0:1::/64", "dummy"},
		{"2001::/32", "Teredo"},
		{"2001::/23", "2001::/23"},
		{"2001:db8::/32", "documentation"},
		{"2002::/16", "6to4"},
		{"2620:4f:8000::/48", "AS112"},
		{"3fff::/20", "documentation"},
		{"5f00::/16", "segment routing"},
		{"::/3", "outside"},
		{"4000::/2", "outside"},
		{"8000::/1", "outside"},
		{"fc00::/7", "unique local"}, // fd00:ec2::254 is a third's
		{"fe80::/10", "link local"},
		{"fec0::/10", "site local"},
		{"ff00::/8", "multicast"},
	}
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	a := p.Addr().AsSlice()
	for i := range a {
		switch host := p.Bits() - 8*i; {
		case host <= 0:
			a[i] = 0xff
		case host < 8:
			a[i] |= 0xff >> host
		}
	}
	addr, _ := netip.AddrFromSlice(a)
	return addr
}

func TestGuardEdges(t *testing.T) {
	inSpecial := func(addr netip.Addr) bool {
		for _, network := range special() {
			if netip.MustParsePrefix(network[0]).Contains(addr) {
				return true
			}
		}
		return false
	}
	for _, network := range special() {
		prefix := netip.MustParsePrefix(network[0])
		first, last := prefix.Masked().Addr(), last(prefix)
		for _, addr := range []netip.Addr{first, last} {
			if err := CheckAddr(addr); !errors.Is(err, ErrForbiddenAddr) || !strings.Contains(err.Error(), addr.String()) {
				t.Errorf("%s of %s: %v", addr, prefix, err)
			}
		}
		if err := CheckAddr(first); err == nil || !strings.Contains(err.Error(), network[1]) {
			t.Errorf("%s: %v, want it named %q", first, err, network[1])
		}
		for _, addr := range []netip.Addr{first.Prev(), last.Next()} {
			if !addr.IsValid() || inSpecial(addr) {
				continue // the edge of the family, or of a neighbour
			}
			if err := CheckAddr(addr); err != nil {
				t.Errorf("%s, just outside of %s: %v", addr, prefix, err)
			}
		}
	}
}

func TestGuard(t *testing.T) {
	for text, public := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "22.1.0.1": true, "168.63.129.15": true, "168.63.129.17": true,
		"2000::1": true, "2606:4700::1111": true, "2a00:1450:4001:830::200e": true, "3ffe:5753:1::1": true,
		"::ffff:1.1.1.1": false, "::1.1.1.1": false, "64:ff9b::1.1.1.1": false, "2002:101:101::1": false,
		"2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "fd00:ec2::254": false, "169.254.169.254": false,
		"100.100.100.200": false, "192.0.0.192": false, "::2": false,
		"2606:4700::1111%eth0": false, "fe80::1%1": false,
	} {
		err := CheckAddr(netip.MustParseAddr(text))
		if (err == nil) != public || err != nil && !errors.Is(err, ErrForbiddenAddr) {
			t.Errorf("%s: %v, want public: %v", text, err, public)
		}
	}
	if err := CheckAddr(netip.MustParseAddr("2606:4700::1111%eth0")); err == nil ||
		!strings.Contains(err.Error(), "zone") {
		t.Errorf("a zone: %v", err)
	}
	if err := CheckAddr(netip.Addr{}); !errors.Is(err, ErrForbiddenAddr) {
		t.Errorf("no address: %v", err)
	}
}

// What the guard leans on names the same networks.
func TestNamed(t *testing.T) {
	for _, prefix := range append(append([]netip.Prefix(nil), ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...) {
		if named(prefix.Addr()) == "" {
			t.Errorf("%s has no name", prefix)
		}
	}
}

// embeddings are the ways to dress an IPv4 address up in IPv6.
func embeddings(v4 [4]byte) map[string]netip.Addr {
	at := func(prefix string, offset int, octets ...byte) netip.Addr {
		a := netip.MustParseAddr(prefix).As16()
		copy(a[offset:], octets)
		return netip.AddrFrom16(a)
	}
	inverted := []byte{^v4[0], ^v4[1], ^v4[2], ^v4[3]}
	return map[string]netip.Addr{
		"mapped":          netip.AddrFrom16(netip.AddrFrom4(v4).As16()),
		"compatible":      at("::", 12, v4[:]...),
		"translated":      at("::ffff:0:0:0", 12, v4[:]...),
		"NAT64":           at("64:ff9b::", 12, v4[:]...),
		"local-use NAT64": at("64:ff9b:1::", 12, v4[:]...),
		"6to4":            at("2002::1", 2, v4[:]...),
		"Teredo client":   at("2001::", 12, inverted...),
		"Teredo server":   at("2001::", 4, v4[:]...),
	}
}

// Whatever IPv4 address is dressed up in IPv6 is refused, and at the socket too.
func TestGuardEmbeddings(t *testing.T) {
	random := rand.New(rand.NewPCG(8461, 2026))
	var blocked []netip.Prefix
	for _, network := range special() {
		if prefix := netip.MustParsePrefix(network[0]); prefix.Addr().Is4() {
			blocked = append(blocked, prefix)
		}
	}
	for range 20_000 {
		prefix := blocked[random.IntN(len(blocked))]
		v4 := prefix.Masked().Addr().As4()
		host := random.Uint32()
		if bits := prefix.Bits(); bits > 0 {
			host = uint32(uint64(host) & (1<<(32-bits) - 1))
		}
		binary.BigEndian.PutUint32(v4[:], binary.BigEndian.Uint32(v4[:])|host)
		plain := netip.AddrFrom4(v4)
		if CheckAddr(plain) == nil {
			t.Fatalf("%s of %s is let through", plain, prefix)
		}
		for kind, addr := range embeddings(v4) {
			if CheckAddr(addr) == nil {
				t.Fatalf("%s: %s as %s is let through", kind, plain, addr)
			}
		}
	}
	for kind, addr := range embeddings([4]byte{1, 1, 1, 1}) {
		if CheckAddr(addr) == nil {
			t.Errorf("%s: %s is let through: a good address in such clothing is refused too", kind, addr)
		}
	}
}

func TestGuardAtTheSocket(t *testing.T) {
	for _, c := range []struct {
		network, address, meant string
		ok                      bool
	}{
		{"tcp4", "22.1.0.1:443", "22.1.0.1:443", true},
		{"tcp6", "[3ffe:5753:1::1]:443", "[3ffe:5753:1::1]:443", true},
		{"tcp4", "22.1.0.2:443", "22.1.0.1:443", false}, // another than the one that was judged
		{"tcp4", "22.1.0.1:80", "22.1.0.1:80", false},
		{"udp4", "22.1.0.1:443", "22.1.0.1:443", false},
		{"tcp4", "127.0.0.1:443", "127.0.0.1:443", false},
		{"tcp4", "127.0.0.1:443", "[::ffff:127.0.0.1]:443", false}, // what the net package makes of it
		{"tcp4", "0.0.0.0:443", "0.0.0.0:443", false},
		{"tcp6", "[::]:443", "[::]:443", false},
		{"tcp6", "[::1]:443", "[::1]:443", false},
		{"unix", "/run/docker.sock", "22.1.0.1:443", false},
	} {
		err := checkSocket(netip.MustParseAddrPort(c.meant))(context.Background(), c.network, c.address, nil)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrForbiddenAddr) {
			t.Errorf("%s %s: %v", c.network, c.address, err)
		}
	}
}
