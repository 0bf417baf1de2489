package dnswire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// A Denial is a reply that says that there is no such name, or no such record (RFC 2308, section 2), and nothing else.
type Denial struct {
	NXDOMAIN      bool // else it is NODATA
	Authenticated bool // AD
	EDE           []uint16
	zone          int // octets of the SOA's owner, without the final dot; rootZone; 0: there is no SOA
}

// rootZone stands for the zone that has no octets.
const rootZone = -1

// ReadDenial reads a valid reply of the shape that nearly all have: a denial with at most an SOA record of an enclosing
// zone in the authority section, and an OPT record in the additional one, whose extended errors do not say filtered. It
// reports false for every other shape. end is the end of the question section.
func ReadDenial(packet []byte, end int) (d Denial, ok bool) {
	authority := binary.BigEndian.Uint16(packet[8:])
	additional := binary.BigEndian.Uint16(packet[10:])
	rcode := packet[3] & 0x0f
	if IsTruncated(packet) || binary.BigEndian.Uint16(packet[6:]) != 0 || authority > 1 || additional > 1 ||
		rcode != noError && rcode != nxDomain {
		return d, false
	}
	d.NXDOMAIN, d.Authenticated = rcode == nxDomain, packet[3]&0x20 != 0
	off := end
	if authority == 1 {
		if d.zone, off = soaOwner(packet, off, end); off < 0 {
			return d, false
		}
	}
	if additional == 1 {
		if d.EDE, off = optErrors(packet, off); off < 0 || IsFiltered(d.EDE) {
			return d, false
		}
	}
	return d, off == len(packet)
}

// Zone is the owner of the SOA record, in lower case and without the final dot, in a denial of label.name, or of name
// where label is empty; "": there is no SOA.
func (d *Denial) Zone(label, name string) string {
	switch {
	case d.zone == 0:
		return ""
	case d.zone == rootZone:
		return "."
	case d.zone <= len(name):
		return name[len(name)-d.zone:]
	}
	owner := label + "." + name
	return strings.ToLower(owner[len(owner)-d.zone:])
}

// soaOwner reads an SOA record at off, whose owner must enclose the name of the question, which ends before end. It
// returns the owner, as Denial has it, and the offset behind the record, or -1.
func soaOwner(packet []byte, off, end int) (zone int, next int) {
	zone, off = encloser(packet, off, end)
	if off < 0 || off+10 > len(packet) {
		return 0, -1
	}
	header := packet[off : off+10]
	off += 10
	rdata := off + int(binary.BigEndian.Uint16(header[8:]))
	if binary.BigEndian.Uint16(header) != typeSOA || binary.BigEndian.Uint16(header[2:]) != classIN ||
		rdata > len(packet) {
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

// encloser reads the name at off, which must be that of the question or above it. Nearly always it is a pointer into
// the question.
func encloser(packet []byte, off, end int) (zone int, next int) {
	name := end - 5 // where the name of the question ends, with an empty label
	if off+1 < len(packet) && packet[off] >= 0xc0 {
		to := int(packet[off]&0x3f)<<8 | int(packet[off+1])
		for label := HeaderSize; label <= name; label += 1 + int(packet[label]) {
			switch {
			case label != to:
			case label == name:
				return rootZone, off + 2
			default:
				return name - label - 1, off + 2
			}
		}
	}
	var owner, asked [MaxName]byte
	above, next := expand(owner[:0], packet, off)
	below, _ := expand(asked[:0], packet, HeaderSize)
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

// MostEDE is how many extended errors are kept, apart from those that say that the answer was filtered.
const MostEDE = 16

// IsFiltered reports whether extended errors say that the answer was chosen on its way: blocked, censored or filtered
// (RFC 8914, sections 4.16 to 4.18).
func IsFiltered(ede []uint16) bool { return slices.ContainsFunc(ede, saysFiltered) }

func saysFiltered(code uint16) bool { return 15 <= code && code <= 17 }

// AppendEDE appends the code of an extended error, each once, and at most MostEDE and those that say filtered.
func AppendEDE(ede []uint16, code uint16) []uint16 {
	if len(ede) >= MostEDE && !saysFiltered(code) || slices.Contains(ede, code) {
		return ede
	}
	return append(ede, code)
}

// optErrors reads an OPT record at off that carries nothing but extended errors, and the offset behind it, or -1.
func optErrors(packet []byte, off int) (ede []uint16, next int) {
	const optionEDE = 15
	if off+OPTSize > len(packet) || packet[off] != 0 || binary.BigEndian.Uint16(packet[off+1:]) != typeOPT ||
		packet[off+5] != 0 { // the upper bits of the rcode
		return nil, -1
	}
	end := off + OPTSize + int(binary.BigEndian.Uint16(packet[off+9:]))
	if end > len(packet) {
		return nil, -1
	}
	for off += OPTSize; off < end; {
		if off+6 > end || binary.BigEndian.Uint16(packet[off:]) != optionEDE {
			return nil, -1
		}
		size := int(binary.BigEndian.Uint16(packet[off+2:]))
		if size < 2 {
			return nil, -1
		}
		ede = AppendEDE(ede, binary.BigEndian.Uint16(packet[off+4:]))
		off += 4 + size
	}
	if off != end {
		return nil, -1
	}
	return ede, end
}
