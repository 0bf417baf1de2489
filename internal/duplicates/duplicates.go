// Package duplicates finds the names of a long list that the list has already had: exactly, in a given amount of
// memory, and on disk beyond it.
//
// Names are sorted by hash into partitions, each of which is looked through by itself. This is done twice: first
// with the hashes alone, which are eight octets a name, then with those names whose hashes come more than once.
// In most lists these are few, and only they are compared.
//
// What is a name is up to the caller: names are compared octet by octet.
package duplicates

import (
	"context"
	"errors"
	"hash/maphash"
)

// A Finder finds duplicates. It is not for concurrent use.
type Finder struct {
	candidates candidates
	comparison comparison
}

// NewFinder makes a Finder that uses budget octets of memory, besides the Bitmap, and files whose paths begin with
// prefix.
func NewFinder(prefix string, budget int64) *Finder {
	seed := maphash.MakeSeed()
	return &Finder{
		candidates: candidates{partitions: newPartitions(prefix+"hashes", budget), seed: seed, budget: budget},
		comparison: comparison{partitions: newPartitions(prefix+"names", budget), seed: seed, budget: budget},
	}
}

// Add takes the next name, of at most 255 octets. Ranks are positive and rise; there may be gaps.
func (f *Finder) Add(rank int64, name []byte) error { return f.candidates.add(rank, name) }

// Find returns the ranks of the names that have a lower rank too; nil where there are none. The highest rank was
// last. Names gives add all names once more that have a rank among the candidates, in the order of their ranks;
// it is not called where there are no candidates. After Find the Finder is of no more use.
//
// Each name may have a value. Find calls other, unless it is nil, for each duplicate with a value that is not that of
// the same name with the lowest rank, first, and not empty. These calls come in no particular order.
func (f *Finder) Find(
	ctx context.Context, last int64,
	names func(candidates Bitmap, add func(rank int64, name, value []byte) error) error,
	other func(rank, first int64) error,
) (Bitmap, error) {
	marks := newBitmap(last)
	n, err := f.candidates.mark(ctx, marks)
	if err != nil || n == 0 {
		return nil, err
	}
	f.comparison.other = other
	if err := names(marks, f.comparison.add); err != nil {
		return nil, err
	}
	return marks, f.comparison.clear(ctx, marks)
}

// Close removes the files. It does nothing the second time.
func (f *Finder) Close() error {
	return errors.Join(f.candidates.partitions.close(), f.comparison.partitions.close())
}

// A Bitmap is a set of ranks, with a bit for each rank up to the last.
type Bitmap []uint64

func newBitmap(last int64) Bitmap { return make(Bitmap, last/64+1) }
func (b Bitmap) set(rank int64)   { b[rank/64] |= 1 << (rank % 64) }
func (b Bitmap) clear(rank int64) { b[rank/64] &^= 1 << (rank % 64) }

// Has says whether a rank that fits is in the set.
func (b Bitmap) Has(rank int64) bool { return b[rank/64]&(1<<(rank%64)) != 0 }

// Fits says whether there is a bit for a rank.
func (b Bitmap) Fits(rank int64) bool { return 0 <= rank && rank/64 < int64(len(b)) }

// HasAny says whether a rank from first to last, which both fit, is in the set.
func (b Bitmap) HasAny(first, last int64) bool {
	low, high := ^uint64(0)<<(first%64), ^uint64(0)>>(63-last%64)
	if first/64 == last/64 {
		return b[first/64]&low&high != 0
	}
	if b[first/64]&low != 0 || b[last/64]&high != 0 {
		return true
	}
	for _, word := range b[first/64+1 : last/64] {
		if word != 0 {
			return true
		}
	}
	return false
}
