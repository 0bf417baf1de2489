package parquetcol

import (
	"io"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// writeFilter writes the Bloom filter of a column to w, which is at offset in the file, and gives its octets. A NULL
// is not in it.
func writeFilter(w io.Writer, offset int64, c *TextColumn, meta *format.ColumnMetaData) (int, error) {
	filter := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(len(c.hashes)), c.FilterBits))
	filter.InsertBulk(c.hashes)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &format.BloomFilterHeader{
		NumBytes:    int32(len(filter.Bytes())),
		Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
		Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
	})
	if err != nil {
		return 0, err
	}
	size := len(header) + len(filter.Bytes())
	meta.BloomFilterOffset, meta.BloomFilterLength = offset, int32(size)
	if _, err := w.Write(header); err != nil {
		return 0, err
	}
	_, err = w.Write(filter.Bytes())
	return size, err
}
