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

const (
	// rowsPerGroup bounds what a part holds in memory: 22 octets a row, and garbage. DuckDB, which reads each row
	// group with one thread, makes its own 2.7 times as large.
	rowsPerGroup = 46_080
	// rowsPerPage is how many denials make a page of each column. It divides rowsPerGroup.
	rowsPerPage = 15_360
	// bloomBits is the size of the Bloom filter of the column domain, per row. Of names that are not in a row group
	// one in a hundred passes it. A row takes a tenth more for it; a question about one domain of a list in no order
	// takes half the time, since other row groups are left out. Where the list is sorted, the bounds do as much.
	bloomBits = 10
	// The library reserves the memory of a page for every column when it gets the first row. Many small
	// parts are written at a time, and need far smaller pages than large ones.
	minPage, maxPage = 4 << 10, 64 << 10 // octets
	pagePerRow       = 32                // octets: a name, or a hash in hexadecimal
	// octetsPerGroup ends a row group early where the evidence is large: a hoster may serve 64 KiB under every name.
	octetsPerGroup = 32 << 20
	// rowsPerWrite is how many rows the library takes at a time.
	rowsPerWrite = 64
	// compression of all but the names of denials, which are two thirds of a file and which parquetcol compresses.
	compression = zstd.SpeedFastest
)
