package output

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/filesum"
)

// Keys of the metadata in the footer of a part.
const (
	keyChecksum  = filesum.Key              // of the file
	keySchema    = "stsscan.schema_version" // SchemaVersion
	keyInput     = "stsscan.input"          // Identity.Input
	keyConfig    = "stsscan.config"         // Identity.Config
	keyRun       = "stsscan.run"            // Identity.Run
	keyPart      = "stsscan.part"           // number of the part
	keyFirstRank = "stsscan.first_rank"     // first rank that belongs to the part
	keyLastRank  = "stsscan.last_rank"      // last rank that belongs to the part
	keyRows      = "stsscan.rows"           // number of rows
	keyRewrite   = "stsscan.rewrite"        // PartInfo.Rewrite; only where it is not 0
	keyPending   = "stsscan.pending"        // number of rows that are provisional
	keySince     = "stsscan.pending_since"  // PartInfo.PendingSince, as in RFC 3339; only where there is one
	keyLate      = "stsscan.excluded_late"  // PartInfo.ExcludedLate; only where there are some
	keyCounts    = "stsscan.counts"         // Counts of the rows, in JSON
)

var (
	// ErrDamaged says that a file with the name of a part is not a whole part.
	ErrDamaged = filesum.ErrDamaged
	// ErrForeign says that a whole part belongs to another run or schema.
	ErrForeign = errors.New("part file of another run")
)

// catchPanic runs f, which reads a file through the Parquet library, and returns a panic as an error: the library
// trusts what it reads, and files can be damaged.
func catchPanic(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it panicked: %v", p)
		}
	}()
	return f()
}

// shift moves the offsets of a row group.
func shift(group *format.RowGroup, by int64) {
	group.FileOffset += by
	for k := range group.Columns {
		meta := &group.Columns[k].MetaData
		for _, offset := range []*int64{&meta.DataPageOffset, &meta.DictionaryPageOffset, &meta.BloomFilterOffset} {
			if *offset > 0 {
				*offset += by
			}
		}
	}
}

// groupEnds is the offset at which each row group ends: where the next one begins, or the footer.
func groupEnds(f io.ReaderAt, file *parquet.File, size int64) ([]int64, error) {
	footer, err := filesum.FooterStart(f, size)
	if err != nil {
		return nil, err
	}
	groups := file.Metadata().RowGroups
	starts := make([]int64, 0, len(groups)+1)
	for _, group := range groups {
		starts = append(starts, group.FileOffset)
	}
	starts = append(starts, footer)
	slices.Sort(starts)
	ends := make([]int64, len(groups))
	for i, group := range groups {
		at, _ := slices.BinarySearch(starts, group.FileOffset)
		if group.FileOffset < int64(len(filesum.Magic)) || at+1 == len(starts) || starts[at+1] == group.FileOffset {
			return nil, fmt.Errorf("%w: row group %d cannot begin at %d", ErrDamaged, i, group.FileOffset)
		}
		ends[i] = starts[at+1]
	}
	return ends, nil
}

// hasAny reports whether a row of the group has a value of the column. An old file may lack the column.
func hasAny(group format.RowGroup, name string) bool {
	for _, column := range group.Columns {
		if meta := &column.MetaData; meta.PathInSchema[0] == name {
			return meta.Statistics.NullCount < meta.NumValues
		}
	}
	return false
}

// A fileWriter writes a part, and knows how far it is.
type fileWriter struct {
	to     *bufio.Writer
	offset int64 // octets that were written
}

func (w *fileWriter) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	w.offset += int64(n)
	return n, err
}

// An innerWriter takes the library's file into ours, without its beginning and, once closed, without its end.
type innerWriter struct {
	to     *fileWriter
	skip   int // octets of the beginning
	closed bool
}

func (w *innerWriter) Write(b []byte) (int, error) {
	n := min(w.skip, len(b))
	w.skip -= n
	if w.closed {
		return len(b), nil
	}
	written, err := w.to.Write(b[n:])
	return n + written, err
}
