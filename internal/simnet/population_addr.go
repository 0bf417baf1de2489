package simnet

import (
	"net/netip"

	"github.com/miekg/dns"
)

// hostRRs are the addresses of the policy host: usually one IPv4 address, and in a third of the cases an IPv6
// address too.
func (p *population) hostRRs(f *fate, name string, qtype uint16) []dns.RR {
	v4, v6 := p.hostAddrs(f)
	return addrRRs(name, qtype, ttlOf(f.draw), v4, v6)
}

func addrRRs(name string, qtype uint16, ttl uint32, v4, v6 []netip.Addr) []dns.RR {
	var rrs []dns.RR
	switch qtype {
	case dns.TypeA:
		for _, addr := range v4 {
			rrs = append(rrs, &dns.A{Hdr: header(name, dns.TypeA, ttl), A: addr.AsSlice()})
		}
	case dns.TypeAAAA:
		for _, addr := range v6 {
			rrs = append(rrs, &dns.AAAA{Hdr: header(name, dns.TypeAAAA, ttl), AAAA: addr.AsSlice()})
		}
	}
	return rrs
}

// hostAddrs are the addresses of the policy host.
func (p *population) hostAddrs(f *fate) (v4, v6 []netip.Addr) {
	where := f.draw
	if o := f.operator; o != nil && o.addrs > 0 {
		where = drawFor(p.seed, o.name).sub(forAddress, where.below(forAddress, o.addrs))
	}
	tcp := f.story.tcp
	v4 = []netip.Addr{addrV4(tcp, uint32(where.bits(forAddress)))}
	v6 = []netip.Addr{addrV6(tcp, where.bits(forFamily))}
	switch f.story.addrs {
	case addrsAny:
		if !where.chance(forFamily, 0.35) {
			v6 = nil
		}
		if where.chance(forAddress, 0.2) {
			v4 = append(v4, addrV4(tcp, uint32(where.sub(forAddress, 1).bits(forAddress))))
		}
	case addrsSingle:
		v6 = nil
	case addrsIPv6:
		v4 = nil
	case addrsForbidden:
		v4, v6 = nil, nil
		if f.draw.chance(forFamily, 0.8) {
			v4 = []netip.Addr{forbiddenV4(f.draw)}
		}
		if v4 == nil || f.draw.chance(forCertificate, 0.3) {
			v6 = []netip.Addr{forbiddenV6(f.draw)}
		}
	case addrsMixed:
		v4, v6 = append(v4, forbiddenV4(f.draw)), nil
	}
	return v4, v6
}

// forbiddenV4 is one of the addresses that IANA calls special-purpose.
func forbiddenV4(d draw) netip.Addr {
	return pick(d, forVariant,
		netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.AddrFrom4([4]byte{10, 0, 0, 5}),
		netip.AddrFrom4([4]byte{192, 168, 1, 10}), netip.AddrFrom4([4]byte{172, 16, 0, 1}),
		netip.AddrFrom4([4]byte{169, 254, 169, 254}), netip.AddrFrom4([4]byte{100, 64, 0, 1}),
		netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{192, 0, 2, 1}))
}

func forbiddenV6(d draw) netip.Addr {
	return pick(d, forVariant,
		netip.IPv6Loopback(), netip.IPv6Unspecified(),
		netip.AddrFrom16([16]byte{0: 0xfd, 15: 1}),
		netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 15: 1}),
		netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1}))
}
