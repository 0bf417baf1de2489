package simnet

import "github.com/miekg/dns"

// denialTTL is in seconds, of a denial whose zone has no SOA of its own.
const denialTTL = 300

// A zoneSource is a source that has the data of its zones which the world would otherwise make up.
type zoneSource interface {
	soa(zone string) *dns.SOA // nil: it has none
	signed(zone string) bool
}

func (w *World) soa(zone string) *dns.SOA {
	if zs, ok := w.src.(zoneSource); ok {
		if soa := zs.soa(zone); soa != nil {
			return soa
		}
	}
	return &dns.SOA{
		Hdr: header(zone, dns.TypeSOA, 3600), Ns: under("ns1", zone), Mbox: under("hostmaster", zone),
		Serial: 1, Refresh: 7200, Retry: 3600, Expire: 1209600, Minttl: denialTTL,
	}
}

// denial is the SOA of a negative answer, with the TTL that the answer may be kept for (RFC 2308, section 3).
func (w *World) denial(zone string) *dns.SOA {
	soa := *w.soa(zone)
	soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	return &soa
}

func (w *World) signed(zone string) bool {
	if zs, ok := w.src.(zoneSource); ok {
		return zs.signed(zone)
	}
	return signedByHash(zone)
}

func nsOf(zone string) *dns.NS {
	return &dns.NS{Hdr: header(zone, dns.TypeNS, 3600), Ns: under("ns1", zone)}
}

func header(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: dns.Fqdn(name), Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// under is the absolute name of a label below a zone, which may be the root.
func under(label, zone string) string {
	if zone == "" {
		return label + "."
	}
	return label + "." + zone + "."
}
