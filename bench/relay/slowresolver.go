package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Shares of the questions that take a slow resolver longer than one unit of time, and longer than three.
const (
	longShare     = 0.10
	veryLongShare = 0.01
)

// A slowResolver plays a resolver whose servers are slow. It works on a question from the first time it is asked, then
// answers all clients that have asked meanwhile, and has the answer in its cache from then on. Nine questions in ten
// take no time, one in ten takes longer than the unit, one in a hundred longer than three units, none four. How long a
// question takes depends on the seed and the question alone.
type slowResolver struct {
	unit  time.Duration // 0: nothing takes time
	seed  uint64
	asked map[string]time.Time // when each question that takes time was first asked
}

func newSlowResolver(unit time.Duration, seed uint64) *slowResolver {
	return &slowResolver{unit: unit, seed: seed, asked: make(map[string]time.Time)}
}

// duration is how long the answer to a question takes. The question is its name in lower case, type and class, as in a
// message.
func (s *slowResolver) duration(question []byte) time.Duration {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(bytes.Clone(question), s.seed))
	x := float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
	units := 0.0
	switch {
	case x < veryLongShare:
		units = 3 + x/veryLongShare
	case x < longShare:
		units = 1 + 2*(x-veryLongShare)/(longShare-veryLongShare)
	}
	return time.Duration(units * float64(s.unit))
}

// ready notes a query and says when its answer is ready: now, or later.
func (s *slowResolver) ready(query []byte, end int, now time.Time) time.Time {
	if s.unit == 0 {
		return now
	}
	question := bytes.ToLower(query[headerSize:end])
	takes := s.duration(question)
	if takes == 0 {
		return now
	}
	first, known := s.asked[string(question)]
	if !known {
		first = now
		s.asked[string(question)] = now
	}
	if ready := first.Add(takes); ready.After(now) {
		return ready
	}
	return now
}
