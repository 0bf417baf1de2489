package duplicates

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
