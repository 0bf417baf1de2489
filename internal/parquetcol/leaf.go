package parquetcol

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

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
