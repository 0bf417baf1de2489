package domains

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// A block is some names of one list, in order of rank, column by column: what
// the spool and the chunks are made of. It is stored as a header of fixed size
// and then the octets of its columns, not compressed: the names of long lists
// shrink to two thirds, which would cost more than all else that is done to
// them. A column that says nothing is empty.
type block struct {
	list         int
	first, last  int64  // ranks
	sizes        []byte // the length of each name
	text         []byte // the names
	gaps         []byte // uvarint: each rank but the first, less the one before
	listRanks    []byte // varint: each rank of the list itself, less the one before
	tags         []byte // of each name, for each tag: uvarint length, and the text
	listRank     int64  // rank in the list of the last name
	hasListRanks bool   // there is a rank of the list itself
}

// Bounds of a block in octets. The names of a block become one string, which
// is not to be larger than what Go's allocator serves from a size class.
const (
	fullBlock = 32<<10 - 256 // of names and tags: no further name is put in
	maxBlock  = 1 << 20      // of what is stored: no block comes near
)

func (b *block) empty() bool { return len(b.sizes) == 0 }
func (b *block) full() bool  { return len(b.text)+len(b.tags) > fullBlock }

// reset makes it an empty block of a list.
func (b *block) reset(list int) {
	*b = block{list: list, sizes: b.sizes[:0], text: b.text[:0], gaps: b.gaps[:0], listRanks: b.listRanks[:0], tags: b.tags[:0]}
}

// add puts a name of at most 255 octets in. Its tags may be appended to b.tags
// before or after.
func (b *block) add(rank, place int64, name []byte) {
	if b.empty() {
		b.first = rank
	} else {
		b.gaps = binary.AppendUvarint(b.gaps, uint64(rank-b.last))
	}
	b.last = rank
	b.listRanks = binary.AppendVarint(b.listRanks, place-b.listRank)
	b.listRank, b.hasListRanks = place, b.hasListRanks || place != 0
	b.sizes = append(b.sizes, byte(len(name)))
	b.text = append(b.text, name...)
}

// addTags puts the tags of one name in: width of them, valid UTF-8 without
// white space around it.
func (b *block) addTags(tags [][]byte, width int) {
	for i := range width {
		var tag []byte
		if i < len(tags) {
			tag = bytes.ToValidUTF8(bytes.TrimSpace(tags[i]), []byte("\uFFFD"))
		}
		b.tags = append(binary.AppendUvarint(b.tags, uint64(len(tag))), tag...)
	}
}

// appendTo appends the block as it is stored.
func (b *block) appendTo(dst []byte) []byte {
	h := header{
		names: len(b.sizes), text: len(b.text), tags: len(b.tags),
		list: b.list, first: b.first, last: b.last,
	}
	if !h.contiguous() {
		h.gaps = len(b.gaps)
	}
	if b.hasListRanks {
		h.listRanks = len(b.listRanks)
	}
	dst = h.appendTo(dst)
	for _, column := range [][]byte{b.sizes, b.text, b.gaps[:h.gaps], b.listRanks[:h.listRanks], b.tags} {
		dst = append(dst, column...)
	}
	return dst
}

// A header is what is stored before the columns of a block.
type header struct {
	names, text, gaps, listRanks, tags int // lengths of the columns; the first also of the block
	list                               int
	first, last                        int64 // ranks
}

const headerSize = 6*4 + 2*8

// contiguous says that there is no gap between the ranks.
func (h *header) contiguous() bool { return h.last-h.first+1 == int64(h.names) }

// size is the length of the columns.
func (h *header) size() int { return h.names + h.text + h.gaps + h.listRanks + h.tags }

func (h *header) appendTo(dst []byte) []byte {
	for _, n := range [...]int{h.names, h.text, h.gaps, h.listRanks, h.tags, h.list} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.first))
	return binary.LittleEndian.AppendUint64(dst, uint64(h.last))
}

// errBlock says that some octets are no block.
var errBlock = errors.New("not a block of names")

// parse reads a header of headerSize octets, and refuses one that no block
// has.
func (h *header) parse(src []byte) error {
	for i, n := range [...]*int{&h.names, &h.text, &h.gaps, &h.listRanks, &h.tags, &h.list} {
		v := binary.LittleEndian.Uint32(src[4*i:])
		if v > maxBlock {
			return errBlock
		}
		*n = int(v)
	}
	h.first = int64(binary.LittleEndian.Uint64(src[24:]))
	h.last = int64(binary.LittleEndian.Uint64(src[32:]))
	// In this order no difference overflows.
	if h.names < 1 || h.size() > maxBlock || h.first < 1 || h.last < h.first || h.last-h.first+1 < int64(h.names) {
		return errBlock
	}
	if h.contiguous() != (h.gaps == 0) {
		return errBlock
	}
	return nil
}
