package forgery

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// A Random gives random bits that cannot be guessed (RFC 5452, section 9.2), a few at a time. It is not safe for
// concurrent use.
type Random struct {
	source *rand.ChaCha8
	bits   uint64
	left   int // bits that are not used up
}

// NewRandom takes its seed from the system.
func NewRandom() (*Random, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, err
	}
	return &Random{source: rand.NewChaCha8(seed)}, nil
}

// Bits are n random bits, at most 32.
func (r *Random) Bits(n int) uint32 {
	if r.left < n {
		r.bits, r.left = r.source.Uint64(), 64
	}
	v := uint32(r.bits & (1<<n - 1))
	r.bits >>= n
	r.left -= n
	return v
}

// Below is a number from 0 to n-1, for small n.
func (r *Random) Below(n int) int { return int(uint64(r.Bits(24)) * uint64(n) >> 24) }

// Float is a number from 0 to 1.
func (r *Random) Float() float64 { return float64(r.Bits(24)) / (1 << 24) }
