package dnswire

import (
	"encoding/binary"
	"slices"
)

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
