package duplicates

// A hashTable is a set of hashes, each with one bit that says whether it came twice. That bit takes the place of
// the lowest one of the hash.
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
