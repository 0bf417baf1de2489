package parquetcol

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A RowGroup makes one row group at a time. The caller adds each row to the columns, ends a page now and then, and
// writes the row group.
type RowGroup struct {
	schema  *Schema
	columns []Column // by leaf; nil: NULL in every row
	sortBy  *IntColumn
	blank   chunk // serves each column that is NULL
	rows    int   // of the pages that have ended
}

// NewRowGroup makes a row group of the columns, by name in the schema, which must not be in another one. The other
// columns of the schema are NULL in every row. The rows of each page are sorted by sortBy; nil: they stay as they
// come. It is an error where the schema does not fit the columns.
func (s *Schema) NewRowGroup(columns map[string]Column, sortBy *IntColumn) (*RowGroup, error) {
	g := &RowGroup{schema: s, sortBy: sortBy, columns: make([]Column, len(s.leaves))}
	found := 0
	for i, leaf := range s.leaves {
		name := leaf.path[0]
		c, ok := columns[name]
		switch {
		case ok:
			if err := c.begin(leaf); err != nil {
				return nil, err
			}
			g.columns[i] = c
			found++
		case !leaf.optional():
			return nil, fmt.Errorf("column %s is never NULL", name)
		}
	}
	if found != len(columns) {
		return nil, fmt.Errorf("%d columns are given, and %d of the schema have their names", len(columns), found)
	}
	return g, nil
}

// EndPage ends the page of every column. All have taken the same number of rows since the last page, one at least.
func (g *RowGroup) EndPage(rows int) error {
	s := g.schema.scratch()
	defer g.schema.scratches.Put(s)
	order := g.order(s, rows)
	for _, c := range g.columns {
		if c != nil {
			if err := c.endPage(s, order); err != nil {
				return err
			}
		}
	}
	g.rows += rows
	return nil
}

// spread is the range of keys, in rows of the page, up to which sorting by distance is faster than comparing.
const spread = 16

// order is the order of the rows of a page. Rows come in the order of answers; in that of the list, ranks need next
// to no space, and names little where the list is sorted.
func (g *RowGroup) order(s *scratch, rows int) []int32 {
	s.order = s.order[:0]
	if g.sortBy != nil && sortByDistance(s, &g.sortBy.values) {
		return s.order
	}
	s.order = s.order[:0]
	for i := range int32(rows) {
		s.order = append(s.order, i)
	}
	if g.sortBy != nil {
		keys := &g.sortBy.values
		slices.SortStableFunc(s.order, func(a, b int32) int { return cmp.Compare(keys.at(a), keys.at(b)) })
	}
	return s.order
}

// sortByDistance gives each row a place of its own by the distance of its key from the least. It reports false where
// the keys are too far apart, or two are equal.
func sortByDistance(s *scratch, keys *pageValues[int64]) bool {
	first, last := keys.at(0), keys.at(0)
	for _, key := range keys.all {
		first, last = min(first, key), max(last, key)
	}
	if distance := uint64(last) - uint64(first); distance >= spread*uint64(keys.n) {
		return false
	}
	s.byDistance = slices.Grow(s.byDistance[:0], int(last-first+1))[:last-first+1]
	clear(s.byDistance)
	for i := range int32(keys.n) {
		s.byDistance[keys.at(i)-first] = i + 1
	}
	for _, row := range s.byDistance {
		if row > 0 {
			s.order = append(s.order, row-1)
		}
	}
	return len(s.order) == keys.n
}

// Write writes the row group to w, which is at offset in the file. It has one page at least, and the pages have
// ended. [RowGroup.Reset] must follow.
func (g *RowGroup) Write(w io.Writer, offset int64) (format.RowGroup, error) {
	s := g.schema.scratch()
	defer g.schema.scratches.Put(s)
	group := format.RowGroup{
		NumRows: int64(g.rows), FileOffset: offset, Columns: make([]format.ColumnChunk, 0, len(g.columns)),
	}
	for i, c := range g.columns {
		written, err := g.finish(s, i, c)
		if err != nil {
			return group, err
		}
		column, err := written.write(w, offset)
		if err != nil {
			return group, err
		}
		offset += column.MetaData.TotalCompressedSize
		group.TotalByteSize += column.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += column.MetaData.TotalCompressedSize
		group.Columns = append(group.Columns, column)
	}
	for i, c := range g.columns {
		text, ok := c.(*TextColumn)
		if !ok || len(text.hashes) == 0 {
			continue
		}
		n, err := writeFilter(w, offset, text, &group.Columns[i].MetaData)
		if err != nil {
			return group, err
		}
		offset += int64(n)
	}
	return group, nil
}

// finish gives the chunk of column i.
func (g *RowGroup) finish(s *scratch, i int, c Column) (*chunk, error) {
	if c != nil {
		if finished, err := c.finish(s); err != nil || !finished.isNull() {
			return finished, err
		}
	}
	g.blank.leaf = g.schema.leaves[i]
	return &g.blank, g.blank.setNull(s, g.rows)
}

// Reset begins another row group.
func (g *RowGroup) Reset() {
	for _, c := range g.columns {
		if c != nil {
			c.reset()
		}
	}
	g.rows = 0
}

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
