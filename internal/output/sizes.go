package output

import "github.com/parquet-go/parquet-go/compress/zstd"

const (
	// rowsPerGroup bounds what a part holds in memory: 33 octets a row, and garbage. DuckDB, which reads each row
	// group with one thread, makes its own 2.7 times as large.
	rowsPerGroup = 46_080
	// rowsPerPage is how many denials make a page of each column. It divides rowsPerGroup.
	rowsPerPage = 15_360
	// bloomBits is the size of the Bloom filter of the column domain, per row. Of names that are not in a row group
	// one in a hundred passes it.
	bloomBits = 10
	// The library reserves the memory of a page for every column when it gets the first row. Small parts, of which
	// many are written at a time, need far smaller pages than large ones.
	minPage, maxPage = 4 << 10, 64 << 10 // octets
	pagePerRow       = 32                // octets: a name, or a hash in hexadecimal
	// octetsPerGroup ends a row group early where the evidence is large: a hoster may serve 64 KiB under every name.
	octetsPerGroup = 32 << 20
	// rowsPerWrite is how many rows the library takes at a time.
	rowsPerWrite = 64
	// compression of all but the names of denials, which are nine tenths of a file and which parquetcol compresses.
	compression = zstd.SpeedFastest
)
