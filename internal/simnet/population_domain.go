package simnet

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// domainStep answers for a Policy Domain, and for every name that is nothing else: its mail, and an address.
// The world makes up SOA and NS.
func (p *population) domainStep(f *fate, qtype uint16) step {
	st := step{zone: f.zoneOf(f.domain)}
	if f.story.record == playNoDomain || f.isService() {
		st.rcode = dns.RcodeNameError
		return st
	}
	m := p.mailOf(f)
	ttl := ttlOf(f.draw)
	if target, ok := mailAlias(f.domain); ok {
		st.rrs = []dns.RR{&dns.CNAME{Hdr: header(f.domain, dns.TypeCNAME, ttl), Target: dns.Fqdn(target)}}
		return st
	}
	if host, ok := aliasedMail(f.domain); ok {
		if qtype == dns.TypeA {
			of := p.fateOf(host)
			v4, _ := p.serverAddrs(&of)
			st.rrs = addrRRs(f.domain, qtype, ttl, v4, nil)
		}
		return st
	}
	switch qtype {
	case dns.TypeMX:
		if m.kind == mailServfail {
			return playServfail.step(st.zone)
		}
		st.rrs = mxRRs(f.domain, ttl, m)
	case dns.TypeTXT:
		if m.kind != mailNone {
			st.rrs = []dns.RR{&dns.TXT{Hdr: header(f.domain, dns.TypeTXT, ttl), Txt: []string{m.spf()}}}
		}
	case dns.TypeA, dns.TypeAAAA:
		if p.isMailHost(f) {
			v4, v6 := p.serverAddrs(f)
			st.rrs = addrRRs(f.domain, qtype, ttl, v4, v6)
		} else if m.kind != mailNone {
			v4 := addrV4(tcpServe, uint32(f.draw.bits(forAddress)))
			v6 := addrV6(tcpServe, f.draw.bits(forAddress))
			st.rrs = addrRRs(f.domain, qtype, ttl, []netip.Addr{v4}, []netip.Addr{v6})
		}
	}
	return st
}

// isService reports whether the name is that of a service of a domain, as _dmarc.<domain>: it has neither mail
// nor address.
func (f *fate) isService() bool { return strings.HasPrefix(f.domain, "_") }

// isServerName reports whether a name is one that redirects of a population point to.
func isServerName(name string) bool { return strings.HasPrefix(name, "www.") }

func mxRRs(name string, ttl uint32, m mail) []dns.RR {
	var rrs []dns.RR
	if m.null != nil {
		rrs = append(rrs, &dns.MX{Hdr: header(name, dns.TypeMX, ttl), Preference: m.null.preference, Mx: m.null.name})
	}
	for _, host := range m.hosts {
		rrs = append(rrs, &dns.MX{Hdr: header(name, dns.TypeMX, ttl), Preference: host.preference, Mx: dns.Fqdn(host.name)})
	}
	return rrs
}

// spf is the SPF record of a domain (RFC 7208).
func (m mail) spf() string {
	switch {
	case m.kind != mailMX:
		return "v=spf1 -all"
	case m.operator.zone == "":
		return "v=spf1 mx -all"
	}
	return "v=spf1 include:_spf." + m.operator.zone + " ~all"
}
