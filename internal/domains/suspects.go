package domains

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
)

// Suspects finds the names that may be there more than once, by their hashes
// alone: eight octets are moved instead of a name. In most lists they are few,
// and only they are looked at by a [repeatFinder], which decides.
//
// A hash has heapBits for its heap and 31 more: of 10^8 names without repeats,
// some 2000 pairs are suspected for nothing.
type suspects struct {
	heaps
	seed   maphash.Seed
	budget int64 // octets
}

// A record of a heap: 4 octets of the hash, and 4 of the rank less that of the
// record before.
const suspectSize = 8

func newSuspects(dir string, budget int64) *suspects {
	return &suspects{heaps: newHeaps(dir, "hashes", budget), seed: maphash.MakeSeed(), budget: budget}
}

// add takes in a name. Ranks rise.
func (s *suspects) add(rank int64, name []byte) error {
	hash := maphash.Bytes(s.seed, name)
	h := &s.heap[hash>>(64-heapBits)]
	for rank-h.last > math.MaxUint32 { // a record of no name bridges the gap
		h.last += math.MaxUint32
		h.buf = binary.LittleEndian.AppendUint64(h.buf, math.MaxUint32<<32)
	}
	h.buf = binary.LittleEndian.AppendUint64(h.buf, uint64(rank-h.last)<<32|hash&math.MaxUint32)
	h.last = rank
	return s.settle(h)
}

// mark sets the bit of each rank whose name may be that of another rank, and
// counts them. It leaves the heaps empty.
func (s *suspects) mark(ctx context.Context, marks bitmap) (n int64, err error) {
	for i := range s.heap {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		h := &s.heap[i]
		// Where a table for all of a heap is too much for the budget, the heap is
		// read several times, for a share of the hashes each.
		records := h.size() / suspectSize
		room := max(s.budget/2, 1<<10)
		shares := uint64(1 + records*maxHashOctets/room)
		for share := range shares {
			found, err := s.markShare(h, share, shares, newHashTable(records/int64(shares)), marks)
			if err != nil {
				return 0, err
			}
			n += found
		}
		*h = heap{}
	}
	return n, s.close()
}

// markShare does it for the hashes of one share, with an empty table.
func (s *suspects) markShare(h *heap, share, shares uint64, table *hashTable, marks bitmap) (n int64, err error) {
	twice := false
	rank := int64(0)
	each := func(do func(hash uint32)) error {
		rank = 0
		return s.read(h, func(records []byte) error {
			for ; len(records) >= suspectSize; records = records[suspectSize:] {
				r := binary.LittleEndian.Uint64(records)
				if rank += int64(r >> 32); !marks.fits(rank) {
					return errHeap
				}
				do(uint32(r))
			}
			return nil
		})
	}
	ours := func(hash uint32) bool { return uint64(hash)*shares>>32 == share }
	err = each(func(hash uint32) {
		if ours(hash) && table.add(hash) {
			twice = true
		}
	})
	if err != nil || !twice {
		return 0, err
	}
	err = each(func(hash uint32) {
		if ours(hash) && table.twice(hash) {
			marks.set(rank)
			n++
		}
	})
	return n, err
}

// A hashTable is a set of hashes, each with one bit for having come twice. The
// lowest bit of a hash has to go for that.
type hashTable struct {
	slots []uint32 // a power of two long; 0: free
	n     int
}

// maxHashOctets is the most that a hash takes up in a table of its own size.
const maxHashOctets = 4 * 4

// newHashTable has room for n hashes before it grows.
func newHashTable(n int64) *hashTable {
	size := int64(64)
	for size < 2*n {
		size *= 2
	}
	return &hashTable{slots: make([]uint32, size)}
}

// add puts a hash in, and says whether it was there.
func (t *hashTable) add(hash uint32) bool {
	if 4*t.n >= 3*len(t.slots) {
		t.grow()
	}
	slot := t.find(hash)
	if *slot != 0 {
		*slot |= 1
		return true
	}
	*slot = key(hash)
	t.n++
	return false
}

// twice says whether a hash of the table was put in twice.
func (t *hashTable) twice(hash uint32) bool { return *t.find(hash)&1 != 0 }

// key is never 0, and has the lowest bit free.
func key(hash uint32) uint32 { return max(hash&^1, 2) }

// find finds the slot of a hash, which is 0 where it is not in the table.
func (t *hashTable) find(hash uint32) *uint32 {
	k, mask := key(hash), uint32(len(t.slots)-1)
	// The high bits of a share are all alike, and the lowest one is gone.
	i := k >> 1 & mask
	for t.slots[i] != 0 && t.slots[i]&^1 != k {
		i = (i + 1) & mask
	}
	return &t.slots[i]
}

func (t *hashTable) grow() {
	old := t.slots
	t.slots = make([]uint32, 2*len(old))
	for _, slot := range old {
		if slot != 0 {
			*t.find(slot) = slot
		}
	}
}
