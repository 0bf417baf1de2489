package resolver

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// rng are random bits that nobody can guess (RFC 5452, section 9.2), a few at
// a time.
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
func (d *rng) take(n int) uint32 {
	if d.left < n {
		d.bits, d.left = d.source.Uint64(), 64
	}
	v := uint32(d.bits & (1<<n - 1))
	d.bits >>= n
	d.left -= n
	return v
}

// below is a number from 0 to n-1, for small n.
func (d *rng) below(n int) int { return int(uint64(d.take(24)) * uint64(n) >> 24) }

func (d *rng) float() float64 { return float64(d.take(24)) / (1 << 24) }
