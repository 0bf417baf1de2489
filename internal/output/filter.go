package output

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Filter makes a filter of rows from "COLUMN=WORD", where the words of the column are a closed set, or from a word
// of the column record, policy, verdict or pending, the first of these that has it. A list passes if it has the
// word.
func Filter(class string) (func(*Row) bool, error) {
	column, word, ok := strings.Cut(class, "=")
	if !ok {
		word = class
		if column = columnOf(word); column == "" {
			return nil, fmt.Errorf("%q is no class of record, policy, verdict or pending: say COLUMN=WORD", class)
		}
	}
	words := closedSet(column)
	switch {
	case words == nil:
		return nil, fmt.Errorf("%q is no column whose words are a closed set", column)
	case !slices.Contains(words, word):
		return nil, fmt.Errorf("%q is no word of the column %s: it has %s", word, column, strings.Join(words, " "))
	}
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		if name, _ := columnTag(row.Field(i)); name != column {
			continue
		}
		switch row.Field(i).Type {
		case reflect.TypeFor[string]():
			return func(r *Row) bool { return reflect.ValueOf(r).Elem().Field(i).String() == word }, nil
		case reflect.TypeFor[[]string]():
			return func(r *Row) bool {
				return slices.Contains(reflect.ValueOf(r).Elem().Field(i).Interface().([]string), word)
			}, nil
		}
	}
	return nil, fmt.Errorf("rows cannot be chosen by the column %q", column)
}

// columnOf is the column of a word that stands alone.
func columnOf(word string) string {
	for _, column := range []string{"record", "policy", "verdict", "pending"} {
		if slices.Contains(closedSet(column), word) {
			return column
		}
	}
	return ""
}
