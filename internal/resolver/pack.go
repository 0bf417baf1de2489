package resolver

// packPlain writes what query.ask writes, where it fits into wire, and returns
// the lengths of header and question, and of it all.
func packPlain(wire []byte, label, name string, qtype uint16) (end, size int, ok bool) {
	const header = "\x00\x00" + // id
		"\x01\x20" + // RD, AD
		"\x00\x01\x00\x00\x00\x00\x00\x01"
	const opt = "\x00\x00\x29" + // root, OPT
		"\x04\xd0" + // udpSize
		"\x00\x00\x00\x00\x00\x00"
	off := copy(wire, header)
	if label != "" {
		if off = appendPlain(wire, off, label); off < 0 {
			return 0, 0, false
		}
	}
	off = appendPlain(wire, off, name)
	if off < 0 || off+1+4+len(opt) > len(wire) {
		return 0, 0, false
	}
	off += copy(wire[off:], []byte{0, byte(qtype >> 8), byte(qtype), 0, 1})
	return off, off + copy(wire[off:], opt), true
}

// appendPlain writes the labels of name at off and returns the offset behind
// them, or -1: they do not fit, or are none.
func appendPlain(wire []byte, off int, name string) int {
	if off+len(name)+1 > len(wire) {
		return -1
	}
	length := off // where the length of the label goes
	off++
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch c {
		case '.':
			if off-length-1 == 0 || off-length-1 > maxLabel {
				return -1
			}
			wire[length] = byte(off - length - 1)
			length = off
		case '\\':
			return -1
		default:
			wire[off] = c
		}
		off++
	}
	if off-length-1 == 0 || off-length-1 > maxLabel {
		return -1
	}
	wire[length] = byte(off - length - 1)
	return off
}
