package egress

import "errors"

// errHTTP2 says that a server answered a request of HTTP/1.1 with frames of HTTP/2.
var errHTTP2 = errors.New("frames of HTTP/2")

// frameHeader is how many octets the header of a frame has (RFC 9113, section 4.1).
const frameHeader = 9

// http2Frame reports whether a response begins as a connection of HTTP/2 does, with
// SETTINGS, or as one ends that did not begin so, with GOAWAY (sections 6.5 and 6.8).
// Both are of the stream 0.
func http2Frame(b []byte) bool {
	const settings, goAway = 4, 7
	if len(b) < frameHeader || b[5]&0x7f|b[6]|b[7]|b[8] != 0 {
		return false
	}
	length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	switch b[3] {
	case settings:
		return length%6 == 0
	case goAway:
		return length >= 8
	}
	return false
}
