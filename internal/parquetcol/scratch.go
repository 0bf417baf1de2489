package parquetcol

import (
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/huff0"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/rle"
)

// A scratch is the memory in which a column turns its values into a page. It is several times as large as the page,
// and the columns need it only while they do that: one scratch serves the row groups of many files.
type scratch struct {
	codec      *zstd.Codec
	huffman    huff0.Scratch
	repetition []byte   // levels of a page
	definition []byte   //
	levels     []byte   // both, encoded
	int32s     []int32  // values of a page
	int64s     []int64  //
	text       []byte   // texts of a page, one behind the other
	offsets    []uint32 // of the texts in text, and its end
	values     []byte   // encoded
	compressed []byte   // values, or what is being encoded
	order      []int32  // of the rows of a page
	byDistance []int32  // rows of a page by the distance of their key from the least
}

// appendLevels appends the levels of a page, which go up to most, to s.levels.
func (s *scratch) appendLevels(levels []byte, most byte) error {
	encoding := rle.Encoding{BitWidth: bits.Len8(most)}
	encoded, err := encoding.EncodeLevels(s.compressed[:0], levels)
	s.compressed = encoded
	s.levels = append(s.levels, encoded...)
	return err
}

// appendRun appends n equal levels in Parquet's encoding RLE.
func appendRun(dst []byte, n int, level byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(n)<<1), level)
}

// A compressor compresses src to dst. It appends nothing where that is not worth trying.
type compressor func(s *scratch, dst, src []byte) []byte

// compress is for values that repeat themselves. It gives up soon on others, such as packed noise.
func (s *scratch) compress(dst, src []byte) []byte {
	if len(src) < 32 {
		return dst
	}
	compressed, err := s.codec.Encode(dst, src)
	if err != nil {
		return dst
	}
	return compressed
}

// compressNames is for texts that are nearly all different.
func (s *scratch) compressNames(dst, src []byte) []byte {
	return appendZstdFrame(dst, src, &s.huffman)
}
