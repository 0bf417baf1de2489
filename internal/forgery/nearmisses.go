package forgery

import (
	"hash/maphash"
	"time"
)

// NearMisses count, by question, the packets that come to the right port with the right question and the wrong id, or
// the other way round. One may be a late reply or a duplicate; a forger needs tens of thousands. The answer to a
// question with many of them is not to be believed.
//
// Questions are told apart by a hash with a secret seed, and the counts are forgotten each second, so that an honest
// upstream's duplicates never add up.
type NearMisses struct {
	counts []uint8 // by hash; nil until there is one
	seed   maphash.Seed
	since  time.Duration
	any    bool
	fold   func(question []byte)
}

// NewNearMisses takes questions as the same that fold makes the same, in place: DNS ignores the case of letters.
func NewNearMisses(fold func(question []byte)) NearMisses { return NearMisses{fold: fold} }

// maxQuestion is the size of the largest question: a name, its type and its class.
const maxQuestion = 255 + 4

const (
	nearMissTable = 1 << 16
	// MostNearMisses leaves a forger a chance of one in two thousand with each question, once a second, if it knows
	// the port.
	MostNearMisses = 32
)

// Add counts a near-miss of a question.
func (m *NearMisses) Add(question []byte, now time.Duration) {
	if m.counts == nil {
		m.counts, m.seed = make([]uint8, nearMissTable), maphash.MakeSeed()
	}
	if now-m.since > time.Second {
		clear(m.counts)
		m.since = now
	}
	m.any = true
	if c := &m.counts[m.slot(question)]; *c < MostNearMisses {
		*c++
	}
}

// TooMany reports whether a question has had too many near-misses.
func (m *NearMisses) TooMany(question []byte, now time.Duration) bool {
	if !m.any {
		return false
	}
	if now-m.since > time.Second {
		m.any = false
		return false
	}
	return m.counts[m.slot(question)] >= MostNearMisses
}

// slot is the place of a question, whatever the case of its letters.
func (m *NearMisses) slot(question []byte) uint64 {
	var folded [maxQuestion]byte
	n := copy(folded[:], question)
	m.fold(folded[:n])
	return maphash.Bytes(m.seed, folded[:n]) % nearMissTable
}
