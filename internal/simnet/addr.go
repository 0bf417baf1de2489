package simnet

import (
	"encoding/binary"
	"net/netip"
)

// The address plan of the simulated Internet. Its hosts have public addresses, because the guard of the scanner
// refuses all others, and yet a mistake must reach no host: 22.0.0.0/8 belongs to one organisation that offers
// no public service there, and 3ffe::/16 was returned when the 6bone ended (RFC 3701) and is not allocated. The
// second octet, or the third group, tells how the address meets a connection:
//
//	22.1.0.0/16   3ffe:5753:1::/48   serves
//	22.2.0.0/16   3ffe:5753:2::/48   refuses
//	22.3.0.0/16   3ffe:5753:3::/48   is silent
//	22.4.0.0/16   3ffe:5753:4::/48   is unreachable
//	22.5.0.0/16   3ffe:5753:5::/48   resets
//	22.6.0.0/16   3ffe:5753:6::/48   serves, also without SNI
//	22.7.0.0/16   3ffe:5753:7::/48   resets before it has accepted
//	22.8.0.0/16   3ffe:5753:8::/48   fails in another way
//	22.9.0.0/16   3ffe:5753:9::/48   serves, and shakes no hands
//
// All other addresses are unreachable, unless a text world gives them to a host of its own.
const (
	planV4      = 22         // first octet
	planV6      = 0x3ffe5753 // first two groups
	planServe   = 1          // number of tcpServe in the plan; the others follow in the order of tcpPlay
	planServeTo = planServe + uint16(tcpNoHandshake)
)

// addrV4 is an IPv4 address with the behaviour play. The hash chooses one of the 65,536 addresses with that
// behaviour.
func addrV4(play tcpPlay, hash uint32) netip.Addr {
	hash ^= hash >> 16
	return netip.AddrFrom4([4]byte{planV4, byte(planServe + play), byte(hash >> 8), byte(hash)})
}

// addrV6 is an IPv6 address that behaves as play says, with hash as its interface identifier.
func addrV6(play tcpPlay, hash uint64) netip.Addr {
	var a [16]byte
	binary.BigEndian.PutUint32(a[0:], planV6)
	binary.BigEndian.PutUint16(a[4:], planServe+uint16(play))
	binary.BigEndian.PutUint64(a[8:], hash)
	return netip.AddrFrom16(a)
}

// playOf tells how an address of the plan meets a connection. An address outside the plan is unreachable.
func playOf(addr netip.Addr) tcpPlay {
	if play, ok := planned(addr); ok {
		return play
	}
	return tcpUnreachable
}

// planned is playOf, and whether the plan has the address at all.
func planned(addr netip.Addr) (tcpPlay, bool) {
	var number uint16
	switch addr = addr.Unmap(); {
	case addr.Is4() && addr.As4()[0] == planV4:
		number = uint16(addr.As4()[1])
	case addr.Is6():
		a := addr.As16()
		if binary.BigEndian.Uint32(a[0:]) == planV6 {
			number = binary.BigEndian.Uint16(a[4:])
		}
	}
	return tcpPlay(number - planServe), planServe <= number && number <= planServeTo
}
