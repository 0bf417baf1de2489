package domains

// A bitmap has a bit for each rank.
type bitmap []uint64

func newBitmap(ranks int64) bitmap   { return make(bitmap, ranks/64+1) }
func (b bitmap) set(rank int64)      { b[rank/64] |= 1 << (rank % 64) }
func (b bitmap) clear(rank int64)    { b[rank/64] &^= 1 << (rank % 64) }
func (b bitmap) has(rank int64) bool { return b[rank/64]&(1<<(rank%64)) != 0 }

// fits says whether there is a bit for a rank.
func (b bitmap) fits(rank int64) bool { return 0 <= rank && rank/64 < int64(len(b)) }

// hasAny says whether a bit from first to last is set.
func (b bitmap) hasAny(first, last int64) bool {
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
