package simnet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// step answers one question about one name. Most questions are for the record of a domain without one, which
// costs a hash and a look into the public suffix list.
func (p *population) step(name string, qtype uint16) step {
	if st, ok := p.companionStep(name, qtype); ok {
		return st
	}
	role, domain := p.parseName(name)
	f := p.fateOf(domain)
	if role == roleDomain {
		return f.given(p.domainStep(&f, qtype))
	}
	zone := f.zoneOf(name)
	targets := p.aliases(&f, role)
	at := 0 // targets before this one lead to the name
	if !role.isBase(name, domain) {
		at = 1 + slices.Index(targets, name)
		if at == 0 {
			// An operator's name for a domain that is no customer, or a number below the domain's own names.
			return f.given(step{rcode: dns.RcodeNameError, zone: zone})
		}
	}
	if at < len(targets) {
		alias := &dns.CNAME{Hdr: header(name, dns.TypeCNAME, ttlOf(f.draw)), Target: dns.Fqdn(targets[at])}
		st := step{zone: zone, rrs: []dns.RR{alias}}
		if f.story.firstHop {
			st.fault = dnsFirstHop
		}
		return st
	}
	if role == roleHost {
		st := f.story.host.step(zone)
		if f.story.host.hasData() {
			st.rrs = p.hostRRs(&f, name, qtype)
		}
		return f.given(st)
	}
	st := f.story.record.step(zone)
	if f.story.record.hasData() {
		st.rrs = p.recordRRs(&f, name, qtype)
	}
	return f.given(st)
}

// given is an answer as the name servers of the domain give it.
func (f *fate) given(st step) step {
	if f.story.noSOA && st.fault == dnsFine {
		st.fault = dnsNoSOA // which is seen of denials alone
	}
	return st
}

// zoneOf is the zone that holds a name of a Policy Domain: the registered domain, the one above where that does
// not exist, or an operator's.
func (f *fate) zoneOf(name string) string {
	switch {
	case !strings.HasSuffix(name, f.registered) ||
		len(name) > len(f.registered) && name[len(name)-len(f.registered)-1] != '.':
		registered, _ := registeredDomain(name)
		return registered
	case f.story.record == playNoDomain:
		return f.suffix
	}
	return f.registered
}

// hasData reports whether the answer has the RRset asked for.
func (play dnsPlay) hasData() bool {
	return play == playGood || play == playTruncate || play == playTruncateUDP
}

// step plays an answer, without the RRset.
func (play dnsPlay) step(zone string) step {
	st := step{zone: zone}
	switch play {
	case playNXDomain, playNoDomain:
		st.rcode = dns.RcodeNameError
	case playServfail:
		st.rcode, st.ede = dns.RcodeServerFailure, dns.ExtendedErrorCodeNoReachableAuthority
	case playRefused:
		st.rcode = dns.RcodeRefused
	case playNotImplemented:
		st.rcode = dns.RcodeNotImplemented
	case playSilent:
		st.fault = dnsSilent
	case playTruncate:
		st.fault = dnsTruncate
	case playTruncateUDP:
		st.fault = dnsTruncateUDP
	case playReferral:
		st.fault = dnsReferral
	case playFiltered:
		st.fault = dnsFiltered
	case playMalformed:
		st.fault = dnsMalformed
	case playStray:
		st.fault = dnsStray
	}
	return st
}

// aliases are the alias targets of _mta-sts.<domain> or mta-sts.<domain>, in order: own names first, the
// operator's last. A chain that comes back to its beginning ends with it.
func (p *population) aliases(f *fate, role role) []string {
	play, shape := f.story.recordAlias, targetShape{}
	if role == roleHost {
		play = f.story.hostAlias
	}
	if f.operator != nil {
		shape = f.operator.shape(role)
	}
	own := 0
	switch play {
	case aliasHops:
		own = 1 + f.draw.below(forHops, 3)
	case aliasLoop:
		own = f.draw.below(forHops, 3)
	case aliasLong:
		own = 18
	}
	var targets []string
	for i := range own {
		targets = append(targets, fmt.Sprintf("%d.%s%s", i+1, role.label(), f.domain))
	}
	if play == aliasLoop {
		return append(targets, role.label()+f.domain)
	}
	if target, ok := shape.target(f.domain); ok {
		targets = append(targets, target)
	}
	return targets
}

// observedAliases are the alias targets that an observer can see: where the end of the chain fails, a full
// resolver says so and nothing else, unless each alias is asked for by itself. An observer follows at most
// sixteen.
func (p *population) observedAliases(f *fate, role role) []string {
	play := f.story.record
	if role == roleHost {
		play = f.story.host
	}
	switch play {
	case playServfail, playRefused, playNotImplemented, playSilent, playTruncateUDP, playMalformed:
		if !f.story.firstHop {
			return nil
		}
	}
	targets := p.aliases(f, role)
	return targets[:min(len(targets), 16)]
}

// recordRRs is the RRset of the record.
func (p *population) recordRRs(f *fate, name string, qtype uint16) []dns.RR {
	if qtype != dns.TypeTXT || !f.bears && f.story.txt == nil {
		return nil
	}
	texts := f.story.txt
	if texts == nil {
		texts = txtGood
	}
	var rrs []dns.RR
	for _, text := range texts(f.draw, p.idOf(f)) {
		rrs = append(rrs, &dns.TXT{Hdr: header(name, dns.TypeTXT, ttlOf(f.draw)), Txt: characterStrings(text)})
	}
	return rrs
}

// characterStrings splits a text into strings of at most 255 octets, in the escaped form in which package dns
// keeps them.
func characterStrings(text string) []string {
	var ss []string
	for chunk := range slices.Chunk([]byte(text), 255) {
		var s []byte
		for _, c := range chunk {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				s = fmt.Appendf(s, "\\%03d", c)
			} else {
				s = append(s, c)
			}
		}
		ss = append(ss, string(s))
	}
	if ss == nil {
		ss = []string{""}
	}
	return ss
}

// ttlOf draws a TTL in seconds: the classes of OpenINTEL, each with its usual value.
func ttlOf(d draw) uint32 {
	switch u := d.unit(forTTL); {
	case u < 0.028:
		return 60
	case u < 0.133:
		return 300
	case u < 0.754:
		return 3600
	case u < 0.994:
		return 86400
	}
	return 172800
}
