package output

import (
	"io"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/parquetcol"
)

// A layout is what all parts have in common, as the Parquet library derives it from [Row].
type layout struct {
	columns *parquetcol.Schema
	footer  format.FileMetaData // with neither rows nor metadata
	codec   zstd.Codec
	spare   sync.Pool // *denialRows without rows, which keep their memory
}

// newLayout asks the library for the schema by writing a file with no rows.
func newLayout() (*layout, error) {
	w := parquet.NewGenericWriter[Row](io.Discard, parquet.PageBufferSize(minPage))
	if err := w.Close(); err != nil {
		return nil, err
	}
	l := &layout{footer: *w.File().Metadata(), codec: zstd.Codec{Level: compression}}
	var err error
	l.columns, err = parquetcol.NewSchema(w.Schema(), &l.codec)
	return l, err
}
