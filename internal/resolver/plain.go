package resolver

import (
	"bytes"
	"encoding/binary"

	"github.com/miekg/dns"
)

// rootZone stands for the zone that has no octets.
const rootZone = -1

// readPlain reads a valid reply of the shape that nearly all have: a denial
// with at most an SOA record in the authority section and an OPT record in the
// additional one. It saves unpacking them, says the same as readMessage, and
// reports false for every other shape. end is the end of the question section.
//
// zone is the owner of the SOA, as the number of octets that it has at the end
// of the name asked for, without final dots; 0 where there is no SOA.
func readPlain(packet []byte, end int) (rd reading, zone int, ok bool) {
	authority := binary.BigEndian.Uint16(packet[8:])
	additional := binary.BigEndian.Uint16(packet[10:])
	rd.rcode = int(packet[3] & 0x0f)
	rd.authenticated = packet[3]&0x20 != 0
	switch {
	case truncated(packet), binary.BigEndian.Uint16(packet[6:]) != 0, authority > 1, additional > 1:
		return rd, 0, false
	case rd.rcode == dns.RcodeNameError:
		rd.outcome = NXDOMAIN
	case rd.rcode == dns.RcodeSuccess:
		rd.outcome = NODATA
	default:
		return rd, 0, false
	}
	off := end
	if authority == 1 {
		if zone, off = soaOwner(packet, off, end); off < 0 {
			return rd, 0, false
		}
	}
	if additional == 1 {
		if rd.ede, off = optErrors(packet, off); off < 0 || filtered(rd.ede) {
			return rd, 0, false
		}
	}
	return rd, zone, off == len(packet)
}

// soaOwner reads an SOA record at off, whose owner must enclose the name of the
// question, which ends before end. It returns the owner, as readPlain does, and
// the offset behind the record, or -1.
func soaOwner(packet []byte, off, end int) (zone int, next int) {
	zone, off = encloser(packet, off, end)
	if off < 0 || off+10 > len(packet) {
		return 0, -1
	}
	header := packet[off : off+10]
	off += 10
	rdata := off + int(binary.BigEndian.Uint16(header[8:]))
	if binary.BigEndian.Uint16(header) != dns.TypeSOA || binary.BigEndian.Uint16(header[2:]) != dns.ClassINET || rdata > len(packet) {
		return 0, -1
	}
	for range 2 { // MNAME and RNAME
		if off = skipName(packet, off); off < 0 {
			return 0, -1
		}
	}
	if off+20 != rdata { // SERIAL to MINIMUM
		return 0, -1
	}
	return zone, rdata
}

// encloser reads the name at off, which must be that of the question or above
// it. Nearly always it is a pointer into the question.
func encloser(packet []byte, off, end int) (zone int, next int) {
	name := end - 5 // where the name of the question ends, with an empty label
	if off+1 < len(packet) && packet[off] >= 0xc0 {
		to := int(packet[off]&0x3f)<<8 | int(packet[off+1])
		for label := headerSize; label <= name; label += 1 + int(packet[label]) {
			switch {
			case label != to:
			case label == name:
				return rootZone, off + 2
			default:
				return name - label - 1, off + 2
			}
		}
	}
	var owner, asked [maxName]byte
	above, next := expand(owner[:0], packet, off)
	below, _ := expand(asked[:0], packet, headerSize)
	switch {
	case next < 0 || len(above) > len(below):
		return 0, -1
	case len(above) == 0:
		return rootZone, next
	}
	first := len(below) - len(above)
	if !bytes.EqualFold(below[first:], above) || first > 0 && below[first-1] != '.' {
		return 0, -1
	}
	return len(above), next
}

// skipName returns the offset behind the name at off, or -1. It is as strict as
// expand, but for the octets of labels, which may be any.
func skipName(packet []byte, off int) (next int) {
	next = -1
	for floor, size := off, 0; ; {
		if off >= len(packet) {
			return -1
		}
		c := int(packet[off])
		switch {
		case c == 0:
			if next < 0 {
				next = off + 1
			}
			return next
		case c >= 0xc0:
			if off+1 >= len(packet) {
				return -1
			}
			if next < 0 {
				next = off + 2
			}
			to := (c&0x3f)<<8 | int(packet[off+1])
			if to >= floor {
				return -1
			}
			off, floor = to, to
		default:
			size += 1 + c
			if c > maxLabel || off+1+c > len(packet) || size > maxName-2 {
				return -1
			}
			off += 1 + c
		}
	}
}

// optErrors reads an OPT record at off that carries nothing but extended
// errors, and the offset behind it, or -1.
func optErrors(packet []byte, off int) (ede []uint16, next int) {
	const fixed = 11 // root, type, size, extended rcode and flags, length
	if off+fixed > len(packet) || packet[off] != 0 || binary.BigEndian.Uint16(packet[off+1:]) != dns.TypeOPT || packet[off+5] != 0 {
		return nil, -1
	}
	end := off + fixed + int(binary.BigEndian.Uint16(packet[off+9:]))
	if end > len(packet) {
		return nil, -1
	}
	for off += fixed; off < end; {
		if off+6 > end || binary.BigEndian.Uint16(packet[off:]) != dns.EDNS0EDE {
			return nil, -1
		}
		size := int(binary.BigEndian.Uint16(packet[off+2:]))
		if size < 2 {
			return nil, -1
		}
		ede = appendOnce(ede, binary.BigEndian.Uint16(packet[off+4:]))
		off += 4 + size
	}
	if off != end {
		return nil, -1
	}
	return ede, end
}

// expand appends the presentation of the name at off to dst and returns the
// offset behind it, or -1. Only names of letters, digits, hyphens and
// underscores, whose compression pointers point backwards, are expanded: the
// others take the long way.
func expand(dst, packet []byte, off int) (name []byte, next int) {
	next = -1
	for floor := off; ; {
		if off >= len(packet) {
			return nil, -1
		}
		c := int(packet[off])
		switch {
		case c == 0:
			if next < 0 {
				next = off + 1
			}
			return dst, next
		case c >= 0xc0:
			if off+1 >= len(packet) {
				return nil, -1
			}
			if next < 0 {
				next = off + 2
			}
			to := (c&0x3f)<<8 | int(packet[off+1])
			if to >= floor {
				return nil, -1
			}
			off, floor = to, to
		case c > maxLabel || off+1+c > len(packet) || len(dst)+1+c > maxName-2:
			return nil, -1
		default:
			if len(dst) > 0 {
				dst = append(dst, '.')
			}
			for _, b := range packet[off+1 : off+1+c] {
				if !plainOctet(b) {
					return nil, -1
				}
				dst = append(dst, b)
			}
			off += 1 + c
		}
	}
}

func plainOctet(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}
