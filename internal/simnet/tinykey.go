package simnet

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"math/big"
)

// A tinyKey is a key of RSA of 512 bits, which crypto/rsa refuses to make and to use. It signs SHA-256 by PKCS
// #1 v1.5 and nothing else.
type tinyKey struct {
	public  rsa.PublicKey
	private *big.Int
}

func newTinyKey() (crypto.Signer, error) {
	e := big.NewInt(65537)
	for {
		p, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			return nil, err
		}
		q, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			return nil, err
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil && p.Cmp(q) != 0 {
			return &tinyKey{rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, d}, nil
		}
	}
}

func (k *tinyKey) Public() crypto.PublicKey { return &k.public }

// Sign signs a digest of SHA-256 (RFC 8017, sections 8.2.1 and 9.2).
func (k *tinyKey) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("a key of 512 bits signs SHA-256 only")
	}
	info := append([]byte{0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20}, digest...)
	block := make([]byte, k.public.Size())
	block[1] = 1
	for i := 2; i < len(block)-len(info)-1; i++ {
		block[i] = 0xff
	}
	copy(block[len(block)-len(info):], info)
	signed := new(big.Int).Exp(new(big.Int).SetBytes(block), k.private, k.public.N)
	return signed.FillBytes(block), nil
}
