package parquetcol

// A Column is one of [TextColumn], [CopyColumn], [DictColumn], [IntColumn], [BoolColumn] and [IntListColumn]. It
// takes a value for each row; what it does with them it does a page at a time, in short loops. A value that is NULL
// becomes the zero value where the schema has the column required.
type Column interface {
	begin(leaf leaf) error                   // an error where values of the leaf are of another type
	endPage(s *scratch, order []int32) error // makes a page of the values so far, in this order
	finish(s *scratch) (*chunk, error)       // after the last page of a row group
	reset()                                  // for the next row group
}

// definition is the level of a value in a column that is no list.
func definition(present bool) byte {
	if present {
		return 1
	}
	return 0
}
