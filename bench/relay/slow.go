package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Shares of the questions that a slow resolver takes longer for than one unit
// of time, and than three.
const (
	longShare     = 0.10
	veryLongShare = 0.01
)

// A pace plays a resolver whose servers are slow: it works on a question from
// the first time it was asked, answers all who have asked meanwhile when it is
// done, and knows the answer from then on. Nine questions in ten take no time,
// one in ten takes longer than the unit, one in a hundred longer than three
// units, none four. How long depends on the seed and the question alone.
type pace struct {
	unit  time.Duration // 0: nothing takes time
	seed  uint64
	asked map[string]time.Time // when a question that takes time was asked first
}

func newPace(unit time.Duration, seed uint64) *pace {
	return &pace{unit: unit, seed: seed, asked: make(map[string]time.Time)}
}

// takes says how long the answer to a question takes; question is its name in
// lower case, type and class, as in a message.
func (p *pace) takes(question []byte) time.Duration {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(bytes.Clone(question), p.seed))
	x := float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
	units := 0.0
	switch {
	case x < veryLongShare:
		units = 3 + x/veryLongShare
	case x < longShare:
		units = 1 + 2*(x-veryLongShare)/(longShare-veryLongShare)
	}
	return time.Duration(units * float64(p.unit))
}

// hear notes that the question of a query was asked, and says when its answer is
// ready: now, or later.
func (p *pace) hear(query []byte, end int, now time.Time) time.Time {
	if p.unit == 0 {
		return now
	}
	question := bytes.ToLower(query[headerSize:end])
	takes := p.takes(question)
	if takes == 0 {
		return now
	}
	first, known := p.asked[string(question)]
	if !known {
		first = now
		p.asked[string(question)] = now
	}
	if ready := first.Add(takes); ready.After(now) {
		return ready
	}
	return now
}
