package output

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"

	"github.com/klauspost/compress/huff0"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A chunk is one column of one row group on its way to the file: its pages, as
// they will stand there, and what the footer says of them.
type chunk struct {
	leaf
	encoding format.Encoding // of the last page
	used     []format.Encoding
	pages    []byte // data pages, each with its header
	words    []byte // dictionary page; nil: none
	values   int64  // NULLs too
	nulls    int64
	raw      int64 // size of the pages before compression
	min, max []byte
}

// A press holds what turning values into pages needs: all of it is scratch, and
// of no use to the columns but while they do. Many parts may be open, and one
// press does for all, as large as the values of a page several times.
type press struct {
	codec                  *zstd.Codec
	huffman                huff0.Scratch
	reps, defs             []byte   // levels of a page
	int32s                 []int32  // values of a page
	int64s                 []int64  //
	text                   []byte   //
	offsets                []uint32 // of the texts in text, and its end
	levels, values, packed []byte   // encoded
	order                  []int32  // of the rows of a page
	places                 []int32  // of ranks in order, by how far they are behind the first
}

// press takes a press that nobody uses, or makes one. It is to be put back.
func (l *layout) press() *press {
	if p, ok := l.presses.Get().(*press); ok {
		return p
	}
	return &press{codec: &l.codec}
}

// page appends a data page of values and of p.levels, which are encoded; reps
// is how many octets of the levels are those of repetition.
func (c *chunk) page(p *press, reps int, values []byte, squeeze squeezer, rows, count, nulls int) error {
	body := values
	p.packed = squeeze(p, p.packed[:0], values)
	packed := len(p.packed) > 0 && len(p.packed) < len(values)
	if packed {
		body = p.packed
	}
	sum := crc32.Update(crc32.ChecksumIEEE(p.levels), crc32.IEEETable, body)
	header := format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(len(p.levels) + len(values)),
		CompressedPageSize:   int32(len(p.levels) + len(body)),
		CRC:                  int32(sum),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues:                  int32(count),
			NumNulls:                   int32(nulls),
			NumRows:                    int32(rows),
			Encoding:                   c.encoding,
			RepetitionLevelsByteLength: int32(reps),
			DefinitionLevelsByteLength: int32(len(p.levels) - reps),
			IsCompressed:               thrift.New(packed),
		}),
	}
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &header)
	if err != nil {
		return err
	}
	c.pages = append(append(append(c.pages, text...), p.levels...), body...)
	if !slices.Contains(c.used, c.encoding) {
		c.used = append(c.used, c.encoding)
	}
	c.values += int64(count)
	c.nulls += int64(nulls)
	c.raw += int64(len(text) + len(p.levels) + len(values))
	return nil
}

// dictionary makes the dictionary page of n values. Readers take a dictionary
// to be compressed whenever the column is.
func (c *chunk) dictionary(p *press, values []byte, n int) error {
	body, err := p.codec.Encode(p.packed[:0], values)
	if err != nil {
		return err
	}
	p.packed = body
	text, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
		Type:                 format.DictionaryPage,
		UncompressedPageSize: int32(len(values)),
		CompressedPageSize:   int32(len(body)),
		CRC:                  int32(crc32.ChecksumIEEE(body)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(n), Encoding: format.Plain}),
	})
	if err != nil {
		return err
	}
	c.words = append(append(c.words[:0], text...), body...)
	c.raw += int64(len(text) + len(values))
	return nil
}

// writeTo writes the chunk and gives the footer's entry for it.
func (c *chunk) writeTo(w *sink) (format.ColumnChunk, error) {
	meta := format.ColumnMetaData{
		Type:                  c.kind,
		Encoding:              append(thrift.Slice[format.Encoding]{format.RLE}, c.used...),
		PathInSchema:          thrift.Slice[string](c.path),
		Codec:                 format.Zstd,
		NumValues:             c.values,
		TotalUncompressedSize: c.raw,
		TotalCompressedSize:   int64(len(c.words) + len(c.pages)),
		Statistics:            format.Statistics{NullCount: c.nulls, MinValue: c.min, MaxValue: c.max},
	}
	if c.words != nil {
		meta.Encoding = append(meta.Encoding, format.Plain)
		meta.DictionaryPageOffset = w.offset
		if _, err := w.Write(c.words); err != nil {
			return format.ColumnChunk{}, err
		}
	}
	meta.DataPageOffset = w.offset
	_, err := w.Write(c.pages)
	return format.ColumnChunk{MetaData: meta}, err
}

// reset forgets everything but the column, for the next row group.
func (c *chunk) reset() {
	*c = chunk{leaf: c.leaf, encoding: c.encoding, pages: c.pages[:0]}
}

// null makes c the column of n rows in which it is NULL: one page of a few
// octets. That is nine columns of ten in a survey, and writing them out level
// by level would cost more than all that there is to say.
func (c *chunk) null(p *press, n int) error {
	*c = chunk{leaf: c.leaf, encoding: format.Plain, pages: c.pages[:0]}
	p.levels = p.levels[:0]
	if c.maxRep > 0 {
		p.levels = appendRun(p.levels, n, 0)
	}
	reps := len(p.levels)
	p.levels = appendRun(p.levels, n, 0)
	return c.page(p, reps, nil, (*press).matches, n, n, n)
}

// level appends to p.levels the levels of a page, which go up to the given one.
func (p *press) level(levels []byte, most byte) error {
	encoding := rle.Encoding{BitWidth: bits.Len8(most)}
	encoded, err := encoding.EncodeLevels(p.packed[:0], levels)
	p.packed = encoded
	p.levels = append(p.levels, encoded...)
	return err
}

// A squeezer compresses src to dst; nothing where it is not worth trying.
type squeezer func(p *press, dst, src []byte) []byte

// matches is for values that repeat themselves; incompressible ones, such as
// packed noise, it gives up soon.
func (p *press) matches(dst, src []byte) []byte {
	if len(src) < 32 {
		return dst
	}
	packed, err := p.codec.Encode(dst, src)
	if err != nil {
		return dst
	}
	return packed
}

// literals is for names.
func (p *press) literals(dst, src []byte) []byte {
	return appendLiterals(dst, src, &p.huffman)
}

// again is for the values that were squeezed just before.
func (p *press) again(_, _ []byte) []byte { return p.packed }

// appendRun appends n equal levels in the encoding RLE of Parquet.
func appendRun(dst []byte, n int, level byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(n)<<1), level)
}
