package resolver

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// An rng gives random bits that cannot be guessed (RFC 5452, section 9.2), a few at a time.
type rng struct {
	source *rand.ChaCha8
	bits   uint64
	left   int // bits that are not used up
}

func newRNG() (*rng, error) {
	var seed [32]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return nil, err
	}
	return &rng{source: rand.NewChaCha8(seed)}, nil
}

// take is n random bits, at most 32.
func (r *rng) take(n int) uint32 {
	if r.left < n {
		r.bits, r.left = r.source.Uint64(), 64
	}
	v := uint32(r.bits & (1<<n - 1))
	r.bits >>= n
	r.left -= n
	return v
}

// below is a number from 0 to n-1, for small n.
func (r *rng) below(n int) int { return int(uint64(r.take(24)) * uint64(n) >> 24) }

// float is a number from 0 to 1.
func (r *rng) float() float64 { return float64(r.take(24)) / (1 << 24) }
