package dnswire

// skipName returns the offset behind the name at off, or -1. It is as strict as expand, but for the octets of labels,
// which may be any.
//
// A compression pointer leads to a name that was before (RFC 1035, section 4.1.4), so what it leads to must end before
// the name that it is in: limit.
func skipName(packet []byte, off int) (next int) {
	next = -1
	for floor, limit, size := off, len(packet), 0; ; {
		if off >= limit {
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
			if off+1 >= limit {
				return -1
			}
			if next < 0 {
				next = off + 2
			}
			to := (c&0x3f)<<8 | int(packet[off+1])
			if to >= floor {
				return -1
			}
			off, floor, limit = to, to, floor
		default:
			size += 1 + c
			if c > MaxLabel || off+1+c > limit || size > MaxName-1 {
				return -1
			}
			off += 1 + c
		}
	}
}

// expand appends the presentation of the name at off to dst and returns the offset behind it, or -1. Only names of
// letters, digits, hyphens and underscores, whose compression pointers point backwards, are expanded: the others take
// the long way.
func expand(dst, packet []byte, off int) (name []byte, next int) {
	next = -1
	for floor, limit := off, len(packet); ; {
		if off >= limit {
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
			if off+1 >= limit {
				return nil, -1
			}
			if next < 0 {
				next = off + 2
			}
			to := (c&0x3f)<<8 | int(packet[off+1])
			if to >= floor {
				return nil, -1
			}
			off, floor, limit = to, to, floor
		case c > MaxLabel || off+1+c > limit || len(dst)+1+c > MaxName-2:
			return nil, -1
		default:
			if len(dst) > 0 {
				dst = append(dst, '.')
			}
			for _, b := range packet[off+1 : off+1+c] {
				if !isPlainOctet(b) {
					return nil, -1
				}
				dst = append(dst, b)
			}
			off += 1 + c
		}
	}
}

func isPlainOctet(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}
