package domains

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/maphash"
)

// A repeatFinder finds the names that were there before among suspected ones.
// Names are sorted into heaps by hash; once all are in, each heap by itself is
// small enough to be looked through exactly, by the names themselves. The hash
// decides nothing but where a name is looked for.
type repeatFinder struct {
	heaps
	seed   maphash.Seed
	budget int64 // octets
}

func newRepeatFinder(dir string, budget int64) *repeatFinder {
	return &repeatFinder{heaps: newHeaps(dir, "names", budget), seed: maphash.MakeSeed(), budget: budget}
}

// add takes in a name. Ranks rise.
func (f *repeatFinder) add(rank int64, name []byte) error {
	h := &f.heap[maphash.Bytes(f.seed, name)%heapCount]
	h.buf = binary.AppendUvarint(h.buf, uint64(rank-h.last))
	h.buf = append(append(h.buf, byte(len(name))), name...)
	h.last = rank
	return f.settle(h)
}

// clear clears the bit of each rank whose name has no lower rank: what stays
// of suspects are repeats. It leaves the heaps empty.
func (f *repeatFinder) clear(ctx context.Context, marks bitmap) error {
	for i := range f.heap {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := &f.heap[i]
		// A set takes up to four times the octets of its names. Where that is
		// too much, the heap is read several times, for a share of them each.
		room := min(max(f.budget/2, 64), 1<<30)
		shares := 1 + uint64(4*h.size()/room)
		for share := range shares {
			if err := f.clearShare(h, share, shares, marks); err != nil {
				return err
			}
		}
		*h = heap{}
	}
	return f.close()
}

func (f *repeatFinder) clearShare(h *heap, share, shares uint64, marks bitmap) error {
	seen := newNameSet()
	rank := int64(0)
	return f.read(h, func(records []byte) error {
		for len(records) > 0 {
			gap, n := binary.Uvarint(records)
			if n <= 0 || n == len(records) {
				return errHeap
			}
			begin, end := n+1, n+1+int(records[n])
			if end > len(records) {
				return errHeap
			}
			name := records[begin:end]
			rank, records = rank+int64(gap), records[end:]
			if !marks.fits(rank) {
				return errHeap
			}
			hash := maphash.Bytes(f.seed, name)
			if hash/heapCount%shares == share && seen.add(hash, name) {
				marks.clear(rank)
			}
		}
		return nil
	})
}

// errHeap says that a file of heaps is not what was written.
var errHeap = errors.New("damaged while it was in use")
