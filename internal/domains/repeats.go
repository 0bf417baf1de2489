package domains

import (
	"context"
	"encoding/binary"
	"fmt"
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

// newRepeatFinder uses half of the budget for the heaps, and half for looking
// through one of them.
func newRepeatFinder(dir string, budget int64) *repeatFinder {
	return &repeatFinder{heaps: heaps{dir: dir, kind: "names", limit: int(budget / 2 / heapCount)}, seed: maphash.MakeSeed(), budget: budget}
}

// add takes in a name. Ranks rise.
func (f *repeatFinder) add(rank int64, name []byte) error {
	i := int(maphash.Bytes(f.seed, name) % heapCount)
	h := &f.heap[i]
	h.buf = binary.AppendUvarint(h.buf, uint64(rank-h.last))
	h.buf = append(append(h.buf, byte(len(name))), name...)
	h.last = rank
	return f.settle(i)
}

// clear clears the bit of each rank whose name has no lower rank: what stays
// of suspects are repeats. It leaves the heaps empty.
func (f *repeatFinder) clear(ctx context.Context, marks bitmap) error {
	for i := range f.heap {
		if err := ctx.Err(); err != nil {
			return err
		}
		// A set takes up to four times the octets of its names. Where that is
		// too much, the heap is read several times, for a share of them each.
		room := min(max(f.budget/2, 64), 1<<30)
		shares := 1 + uint64(4*f.heap[i].size()/room)
		for share := range shares {
			if err := f.clearShare(i, share, shares, marks); err != nil {
				return err
			}
		}
		f.drop(i)
	}
	return f.close()
}

func (f *repeatFinder) clearShare(i int, share, shares uint64, marks bitmap) error {
	seen := newNameSet()
	rank := int64(0)
	err := f.read(i, func(piece []byte) (used int, err error) {
		for used < len(piece) {
			gap, n := binary.Uvarint(piece[used:])
			if n == 0 || used+n == len(piece) {
				break // goes on in the next piece
			}
			begin := used + n + 1
			end := begin + int(piece[begin-1])
			if n < 0 || end > len(piece) {
				break
			}
			name := piece[begin:end]
			rank, used = rank+int64(gap), end
			hash := maphash.Bytes(f.seed, name)
			if hash/heapCount%shares == share && seen.add(hash, name) {
				marks.clear(rank)
			}
		}
		return used, nil
	})
	if err == nil && rank != f.heap[i].last {
		err = fmt.Errorf("%s does not end with rank %d", f.path(i), f.heap[i].last)
	}
	return err
}
