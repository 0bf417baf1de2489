package parquetcol

import (
	"fmt"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// A Schema is what row groups of one table have in common. It may be used from several goroutines.
type Schema struct {
	leaves    []leaf
	codec     *zstd.Codec // an encoder is large: files share a few
	scratches sync.Pool   // *scratch
}

// NewSchema takes the columns of the table, and the codec for all but the values of a [TextColumn].
func NewSchema(schema *parquet.Schema, codec *zstd.Codec) (*Schema, error) {
	s := &Schema{codec: codec}
	for _, path := range schema.Columns() {
		found, ok := schema.Lookup(path...)
		if !ok {
			return nil, fmt.Errorf("the schema has no column %q", path)
		}
		s.leaves = append(s.leaves, leaf{
			path:          path,
			kind:          format.Type(found.Node.Type().Kind()),
			maxRepetition: byte(found.MaxRepetitionLevel),
			maxDefinition: byte(found.MaxDefinitionLevel),
		})
	}
	return s, nil
}

// Has reports whether the columns of a row group are those of the schema.
func (s *Schema) Has(group format.RowGroup) bool {
	return slices.EqualFunc(s.leaves, group.Columns, func(leaf leaf, chunk format.ColumnChunk) bool {
		return leaf.kind == chunk.MetaData.Type && slices.Equal(leaf.path, chunk.MetaData.PathInSchema)
	})
}

// scratch takes a free scratch, or makes one. The caller puts it back to s.scratches.
func (s *Schema) scratch() *scratch {
	if free, ok := s.scratches.Get().(*scratch); ok {
		return free
	}
	return &scratch{codec: s.codec}
}
