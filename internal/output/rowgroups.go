package output

import (
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

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
	footer, err := footerStart(f, size)
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
		if group.FileOffset < int64(len(magic)) || at+1 == len(starts) || starts[at+1] == group.FileOffset {
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
