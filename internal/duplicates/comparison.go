package duplicates

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
)

// A comparison finds the duplicates among the candidates by the names themselves. A hash only says where a name is
// looked for. The values of names with the same name are compared by their hashes alone, of 64 bits.
type comparison struct {
	partitions partitions
	seed       maphash.Seed
	budget     int64                         // octets
	other      func(rank, first int64) error // see Finder.Find; nil: there are no values
}

// hashSize is the length of the hash of a value in a record; a value of no octets has 0.
const hashSize = 8

// add takes in a name. A record is a uvarint, the rank less that of the record before, the name behind its length in
// one octet, and, if there are values, the hash of its value.
func (c *comparison) add(rank int64, name, value []byte) error {
	p := &c.partitions.list[maphash.Bytes(c.seed, name)%partitionCount]
	p.buf = binary.AppendUvarint(p.buf, uint64(rank-p.last))
	p.buf = append(append(p.buf, byte(len(name))), name...)
	if c.other != nil {
		hash := uint64(0)
		if len(value) > 0 {
			hash = max(maphash.Bytes(c.seed, value), 1)
		}
		p.buf = binary.LittleEndian.AppendUint64(p.buf, hash)
	}
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
	size := 0 // of the hash of a value
	if c.other != nil {
		size = hashSize
	}
	seen := newNameSet(2 * size)
	rank := int64(0)
	var note [2 * hashSize]byte // the hash of the value, and the rank
	return c.partitions.read(p, func(records []byte) error {
		for len(records) > 0 {
			gap, n := binary.Uvarint(records)
			if n <= 0 || n == len(records) {
				return errDamaged
			}
			begin, end := n+1, n+1+int(records[n])
			if end+size > len(records) {
				return errDamaged
			}
			name, value := records[begin:end], records[end:end+size]
			rank, records = rank+int64(gap), records[end+size:]
			if !marks.Fits(rank) {
				return errDamaged
			}
			hash := maphash.Bytes(c.seed, name)
			if hash/partitionCount%shares != share {
				continue
			}
			binary.LittleEndian.PutUint64(note[copy(note[:], value):], uint64(rank))
			has, isNew := seen.add(hash, name, note[:2*size])
			switch {
			case isNew:
				marks.clear(rank)
			case c.other == nil || isZero(value) || bytes.Equal(value, has[:size]):
			default:
				if err := c.other(rank, int64(binary.LittleEndian.Uint64(has[size:]))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func isZero(hash []byte) bool { return binary.LittleEndian.Uint64(hash) == 0 }
