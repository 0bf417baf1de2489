package duplicates

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math"
)

// Candidates are the names that may be there more than once, by their hashes alone.
//
// A hash has partitionBits for its partition and 31 more: of 10^8 names without duplicates, some 2000 pairs are
// candidates for nothing.
type candidates struct {
	partitions partitions
	seed       maphash.Seed
	budget     int64 // octets
}

// recordSize is that of a record: 4 octets of the hash, and 4 of the rank less that of the record before.
const recordSize = 8

// add takes in a name.
func (c *candidates) add(rank int64, name []byte) error {
	hash := maphash.Bytes(c.seed, name)
	p := &c.partitions.list[hash>>(64-partitionBits)]
	for rank-p.last > math.MaxUint32 { // a record of no name bridges the gap
		p.last += math.MaxUint32
		p.buf = binary.LittleEndian.AppendUint64(p.buf, math.MaxUint32<<32)
	}
	p.buf = binary.LittleEndian.AppendUint64(p.buf, uint64(rank-p.last)<<32|hash&math.MaxUint32)
	p.last = rank
	return c.partitions.spill(p)
}

// mark sets the bit of each rank whose name may be that of another rank, and counts them. It leaves the partitions
// empty.
func (c *candidates) mark(ctx context.Context, marks Bitmap) (n int64, err error) {
	for i := range c.partitions.list {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		p := &c.partitions.list[i]
		// Where a table for all of a partition is too much for the budget, the partition is read several times,
		// for a share of the hashes each.
		records := p.size() / recordSize
		room := max(c.budget/2, 1<<10)
		shares := uint64(1 + records*maxHashOctets/room)
		for share := range shares {
			found, err := c.markShare(p, share, shares, newHashTable(records/int64(shares)), marks)
			if err != nil {
				return 0, err
			}
			n += found
		}
		*p = partition{}
	}
	return n, c.partitions.close()
}

// markShare does what mark does for the hashes of one share, with an empty table.
func (c *candidates) markShare(
	p *partition, share, shares uint64, table *hashTable, marks Bitmap,
) (n int64, err error) {
	twice := false
	rank := int64(0)
	each := func(do func(hash uint32)) error {
		rank = 0
		return c.partitions.read(p, func(records []byte) error {
			for ; len(records) >= recordSize; records = records[recordSize:] {
				r := binary.LittleEndian.Uint64(records)
				if rank += int64(r >> 32); !marks.Fits(rank) {
					return errDamaged
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
