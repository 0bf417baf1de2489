package resolver

import (
	"hash/maphash"
	"time"
)

// Suspects are questions that somebody may be trying to answer in place of the
// upstream: packets that come to the right port, with the right question and
// the wrong id or the other way round, are counted by question. One may be a
// late reply or a duplicate; a forger needs tens of thousands. The answer to a
// question with many of them is not believed: it is asked again over TCP.
//
// Questions are told apart by a hash with a secret seed, and the counts are
// forgotten each second, so that an honest upstream's duplicates never add up.
type suspects struct {
	counts []uint8 // by hash; nil until there is one
	seed   maphash.Seed
	since  time.Duration
	any    bool
}

const (
	suspectTable = 1 << 16
	// suspectMisses leaves a forger a chance of one in two thousand with each
	// question, once a second, if it knows the port.
	suspectMisses = 32
)

// miss counts a near-miss of a question.
func (s *suspects) miss(question []byte, now time.Duration) {
	if s.counts == nil {
		s.counts, s.seed = make([]uint8, suspectTable), maphash.MakeSeed()
	}
	if now-s.since > time.Second {
		clear(s.counts)
		s.since = now
	}
	s.any = true
	if c := &s.counts[s.slot(question)]; *c < suspectMisses {
		*c++
	}
}

// has reports whether a question has had too many near-misses.
func (s *suspects) has(question []byte, now time.Duration) bool {
	if !s.any {
		return false
	}
	if now-s.since > time.Second {
		s.any = false
		return false
	}
	return s.counts[s.slot(question)] >= suspectMisses
}

// slot is the place of a question, whatever the case of its letters.
func (s *suspects) slot(question []byte) uint64 {
	var folded [maxName + 4]byte
	n := copy(folded[:], question)
	lower(folded[:n])
	return maphash.Bytes(s.seed, folded[:n]) % suspectTable
}
