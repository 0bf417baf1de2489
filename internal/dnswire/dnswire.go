// Package dnswire packs DNS questions and reads the replies that a stub resolver meets most, octet by octet (RFC 1035,
// section 4). It is for many questions a second: nothing is unpacked that is not needed.
//
// Octets go in and values come out: it opens no socket, reads no clock and draws no random numbers. It reads no answer
// section: a reply that is no plain denial needs a whole parser.
package dnswire

import "encoding/binary"

const (
	HeaderSize = 12
	OPTSize    = 11 // of an OPT record without options (RFC 6891, section 6.1.2)
	MaxName    = 255
	MaxLabel   = 63 // both on the wire (RFC 1035, section 2.3.4)
	MaxQuery   = HeaderSize + MaxName + 4 + OPTSize

	// UDPSize is what a reply may measure so that no path needs to fragment it (the DNS flag day of 2020).
	UDPSize = 1232
)

const (
	typeSOA  = 6
	typeOPT  = 41
	classIN  = 1
	noError  = 0
	nxDomain = 3
)

// IsReply reports whether packet is a reply with this id and question section (RFC 5452, section 9.1). Where it came
// from, and to which port, is left to its reader.
func IsReply(packet []byte, id uint16, question []byte) bool {
	const (
		response = 0x80 // QR
		opcode   = 0x78
	)
	return len(packet) >= HeaderSize+len(question) &&
		binary.BigEndian.Uint16(packet) == id &&
		packet[2]&(response|opcode) == response &&
		binary.BigEndian.Uint16(packet[4:]) == 1 &&
		string(packet[HeaderSize:HeaderSize+len(question)]) == string(question)
}

// IsTruncated reports the TC bit of a packet that has a header.
func IsTruncated(packet []byte) bool { return packet[2]&0x02 != 0 }

// QuestionEnd is where the one question of a packet ends; -1: there are others, or its name is compressed or broken.
func QuestionEnd(packet []byte) int {
	if len(packet) < HeaderSize || binary.BigEndian.Uint16(packet[4:]) != 1 {
		return -1
	}
	off := HeaderSize
	for off < len(packet) && packet[off] != 0 {
		size := int(packet[off])
		if off += 1 + size; size > MaxLabel || off >= HeaderSize+MaxName {
			return -1
		}
	}
	if off += 1 + 4; off > len(packet) {
		return -1
	}
	return off
}
