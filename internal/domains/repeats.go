package domains

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
)

// partitions is the number of heaps that names are sorted into by hash.
const partitions = 256

// A repeatFinder finds the names that were there before. Names are sorted into
// partitions by hash, in memory, and on disk where memory does not do; once all
// are in, each partition by itself is small enough to be looked through
// exactly, by the names themselves. The hash decides nothing but where a name
// is looked for.
type repeatFinder struct {
	dir    string
	seed   maphash.Seed
	budget int64 // octets
	heaps  [partitions]heap
}

// A heap is one partition: records of (rank less the one before, length, name),
// the beginning of them on disk, the end in memory.
type heap struct {
	buf     []byte
	last    int64 // rank of the last record
	spilled int64 // octets on disk
}

func newRepeatFinder(dir string, budget int64) *repeatFinder {
	return &repeatFinder{dir: dir, seed: maphash.MakeSeed(), budget: budget}
}

// add takes in a name. Ranks rise.
func (f *repeatFinder) add(rank int64, name []byte) error {
	p := maphash.Bytes(f.seed, name) % partitions
	h := &f.heaps[p]
	h.buf = binary.AppendUvarint(h.buf, uint64(rank-h.last))
	h.buf = binary.AppendUvarint(h.buf, uint64(len(name)))
	h.buf = append(h.buf, name...)
	h.last = rank
	// Half the budget for the heaps, half for looking through one.
	if int64(len(h.buf)) < f.budget/2/partitions {
		return nil
	}
	return f.spill(int(p))
}

// spill moves a heap to the end of its file.
func (f *repeatFinder) spill(p int) error {
	h := &f.heaps[p]
	// Opened anew each time: 256 open files would be too many for some.
	file, err := os.OpenFile(f.path(p), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := file.Write(h.buf)
	h.spilled += int64(n)
	h.buf = h.buf[:0]
	return with(err, file.Close())
}

func (f *repeatFinder) path(p int) string {
	return filepath.Join(f.dir, fmt.Sprintf("%sheap-%03d", temporaryPrefix, p))
}

// mark sets the bit of each rank whose name has a lower rank too. It leaves
// the heaps empty.
func (f *repeatFinder) mark(ctx context.Context, repeated bitmap) error {
	for p := range f.heaps {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := &f.heaps[p]
		// A set takes up to four times the octets of its names. Where that is
		// too much, the heap is read several times, for a share of them each.
		room := min(max(f.budget/2, 64), 1<<30)
		shares := 1 + uint64(4*(h.spilled+int64(len(h.buf)))/room)
		for share := range shares {
			if err := f.markShare(p, share, shares, repeated); err != nil {
				return err
			}
		}
		h.buf = nil
	}
	return f.close()
}

func (f *repeatFinder) markShare(p int, share, shares uint64, repeated bitmap) error {
	h := &f.heaps[p]
	r := bufio.NewReaderSize(bytes.NewReader(h.buf), 4<<10)
	if h.spilled > 0 {
		file, err := os.Open(f.path(p))
		if err != nil {
			return err
		}
		defer file.Close()
		r = bufio.NewReaderSize(io.MultiReader(io.LimitReader(file, h.spilled), bytes.NewReader(h.buf)), 256<<10)
	}
	seen := newNameSet()
	rank := int64(0)
	for {
		delta, err := binary.ReadUvarint(r)
		if err == io.EOF {
			if rank != h.last {
				return fmt.Errorf("%s is cut off", f.path(p))
			}
			return nil
		}
		n, err2 := binary.ReadUvarint(r)
		name, err3 := r.Peek(int(n))
		if err := cmp.Or(err, err2, err3); err != nil {
			return fmt.Errorf("%s: %w", f.path(p), err)
		}
		rank += int64(delta)
		hash := maphash.Bytes(f.seed, name)
		if hash/partitions%shares == share && !seen.add(hash, name) {
			repeated.set(rank)
		}
		r.Discard(int(n))
	}
}

// close removes the files.
func (f *repeatFinder) close() error {
	var errs []error
	for p := range f.heaps {
		if f.heaps[p].spilled > 0 {
			f.heaps[p].spilled = 0
			errs = append(errs, os.Remove(f.path(p)))
		}
	}
	return errors.Join(errs...)
}

// A bitmap has a bit for each rank.
type bitmap []uint64

func newBitmap(ranks int64) bitmap   { return make(bitmap, ranks/64+1) }
func (b bitmap) set(rank int64)      { b[rank/64] |= 1 << (rank % 64) }
func (b bitmap) has(rank int64) bool { return b[rank/64]&(1<<(rank%64)) != 0 }
