package resolver

import (
	"crypto/aes"
	"crypto/cipher"
	crand "crypto/rand"
	"encoding/binary"
)

// Cases sets the case of letters in questions: bits that a forger has to guess
// (draft-vixie-dnsext-dns0x20). They follow from the question and where its reply is
// expected, by a secret key, so that they need not be kept.
type cases struct {
	cipher  cipher.Block
	in, out [aes.BlockSize]byte
}

func newCases() (*cases, error) {
	var key [16]byte
	if _, err := crand.Read(key[:]); err != nil {
		return nil, err
	}
	c, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return &cases{cipher: c}, nil
}

// mix sets the case of each letter of a question's name, or all to lower case.
func (c *cases) mix(question []byte, tag int64, at portID, mix bool) {
	name := question[:len(question)-4]
	lower(name)
	if !mix {
		return
	}
	const bits = 8 * aes.BlockSize
	for k, letter := range name {
		if k%bits == 0 {
			binary.BigEndian.PutUint64(c.in[:], uint64(tag))
			binary.BigEndian.PutUint16(c.in[8:], at.port)
			binary.BigEndian.PutUint16(c.in[10:], at.id)
			binary.BigEndian.PutUint32(c.in[12:], uint32(k))
			c.cipher.Encrypt(c.out[:], c.in[:])
		}
		if 'a' <= letter && letter <= 'z' && c.out[k%bits/8]>>(k%8)&1 == 1 {
			name[k] = letter - 'a' + 'A'
		}
	}
}

// lower makes the letters of names on the wire lower case. The lengths of
// labels, below 64, are no letters.
func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
