package dnswire

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// A CaseMixer sets the case of letters in questions: bits that a forger has to guess (draft-vixie-dnsext-dns0x20). They
// follow from the question and where its reply is expected, by a secret key, so that they need not be kept.
type CaseMixer struct {
	block   cipher.Block
	in, out [aes.BlockSize]byte
}

// NewCaseMixer returns a CaseMixer of a key that is kept secret.
func NewCaseMixer(key [16]byte) *CaseMixer {
	block, _ := aes.NewCipher(key[:]) // every key of 16 octets is one
	return &CaseMixer{block: block}
}

// Mix sets the case of each letter in the name of a question section. tag tells the questions apart.
func (c *CaseMixer) Mix(question []byte, tag int64, port, id uint16) {
	LowerCase(question)
	const bits = 8 * aes.BlockSize
	name := question[:len(question)-4]
	for k, letter := range name {
		if k%bits == 0 {
			binary.BigEndian.PutUint64(c.in[:], uint64(tag))
			binary.BigEndian.PutUint16(c.in[8:], port)
			binary.BigEndian.PutUint16(c.in[10:], id)
			binary.BigEndian.PutUint32(c.in[12:], uint32(k))
			c.block.Encrypt(c.out[:], c.in[:])
		}
		if 'a' <= letter && letter <= 'z' && c.out[k%bits/8]>>(k%8)&1 == 1 {
			name[k] = letter - 'a' + 'A'
		}
	}
}

// LowerCase makes the letters in the name of a question section lower case. The lengths of labels, below 64, are no
// letters; octets of the type may be.
func LowerCase(question []byte) {
	name := question[:len(question)-4]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c + 'a' - 'A'
		}
	}
}
