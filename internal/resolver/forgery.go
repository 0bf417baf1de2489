package resolver

import (
	"hash/maphash"
	"time"

	"stsscan/internal/dnswire"
)

// Near-misses are packets that come to the right port, with the right question and the wrong id or the other way round.
// They are counted by question: one may be a late reply or a duplicate; a forger needs tens of thousands. The answer to
// a question with many of them is not believed: it is asked again over TCP.
//
// Questions are told apart by a hash with a secret seed, and the counts are forgotten each second, so that an honest
// upstream's duplicates never add up.
type nearMisses struct {
	counts []uint8 // by hash; nil until there is one
	seed   maphash.Seed
	since  time.Duration
	any    bool
}

const (
	nearMissTable = 1 << 16
	// mostNearMisses leaves a forger a chance of one in two thousand with each
	// question, once a second, if it knows the port.
	mostNearMisses = 32
)

// add counts a near-miss of a question.
func (m *nearMisses) add(question []byte, now time.Duration) {
	if m.counts == nil {
		m.counts, m.seed = make([]uint8, nearMissTable), maphash.MakeSeed()
	}
	if now-m.since > time.Second {
		clear(m.counts)
		m.since = now
	}
	m.any = true
	if c := &m.counts[m.slot(question)]; *c < mostNearMisses {
		*c++
	}
}

// tooMany reports whether a question has had too many near-misses.
func (m *nearMisses) tooMany(question []byte, now time.Duration) bool {
	if !m.any {
		return false
	}
	if now-m.since > time.Second {
		m.any = false
		return false
	}
	return m.counts[m.slot(question)] >= mostNearMisses
}

// slot is the place of a question, whatever the case of its letters.
func (m *nearMisses) slot(question []byte) uint64 {
	var folded [dnswire.MaxName + 4]byte
	n := copy(folded[:], question)
	dnswire.LowerCase(folded[:n])
	return maphash.Bytes(m.seed, folded[:n]) % nearMissTable
}
