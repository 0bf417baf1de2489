package parquetcol

import (
	"hash/crc32"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A chunk is one column of a row group before it is written: its pages as the file will have them, and what the
// footer says of them.
type chunk struct {
	leaf       leaf
	encoding   format.Encoding // of the last page
	encodings  []format.Encoding
	pages      []byte // data pages, each with its header
	dictionary []byte // dictionary page with its header; nil: none
	values     int64  // with NULLs
	nulls      int64
	size       int64 // octets of the pages before compression
	min, max   []byte
}

// addFlatPage adds a page of a column that is no list. s.values are the values, encoded, and s.definition their
// levels, which are not read where nothing is NULL, or everything.
func (c *chunk) addFlatPage(s *scratch, compress compressor, rows, nulls int) (err error) {
	s.levels = s.levels[:0]
	switch {
	case !c.leaf.optional():
	case nulls == 0:
		s.levels = appendRun(s.levels, rows, c.leaf.maxDefinition)
	case nulls == rows:
		s.levels = appendRun(s.levels, rows, 0)
	default:
		err = s.appendLevels(s.definition, c.leaf.maxDefinition)
	}
	if err != nil {
		return err
	}
	return c.addPage(s, 0, s.values, compress, rows, rows, nulls)
}

// addPage adds a data page of the encoded values, and of s.levels, whose first octets are levels of repetition.
func (c *chunk) addPage(s *scratch, repetition int, values []byte, compress compressor, rows, count, nulls int) error {
	body := values
	s.compressed = compress(s, s.compressed[:0], values)
	compressed := len(s.compressed) > 0 && len(s.compressed) < len(values)
	if compressed {
		body = s.compressed
	}
	sum := crc32.Update(crc32.ChecksumIEEE(s.levels), crc32.IEEETable, body)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(len(s.levels) + len(values)),
		CompressedPageSize:   int32(len(s.levels) + len(body)),
		CRC:                  int32(sum),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues:                  int32(count),
			NumNulls:                   int32(nulls),
			NumRows:                    int32(rows),
			Encoding:                   c.encoding,
			RepetitionLevelsByteLength: int32(repetition),
			DefinitionLevelsByteLength: int32(len(s.levels) - repetition),
			IsCompressed:               thrift.New(compressed),
		}),
	})
	if err != nil {
		return err
	}
	c.pages = append(append(append(c.pages, header...), s.levels...), body...)
	if !slices.Contains(c.encodings, c.encoding) {
		c.encodings = append(c.encodings, c.encoding)
	}
	c.values += int64(count)
	c.nulls += int64(nulls)
	c.size += int64(len(header) + len(s.levels) + len(values))
	return nil
}

// setDictionary makes the dictionary page of n values. It is always compressed: readers go by the codec of the
// column.
func (c *chunk) setDictionary(s *scratch, values []byte, n int) error {
	body, err := s.codec.Encode(s.compressed[:0], values)
	if err != nil {
		return err
	}
	s.compressed = body
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
		Type:                 format.DictionaryPage,
		UncompressedPageSize: int32(len(values)),
		CompressedPageSize:   int32(len(body)),
		CRC:                  int32(crc32.ChecksumIEEE(body)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(n), Encoding: format.Plain}),
	})
	if err != nil {
		return err
	}
	c.dictionary = append(append(c.dictionary[:0], header...), body...)
	c.size += int64(len(header) + len(values))
	return nil
}

// setNull makes c a column of n rows that are all NULL: one page of a few octets. Nine columns of ten in a survey
// are such, and to write them level by level would cost more than all others.
func (c *chunk) setNull(s *scratch, n int) error {
	*c = chunk{leaf: c.leaf, encoding: format.Plain, pages: c.pages[:0]}
	s.levels = s.levels[:0]
	if c.leaf.maxRepetition > 0 {
		s.levels = appendRun(s.levels, n, 0)
	}
	repetition := len(s.levels)
	s.levels = appendRun(s.levels, n, 0)
	return c.addPage(s, repetition, nil, (*scratch).compress, n, n, n)
}

// isNull reports whether all rows are NULL. Of a list it does not know, since an empty one counts as NULL in a page.
func (c *chunk) isNull() bool {
	return c.leaf.optional() && c.leaf.maxRepetition == 0 && c.nulls == c.values
}

// write writes the chunk to w, which is at offset in the file, and gives the footer's entry for it.
func (c *chunk) write(w io.Writer, offset int64) (format.ColumnChunk, error) {
	meta := format.ColumnMetaData{
		Type:                  c.leaf.kind,
		Encoding:              append(thrift.Slice[format.Encoding]{format.RLE}, c.encodings...),
		PathInSchema:          thrift.Slice[string](c.leaf.path),
		Codec:                 format.Zstd,
		NumValues:             c.values,
		TotalUncompressedSize: c.size,
		TotalCompressedSize:   int64(len(c.dictionary) + len(c.pages)),
		Statistics:            format.Statistics{NullCount: c.nulls, MinValue: c.min, MaxValue: c.max},
	}
	if c.dictionary != nil {
		meta.Encoding = append(meta.Encoding, format.Plain)
		meta.DictionaryPageOffset = offset
		if _, err := w.Write(c.dictionary); err != nil {
			return format.ColumnChunk{}, err
		}
	}
	meta.DataPageOffset = offset + int64(len(c.dictionary))
	_, err := w.Write(c.pages)
	return format.ColumnChunk{MetaData: meta}, err
}

// reset forgets everything but the leaf, for the next row group.
func (c *chunk) reset() {
	*c = chunk{leaf: c.leaf, encoding: c.encoding, pages: c.pages[:0]}
}
