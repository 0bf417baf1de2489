package output

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// A leaf is a column as Parquet has it: the columns of [Row], of which a map is
// two.
type leaf struct {
	path   []string
	kind   format.Type
	maxRep byte // levels of repetition: 0, or 1 in a list
	maxDef byte // level at which a value is there; 0: it always is
}

// A layout is what all parts have in common, as the Parquet library derives it
// from [Row].
type layout struct {
	leaves  []leaf
	footer  format.FileMetaData // with neither rows nor metadata
	codec   zstd.Codec          // an encoder is large: it goes from part to part
	presses sync.Pool           // *press
	spare   sync.Pool           // *leanRows with no rows in them
}

// newLayout asks the library for the schema by writing a file with no rows.
func newLayout() (*layout, error) {
	w := parquet.NewGenericWriter[Row](io.Discard, parquet.PageBufferSize(minPage))
	if err := w.Close(); err != nil {
		return nil, err
	}
	l := &layout{footer: *w.File().Metadata()}
	l.codec.Level = compression
	schema := w.Schema()
	for _, path := range schema.Columns() {
		found, ok := schema.Lookup(path...)
		if !ok {
			return nil, fmt.Errorf("the schema has no column %q", path)
		}
		l.leaves = append(l.leaves, leaf{
			path:   path,
			kind:   format.Type(found.Node.Type().Kind()),
			maxRep: byte(found.MaxRepetitionLevel),
			maxDef: byte(found.MaxDefinitionLevel),
		})
	}
	return l, nil
}

// has reports whether a row group has the columns of now: a program before may have
// had fewer.
func (l *layout) has(group format.RowGroup) bool {
	return slices.EqualFunc(l.leaves, group.Columns, func(leaf leaf, chunk format.ColumnChunk) bool {
		return leaf.kind == chunk.MetaData.Type && slices.Equal(leaf.path, chunk.MetaData.PathInSchema)
	})
}
