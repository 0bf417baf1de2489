// Package forgery makes it hard to answer a question in place of the resolver that was asked (RFC 5452): query ids
// and choices that cannot be guessed, and a count of the packets that try.
//
// It holds state, and no message: [IDs] know who has which id, [Random] gives the bits, and [NearMisses] know a
// question by its octets.
package forgery

import (
	crand "crypto/rand"
	"math/rand/v2"
)

// IDs are the query ids that are taken on the ports of a lane, and the holder of each: so a reply finds its question
// (RFC 5452, section 9.1). It is a hash table with open addressing. It holds no pointers, allocates nothing for a
// question, and is as large as what waits for replies, whatever the number of ports.
type IDs struct {
	entries []idEntry // a power of two of them, at most a quarter taken, so that searches are short
	taken   int
	shift   int // of a hash, which leaves an index
}

// An idEntry is free when it has no holder.
type idEntry struct {
	key    uint32 // port and id
	holder uint32 // 1 + its number
}

// Free is the holder of an id that is not taken.
const Free = ^uint32(0)

// MostIDs is how many ids may be taken on one port. Half of them stay free, so that a random one is found soon, and a
// forger gains little from the load.
const MostIDs = 1 << 15

// NewIDs has room for n ids before it grows.
func NewIDs(n int) IDs {
	t := IDs{shift: 32 - 4}
	for 1<<(32-t.shift) < 4*n {
		t.shift--
	}
	t.entries = make([]idEntry, 1<<(32-t.shift))
	return t
}

// Taken is how many ids are taken.
func (t *IDs) Taken() int { return t.taken }

func idKey(port, id uint16) uint32 { return uint32(port)<<16 | uint32(id) }

// home is the index at which the search for a key begins.
func (t *IDs) home(key uint32) uint32 { return key * 0x9e3779b1 >> t.shift }

// search is the index of a key, or of the free entry that ends the search.
func (t *IDs) search(key uint32) uint32 {
	mask := uint32(len(t.entries) - 1)
	i := t.home(key)
	for t.entries[i].holder != 0 && t.entries[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

// Holder is the holder of an id of a port; [Free]: none.
func (t *IDs) Holder(port, id uint16) uint32 {
	return t.entries[t.search(idKey(port, id))].holder - 1
}

// Take gives an id of a port to a holder, any number but Free. It reports false when the id is taken.
func (t *IDs) Take(port, id uint16, holder uint32) bool {
	key := idKey(port, id)
	i := t.search(key)
	if t.entries[i].holder != 0 {
		return false
	}
	if 4*t.taken >= len(t.entries) {
		t.grow()
		i = t.search(key)
	}
	t.entries[i] = idEntry{key: key, holder: holder + 1}
	t.taken++
	return true
}

// Release frees an id that is taken. Entries behind it without a gap move up, unless that is before their home: no
// search ends too early.
func (t *IDs) Release(port, id uint16) {
	mask := uint32(len(t.entries) - 1)
	gap := t.search(idKey(port, id))
	for i := (gap + 1) & mask; t.entries[i].holder != 0; i = (i + 1) & mask {
		if (i-t.home(t.entries[i].key))&mask >= (i-gap)&mask {
			t.entries[gap] = t.entries[i]
			gap = i
		}
	}
	t.entries[gap] = idEntry{}
	t.taken--
}

// grow doubles the room.
func (t *IDs) grow() {
	old := t.entries
	t.entries = make([]idEntry, 2*len(old))
	t.shift--
	for _, e := range old {
		if e.holder != 0 {
			t.entries[t.search(e.key)] = e
		}
	}
}

// A Random gives random bits that cannot be guessed (RFC 5452, section 9.2), a few at a time. It is not safe for
// concurrent use.
type Random struct {
	source *rand.ChaCha8
	bits   uint64
	left   int // bits that are not used up
}

// NewRandom takes its seed from the system.
func NewRandom() *Random {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // it never fails
	return &Random{source: rand.NewChaCha8(seed)}
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
