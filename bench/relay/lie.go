package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Numbers of RFC 1035 that lies are made of.
const (
	typeA    = 1
	typeMX   = 15
	typeTXT  = 16
	typeAAAA = 28
	nxdomain = 3
	refused  = 5
)

// forged is in every name and text that a lie tells, and forgedAddr the address:
// whoever finds one of them in a table has been lied to.
const forged = "forged"

var forgedAddr = [4]byte{22, 66, 66, 66}

// lie answers a question in the place of the server, as somebody does who knows
// all but one of the things by which a reply is known (RFC 5452, section 9.1).
func (r *relay) lie(query []byte, end int, to netip.AddrPort) {
	b := falsehood(query, end, r.dice)
	over := r.conn
	switch r.dice.IntN(6) {
	case 0: // the id
		binary.BigEndian.PutUint16(b, binary.BigEndian.Uint16(b)^uint16(1+r.dice.IntN(1<<16-1)))
	case 1: // the server's port
		over = r.stranger
	case 2: // the resolver's port
		for range 4 {
			if port := r.ports; len(port) > 0 {
				if other := port[r.dice.IntN(len(port))]; other != to {
					r.send(over, b, other)
					return
				}
			}
		}
		return
	case 3: // the name
		if b[headerSize] == 0 {
			return
		}
		b[headerSize+1] ^= 1
	case 4: // the type
		b[end-3] ^= 1
	case 5: // that it is a response
		b[2] &^= 0x80
	}
	r.send(over, b, to)
}

// falsehood is a reply to a question that says what is not so: that there is a
// record, an address or a host, or that there is nothing at all.
func falsehood(query []byte, end int, dice *rand.Rand) []byte {
	b := bytes.Clone(query[:end])
	b[2], b[3] = 0x84, 0x80 // QR, AA, RA
	clear(b[6:headerSize])
	var data []byte
	switch qtype := binary.BigEndian.Uint16(b[end-4:]); {
	case dice.IntN(2) == 0:
	case qtype == typeTXT:
		const text = "v=STSv1; id=" + forged + ";"
		data = append([]byte{byte(len(text))}, text...)
	case qtype == typeA:
		data = forgedAddr[:]
	case qtype == typeAAAA:
		data = make([]byte, 16)
		copy(data, []byte{0x3f, 0xfe, 0x57, 0x53, 0x66})
	case qtype == typeMX:
		data = []byte("\x00\x00\x06" + forged + "\x07example\x00")
	}
	if data == nil {
		b[3] |= nxdomain
		return b
	}
	b[7] = 1 // one answer
	b = append(b, 0xc0, headerSize)
	b = append(b, b[end-4:end]...)
	b = append(b, 0, 0, 0x0e, 0x10, 0, byte(len(data))) // for an hour
	return append(b, data...)
}

// refusal is a reply that declines.
func refusal(query []byte, end int) []byte {
	b := bytes.Clone(query[:end])
	b[2], b[3] = 0x80|b[2]&0x01, 0x80|refused
	clear(b[6:headerSize])
	return b
}

// corrupted is a reply of which an octet was changed that a reply must repeat,
// or the end was lost. What a change elsewhere says, no client can tell from
// what was said; for that the network has checksums.
func corrupted(b []byte, end int, dice *rand.Rand) []byte {
	octet := byte(1 + dice.IntN(255))
	end = min(end, len(b)) // a reply may leave out the question
	switch dice.IntN(5) {
	case 0:
		b[dice.IntN(2)] ^= octet // id
	case 1:
		b[2] ^= 0x80 // QR
	case 2:
		b[4+dice.IntN(2)] ^= octet // QDCOUNT
	case 3:
		b[headerSize+dice.IntN(max(end-headerSize, 1))%len(b)] ^= octet
	case 4:
		return b[:dice.IntN(len(b))]
	}
	return b
}

// questionEnd is the end of the one question of a query, or 0.
func questionEnd(b []byte) int {
	if len(b) < headerSize || b[2]&0x80 != 0 || binary.BigEndian.Uint16(b[4:]) != 1 {
		return 0
	}
	off := headerSize
	for off < len(b) && b[off] != 0 {
		if b[off] > 63 {
			return 0
		}
		off += 1 + int(b[off])
	}
	if off += 5; off > len(b) {
		return 0
	}
	return off
}

func (r *relay) closed(err error) bool { return errors.Is(err, net.ErrClosed) }
