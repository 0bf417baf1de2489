package duplicates

import (
	"context"
	"encoding/binary"
	"hash/maphash"
)

// A comparison finds the duplicates among the candidates by the names themselves. A hash only says where a name is
// looked for.
type comparison struct {
	partitions partitions
	seed       maphash.Seed
	budget     int64 // octets
}

// add takes in a name. A record is a uvarint, the rank less that of the record before, and the name behind its
// length in one octet.
func (c *comparison) add(rank int64, name []byte) error {
	p := &c.partitions.list[maphash.Bytes(c.seed, name)%partitionCount]
	p.buf = binary.AppendUvarint(p.buf, uint64(rank-p.last))
	p.buf = append(append(p.buf, byte(len(name))), name...)
	p.last = rank
	return c.partitions.spill(p)
}

// clear clears the bit of each rank whose name has no lower rank: of the candidates, the duplicates stay. It
// leaves the partitions empty.
func (c *comparison) clear(ctx context.Context, marks Bitmap) error {
	for i := range c.partitions.list {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := &c.partitions.list[i]
		// A set takes up to four times the octets of its names. Where that is too much, the partition is read
		// several times, for a share of them each.
		room := min(max(c.budget/2, 64), 1<<30)
		shares := 1 + uint64(4*p.size()/room)
		for share := range shares {
			if err := c.clearShare(p, share, shares, marks); err != nil {
				return err
			}
		}
		*p = partition{}
	}
	return c.partitions.close()
}

func (c *comparison) clearShare(p *partition, share, shares uint64, marks Bitmap) error {
	seen := newNameSet()
	rank := int64(0)
	return c.partitions.read(p, func(records []byte) error {
		for len(records) > 0 {
			gap, n := binary.Uvarint(records)
			if n <= 0 || n == len(records) {
				return errDamaged
			}
			begin, end := n+1, n+1+int(records[n])
			if end > len(records) {
				return errDamaged
			}
			name := records[begin:end]
			rank, records = rank+int64(gap), records[end:]
			if !marks.Fits(rank) {
				return errDamaged
			}
			hash := maphash.Bytes(c.seed, name)
			if hash/partitionCount%shares == share && seen.add(hash, name) {
				marks.clear(rank)
			}
		}
		return nil
	})
}
