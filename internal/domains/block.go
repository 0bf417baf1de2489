package domains

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// A block has some names of one list, in order of rank, column by column. Spool and chunks are made of blocks. A
// block is stored as a header of fixed size, and then its columns, not compressed: the names of long lists shrink
// to two thirds, which would cost more than everything else that is done to them. A column without information is
// empty.
type block struct {
	list         int
	first, last  int64  // ranks
	sizes        []byte // the length of each name
	text         []byte // the names
	gaps         []byte // uvarint: the distance of each rank but the first from the one before
	listRanks    []byte // varint: the distance of each list rank from the one before
	tags         []byte // of each name, for each tag: uvarint length, and the text
	listRank     int64  // of the last name
	hasListRanks bool   // a name has one
}

// Bounds of a block in octets. The names of a block become one string, which should not be larger than the size
// classes of Go's allocator.
const (
	fullBlock = 32<<10 - 256 // of names and tags: no further name is added
	maxBlock  = 1 << 20      // of what is stored: far more than a block needs
)

func (b *block) empty() bool { return len(b.sizes) == 0 }
func (b *block) full() bool  { return len(b.text)+len(b.tags) > fullBlock }

// reset makes b an empty block of a list.
func (b *block) reset(list int) {
	*b = block{list: list, sizes: b.sizes[:0], text: b.text[:0], gaps: b.gaps[:0], listRanks: b.listRanks[:0],
		tags: b.tags[:0]}
}

// add adds a name of at most 255 octets. Its tags may be appended to b.tags before or after.
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

// addTags adds the tags of one name: width of them, as valid UTF-8 without white space around it.
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

// A header is stored before the columns of a block.
type header struct {
	names, text, gaps, listRanks, tags int // lengths of the columns; names is also the number of names
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

// errBlock says that some octets are not a block.
var errBlock = errors.New("not a block of names")

// parse reads a header of headerSize octets, and refuses one that no block can have.
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
	// In this order, no difference overflows.
	if h.names < 1 || h.size() > maxBlock || h.first < 1 || h.last < h.first || h.last-h.first+1 < int64(h.names) {
		return errBlock
	}
	if h.contiguous() != (h.gaps == 0) {
		return errBlock
	}
	return nil
}
