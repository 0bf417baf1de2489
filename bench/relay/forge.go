package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Types and rcodes of RFC 1035 and RFC 3596.
const (
	typeA    = 1
	typeMX   = 15
	typeTXT  = 16
	typeAAAA = 28
	nxdomain = 3
	refused  = 5
)

// forged is in every forged name and text, and forgedAddr is the forged address. A table that holds one of them comes
// from a client that believed a forged reply.
const forged = "forged"

var forgedAddr = [4]byte{22, 66, 66, 66}

// sendForged answers a question instead of the server. The forged reply differs from a true one in exactly one of the
// attributes that a client must check (RFC 5452, section 9.1).
func (r *relay) sendForged(query []byte, end int, to netip.AddrPort) {
	b := forgedReply(query, end, r.rng)
	from := r.conn
	switch r.rng.IntN(6) {
	case 0: // the id
		binary.BigEndian.PutUint16(b, binary.BigEndian.Uint16(b)^uint16(1+r.rng.IntN(1<<16-1)))
	case 1: // the server's port
		from = r.otherPort
	case 2: // the client's port
		for range 4 {
			if len(r.clients) > 0 {
				if other := r.clients[r.rng.IntN(len(r.clients))]; other != to {
					r.send(from, b, other)
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
	case 5: // the QR bit
		b[2] &^= 0x80
	}
	r.send(from, b, to)
}

// forgedReply is a false reply to a question: it has a record, an address or a host, or says that the name does not
// exist.
func forgedReply(query []byte, end int, rng *rand.Rand) []byte {
	b := bytes.Clone(query[:end])
	b[2], b[3] = 0x84, 0x80 // QR, AA, RA
	clear(b[6:headerSize])
	var data []byte
	switch qtype := binary.BigEndian.Uint16(b[end-4:]); {
	case rng.IntN(2) == 0:
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

// refusal is a reply with REFUSED.
func refusal(query []byte, end int) []byte {
	b := bytes.Clone(query[:end])
	b[2], b[3] = 0x80|b[2]&0x01, 0x80|refused
	clear(b[6:headerSize])
	return b
}

// corrupt cuts a reply short, or changes an octet that the client knows beforehand. A client could not notice a change
// elsewhere; the checksums of the network are for that.
func corrupt(b []byte, end int, rng *rand.Rand) []byte {
	octet := byte(1 + rng.IntN(255))
	end = min(end, len(b)) // a reply may lack the question
	switch rng.IntN(5) {
	case 0:
		b[rng.IntN(2)] ^= octet // id
	case 1:
		b[2] ^= 0x80 // QR
	case 2:
		b[4+rng.IntN(2)] ^= octet // QDCOUNT
	case 3:
		b[headerSize+rng.IntN(max(end-headerSize, 1))%len(b)] ^= octet
	case 4:
		return b[:rng.IntN(len(b))]
	}
	return b
}

// questionEnd is the end of the question of a query, or 0 if it does not have exactly one.
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
