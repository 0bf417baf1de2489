package simnet

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"
)

// A zoneSet is the DNS data of a text world. Names in its maps are plain: in lower case, without the final dot.
type zoneSet struct {
	sets   map[string]map[uint16][]dns.RR // RRsets by owner and type
	exists map[string]bool                // owners and every name above one (RFC 8020)
	apexes map[string]bool
	addrs  map[netip.Addr]bool // in A and AAAA records
}

// readZones parses a master file.
func readZones(f textFile) (zoneSet, error) {
	z := zoneSet{
		sets: make(map[string]map[uint16][]dns.RR), exists: make(map[string]bool),
		apexes: make(map[string]bool), addrs: make(map[netip.Addr]bool),
	}
	// Empty lines in front make the parser count as the archive does.
	lines := append(bytes.Repeat([]byte("\n"), f.before), f.data...)
	parser := dns.NewZoneParser(bytes.NewReader(lines), "", "")
	parser.SetIncludeAllowed(false)
	parser.SetDefaultTTL(denialTTL)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if problem := z.add(rr); problem != "" {
			return z, f.errorf(0, "zone: %s: %s", strings.ReplaceAll(rr.String(), "\t", " "), problem)
		}
	}
	if err := parser.Err(); err != nil {
		return z, zoneError(f, err)
	}
	if len(z.sets) == 0 {
		return z, f.errorf(0, "zone: no records")
	}
	for owner := range z.sets {
		if z.above(owner) == "" {
			z.apexes[registered(owner)] = true
		}
	}
	return z, nil
}

// zoneError moves the line, which the parser puts last, to the front.
func zoneError(f textFile, err error) error {
	message := strings.TrimPrefix(err.Error(), "dns: ")
	if problem, at, ok := strings.Cut(message, " at line: "); ok {
		number, _, _ := strings.Cut(at, ":")
		if line, err := strconv.Atoi(number); err == nil {
			return f.errorf(line-f.before, "zone: %s", problem)
		}
	}
	return f.errorf(0, "zone: %s", message)
}

// add adds one record, and returns what is wrong with it.
func (z *zoneSet) add(rr dns.RR) (problem string) {
	header := rr.Header()
	owner := plainName(header.Name)
	switch {
	case header.Class != dns.ClassINET:
		return "not of class IN"
	case strings.Count(owner, ".") == 0:
		return "a name of one label is not for a world to define"
	}
	set := z.sets[owner]
	if set == nil {
		set = make(map[uint16][]dns.RR)
		z.sets[owner] = set
	}
	set[header.Rrtype] = append(set[header.Rrtype], rr)
	if aliases := set[dns.TypeCNAME]; len(aliases) > 1 || len(aliases) == 1 && len(set) > 1 {
		return "an alias beside other records"
	}
	if header.Rrtype == dns.TypeSOA {
		z.apexes[owner] = true
	}
	if addr := addrOf(rr); addr.IsValid() {
		z.addrs[addr] = true
	}
	for name := owner; name != ""; name = parent(name) {
		z.exists[name] = true
	}
	return ""
}

// step answers from the data alone, by RFC 1034, section 4.3.2.
func (z *zoneSet) step(name string, qtype uint16) step {
	zone := z.above(name)
	if zone == "" {
		return z.outside(name)
	}
	st := step{zone: zone}
	if set, ok := z.sets[name]; ok {
		st.rrs = choose(set, qtype)
		return st
	}
	if z.exists[name] {
		return st
	}
	encloser := parent(name)
	for !z.exists[encloser] { // the apex does
		encloser = parent(encloser)
	}
	if dnames := z.sets[encloser][dns.TypeDNAME]; len(dnames) > 0 {
		dname := dnames[0].(*dns.DNAME)
		target := strings.TrimSuffix(name, encloser) + dname.Target
		st.rrs = []dns.RR{dname, &dns.CNAME{Hdr: header(name, dns.TypeCNAME, dname.Hdr.Ttl), Target: target}}
		return st
	}
	if set, ok := z.sets["*."+encloser]; ok {
		for _, rr := range choose(set, qtype) {
			rr = dns.Copy(rr)
			rr.Header().Name = dns.Fqdn(name)
			st.rrs = append(st.rrs, rr)
		}
		return st
	}
	st.rcode = dns.RcodeNameError
	return st
}

// outside answers for a name that is in none of the zones: the top level knows it, if it is above one of them,
// or denies it.
func (z *zoneSet) outside(name string) step {
	st := step{zone: name[strings.LastIndexByte(name, '.')+1:]}
	if name != st.zone && !z.exists[name] {
		st.rcode = dns.RcodeNameError
	}
	return st
}

// choose takes the RRset of a type, or the alias in its place.
func choose(set map[uint16][]dns.RR, qtype uint16) []dns.RR {
	if rrs, ok := set[qtype]; ok {
		return rrs
	}
	return set[dns.TypeCNAME]
}

// above is the apex of the zone that a name is in, or empty.
func (z *zoneSet) above(name string) string {
	for ; name != "" && !z.apexes[name]; name = parent(name) {
	}
	return name
}

func (z *zoneSet) soa(zone string) *dns.SOA {
	if rrs := z.sets[zone][dns.TypeSOA]; len(rrs) > 0 {
		return rrs[0].(*dns.SOA)
	}
	return nil
}

func (z *zoneSet) signed(zone string) bool {
	return len(z.sets[zone][dns.TypeDNSKEY]) > 0
}

// parent is a name without its first label.
func parent(name string) string {
	labels := dns.Split(name)
	if len(labels) < 2 {
		return ""
	}
	return name[labels[1]:]
}

// registered is the registered domain that a name is in: a public suffix and one label more.
func registered(name string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return name // a public suffix itself
	}
	return domain
}

// addrOf is the address in an A or AAAA record, else the zero Addr.
func addrOf(rr dns.RR) netip.Addr {
	var addr netip.Addr
	switch rr := rr.(type) {
	case *dns.A:
		addr, _ = netip.AddrFromSlice(rr.A)
	case *dns.AAAA:
		addr, _ = netip.AddrFromSlice(rr.AAAA)
	}
	return addr.Unmap()
}
