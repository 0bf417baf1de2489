package mtasts

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

// question is a query for a full resolver: recursion desired, room for 1232 octets over UDP, DO clear, and AD
// set, which asks for the verdict on signatures without them (RFC 6840, section 5.7).
func question(name string, qtype uint16) *dns.Msg {
	q := new(dns.Msg).SetQuestion(name, qtype)
	q.AuthenticatedData = true
	return q.SetEdns0(1232, false)
}

// answers reports whether reply is one to the question about a canonical name, as far as its content shows. The
// Exchanger keeps out forged packets.
func answers(reply *dns.Msg, name string, qtype uint16) bool {
	if reply == nil || !reply.Response || reply.Opcode != dns.OpcodeQuery {
		return false
	}
	return !slices.ContainsFunc(reply.Question, func(q dns.Question) bool {
		return q.Qtype != qtype || q.Qclass != dns.ClassINET || dns.CanonicalName(q.Name) != name
	})
}

// rrset returns the records of a type that a canonical name owns.
func rrset(rrs []dns.RR, name string, qtype uint16) []dns.RR {
	var set []dns.RR
	for _, rr := range rrs {
		if typeOf(rr) != qtype {
			continue
		}
		if h := rr.Header(); h.Class == dns.ClassINET && dns.CanonicalName(h.Name) == name {
			set = append(set, rr)
		}
	}
	return set
}

// typeOf is the type of a record, if it is one of those that are asked for or followed. The header does not
// count: that of a record made by hand may be wrong.
func typeOf(rr dns.RR) uint16 {
	switch rr.(type) {
	case *dns.TXT:
		return dns.TypeTXT
	case *dns.CNAME:
		return dns.TypeCNAME
	case *dns.A:
		return dns.TypeA
	case *dns.AAAA:
		return dns.TypeAAAA
	case *dns.MX:
		return dns.TypeMX
	case *dns.TLSA:
		return dns.TypeTLSA
	case *dns.PTR:
		return dns.TypePTR
	}
	return dns.TypeNone
}

// aliasTarget returns the canonical target of name's CNAME. Where a lying server gives several, the first counts.
func aliasTarget(rrs []dns.RR, name string) (target string, ok bool) {
	for _, rr := range rrset(rrs, name, dns.TypeCNAME) {
		if alias, ok := rr.(*dns.CNAME); ok && alias.Target != "" {
			return dns.CanonicalName(alias.Target), true
		}
	}
	return "", false
}

// denial returns the canonical owner of the SOA that a negative answer carries (RFC 2308).
func denial(reply *dns.Msg) (zone string, ok bool) {
	for _, rr := range reply.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return dns.CanonicalName(soa.Hdr.Name), true
		}
	}
	return "", false
}

// refers reports whether a reply without an SOA names the servers to ask instead (RFC 2308, section 2.2).
func refers(reply *dns.Msg) bool {
	return slices.ContainsFunc(reply.Ns, func(rr dns.RR) bool {
		_, ok := rr.(*dns.NS)
		return ok
	})
}

// enclosed reports whether every SOA of a negative answer is of a zone that name may be in.
func enclosed(reply *dns.Msg, name string) bool {
	for _, rr := range reply.Ns {
		if soa, ok := rr.(*dns.SOA); ok && !InZone(name, soa.Hdr.Name) {
			return false
		}
	}
	return true
}

// leastTTL is the TTL of an RRset in seconds: one with the top bit set is 0 (RFC 2181, section 8).
func leastTTL(rrs []dns.RR) uint32 {
	least := uint32(1<<31 - 1)
	for _, rr := range rrs {
		ttl := rr.Header().Ttl
		if ttl >= 1<<31 {
			return 0
		}
		least = min(least, ttl)
	}
	return least
}

// extendedErrors returns the codes of RFC 8914: see [dnswire.AppendEDE].
func extendedErrors(reply *dns.Msg) []uint16 {
	var ede []uint16
	for _, rr := range reply.Extra {
		opt, ok := rr.(*dns.OPT)
		if !ok {
			continue
		}
		for _, option := range opt.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				ede = dnswire.AppendEDE(ede, e.InfoCode)
			}
		}
	}
	return ede
}

// ownerName is a canonical name as the table has it: without the final dot except for the root, and valid UTF-8.
func ownerName(canonical string) string {
	if canonical == "." {
		return canonical
	}
	return clean(strings.TrimSuffix(canonical, "."))
}

// txtRecords are the TXT records of an RRset: see txtOctets.
func txtRecords(rrs []dns.RR) (all []string) {
	for _, rr := range rrs {
		if txt, ok := rr.(*dns.TXT); ok {
			all = append(all, txtOctets(txt))
		}
	}
	return all
}

// txtOctets joins the strings of one TXT record with nothing between (section 3.1). Package dns keeps them in
// presentation form: \DDD and \X stand for one octet each.
func txtOctets(txt *dns.TXT) string {
	joined := strings.Join(txt.Txt, "")
	if strings.IndexByte(joined, '\\') < 0 {
		return joined
	}
	octets := make([]byte, 0, len(joined))
	for i := 0; i < len(joined); i++ {
		c := joined[i]
		if c != '\\' || i+1 == len(joined) {
			octets = append(octets, c)
			continue
		}
		if octet, ok := decimalOctet(joined[i+1:]); ok {
			octets = append(octets, octet)
			i += 3
			continue
		}
		i++
		octets = append(octets, joined[i])
	}
	return string(octets)
}

// decimalOctet reads the DDD of a \DDD.
func decimalOctet(s string) (octet byte, ok bool) {
	if len(s) < 3 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[:3]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return byte(n), n <= 255
}
