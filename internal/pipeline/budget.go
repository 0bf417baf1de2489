package pipeline

import "sync/atomic"

// What strangers send is bounded in octets, whatever waits for it.
const (
	// maxHeld is how many octets may wait before the admission of names stops and
	// nothing more is kept of answers. Honest domains need a hundredth of it.
	maxHeld = 64 << 20
	// jobOctets is what a job takes beside what strangers sent.
	jobOctets = 1 << 10
	// groupsOctets bounds the evidence in the row groups of all parts that are
	// open, which stay in memory until they are whole.
	groupsOctets = 64 << 20
)

// A budget counts the octets that wait: what is kept of answers until their
// surveys end, and rows until they are written.
type budget struct{ octets atomic.Int64 }

func (b *budget) take(octets int)     { b.octets.Add(int64(octets)) }
func (b *budget) giveBack(octets int) { b.octets.Add(-int64(octets)) }
func (b *budget) spent() bool         { return b.octets.Load() >= maxHeld }
