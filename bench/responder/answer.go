package main

import (
	"encoding/binary"
	"math"
)

// shares are the shares of domains answered in each way, from 0 to 1. The rest get NXDOMAIN with the SOA of the domain.
type shares struct {
	positive float64 // TXT records that begin with v=STSv1
	servfail float64 // SERVFAIL, always
	nodata   float64 // NOERROR without an answer, with the SOA of the domain
	noDomain float64 // NXDOMAIN with the SOA of the top-level domain
}

// A kind is a way to answer a domain.
type kind uint8

const (
	malformed kind = iota // no answer: the message is not a question
	nxdomain
	noDomain
	nodata
	positive
	servfail
	kinds // the number of kinds
)

// answers chooses the answer for each domain by a hash of its name and the seed.
type answers struct {
	seed   uint64
	limits [4]uint32 // upper bounds of the hash: positive, servfail, nodata, noDomain
}

func newAnswers(s shares, seed uint64) *answers {
	a := &answers{seed: mix(seed)}
	total := 0.0
	for i, share := range []float64{s.positive, s.servfail, s.nodata, s.noDomain} {
		total = min(total+share, 1)
		a.limits[i] = uint32(total * math.MaxUint32)
	}
	return a
}

// The RDATA of the SOA records of domains and of top-level domains. Both have the same length. So negative answers to
// questions of equal length are equally long too, and one send takes them all.
const (
	domainSOA = "\x03ns1\x0dregistrar-dns\x03net\x00" + "\x0ahostmaster\x04dns1\x03net\x00" +
		"\x78\xa4\x0d\x21" + "\x00\x00\x1c\x20" + "\x00\x00\x0e\x10" + "\x00\x12\x75\x00" + "\x00\x00\x03\x84"
	tldSOA = "\x01a\x0cgtld-servers\x03net\x00" + "\x05nstld\x0cverisign-grs\x03com\x00" +
		"\x69\x22\x00\x01" + "\x00\x00\x07\x08" + "\x00\x00\x03\x84" + "\x00\x09\x3a\x80" + "\x00\x00\x03\x84"
	record = "v=STSv1; id=20240101000000Z;"
)

const (
	header   = 12
	maxReply = 512 // no reply is longer
	typeTXT  = 16
	typeOPT  = 41
	flagAA   = 0x04 // in octet 2
	flagRA   = 0x80 // in octet 3
)

// A question holds the offsets of the parts of a message.
type question struct {
	domain int    // the Policy Domain: the name without a leading _mta-sts or mta-sts
	tld    int    // the last label
	end    int    // of the question section
	hash   uint64 // of the domain, in lower case, and the seed
	qtype  uint16
	sts    bool // the name begins with _mta-sts
	edns   bool
	dnssec bool // DO
}

// read finds the question of a message. ok says whether it can be answered: it must be a standard query with one
// question in class IN.
func (a *answers) read(b []byte) (q question, ok bool) {
	if len(b) < header+5 || b[2]&0xf8 != 0 || binary.BigEndian.Uint16(b[4:]) != 1 || binary.BigEndian.Uint32(b[6:]) != 0 {
		return q, false
	}
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	q.domain, q.tld = header, header
	p := header
	for b[p] != 0 {
		size := int(b[p])
		next := p + 1 + size
		if size > 63 || next+4 >= len(b) || next-header > 254 {
			return q, false
		}
		label := b[p+1 : next]
		switch {
		case p == header && equalFold(label, "_mta-sts"):
			q.sts, q.domain = true, next
		case p == header && equalFold(label, "mta-sts"):
			q.domain = next
		default:
			for _, c := range b[p:next] {
				h = (h ^ uint64(lower(c))) * prime
			}
		}
		q.tld, p = p, next
	}
	q.qtype = binary.BigEndian.Uint16(b[p+1:])
	q.end = p + 5
	q.hash = mix(h ^ a.seed)
	// The only additional record of a question is its OPT (RFC 6891, section 6.1.1).
	opt := b[q.end:]
	if len(opt) >= 11 && binary.BigEndian.Uint16(b[10:]) > 0 &&
		opt[0] == 0 && binary.BigEndian.Uint16(opt[1:]) == typeOPT {
		q.edns, q.dnssec = true, opt[7]&0x80 != 0
	}
	return q, binary.BigEndian.Uint16(b[p+3:]) == 1
}

// kindOf says how to answer a question. Only the record's own name can be positive: Policy Hosts do not exist here.
func (a *answers) kindOf(q question) kind {
	at := uint32(q.hash)
	switch l := &a.limits; {
	case at < l[0] && q.sts && q.qtype == typeTXT:
		return positive
	case at < l[0]:
		return nxdomain
	case at < l[1]:
		return servfail
	case at < l[2]:
		return nodata
	case at < l[3]:
		return noDomain
	}
	return nxdomain
}

// reply turns the message b into its reply, in place, and returns its length. The question keeps its letter case.
// b must have room for maxReply octets.
func reply(b []byte, q question, k kind) int {
	rcode := byte(0)
	switch k {
	case nxdomain, noDomain:
		rcode = 3
	case servfail:
		rcode = 2
	}
	b[2] = 0x80 | b[2]&0x01         // QR, RD as asked
	b[3] = 0x80 | b[3]&0x10 | rcode // RA, CD as asked
	clear(b[6:header])
	out := b[:q.end]
	switch k {
	case positive:
		b[7] = 1
		out = appendRecord(out, header, typeTXT, 3600, len(record)+1)
		out = append(append(out, byte(len(record))), record...)
	case nxdomain, nodata:
		b[9] = 1
		out = appendRecord(out, q.domain, 6, 900, len(domainSOA))
		out = append(out, domainSOA...)
	case noDomain:
		b[9] = 1
		out = appendRecord(out, q.tld, 6, 900, len(tldSOA))
		out = append(out, tldSOA...)
	}
	if q.edns {
		b[11] = 1
		flags := byte(0)
		if q.dnssec {
			flags = 0x80
		}
		out = append(out, 0, 0, typeOPT, 0x04, 0xd0, 0, 0, flags, 0, 0, 0) // 1232 octets
	}
	return len(out)
}

// appendRecord appends a record up to its RDATA. Its owner is a compression pointer to the name at the offset owner
// (RFC 1035, section 4.1.4).
func appendRecord(out []byte, owner int, rtype uint16, ttl uint32, rdata int) []byte {
	out = binary.BigEndian.AppendUint16(out, 0xc000|uint16(owner))
	out = binary.BigEndian.AppendUint16(out, rtype)
	out = binary.BigEndian.AppendUint16(out, 1)
	out = binary.BigEndian.AppendUint32(out, ttl)
	return binary.BigEndian.AppendUint16(out, uint16(rdata))
}

func equalFold(label []byte, want string) bool {
	if len(label) != len(want) {
		return false
	}
	for i, c := range label {
		if lower(c) != want[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// mix is the finaliser of SplitMix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
