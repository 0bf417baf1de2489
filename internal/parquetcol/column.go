package parquetcol

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// A Column is one of [TextColumn], [DictColumn], [IntColumn], [BoolColumn] and [IntListColumn]. It
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

// A leaf is a column of the schema that has values: a map of texts has two.
type leaf struct {
	path          []string
	kind          format.Type
	maxRepetition byte // level of repetition: 0, or 1 in a list
	maxDefinition byte // level of definition of a value; 0: it is never NULL
}

// check is an error where the leaf is not of one of the kinds, or has other levels.
func (l leaf) check(repetition, minDefinition, maxDefinition byte, kinds ...format.Type) error {
	if slices.Contains(kinds, l.kind) && l.maxRepetition == repetition &&
		minDefinition <= l.maxDefinition && l.maxDefinition <= maxDefinition {
		return nil
	}
	return fmt.Errorf("column %s has the type %s and levels up to %d and %d: it takes other values",
		strings.Join(l.path, "."), l.kind, l.maxRepetition, l.maxDefinition)
}

func (l leaf) optional() bool { return l.maxDefinition > 0 }
