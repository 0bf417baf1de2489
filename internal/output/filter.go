package output

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// Filter makes a filter of rows from "COLUMN=WORD", where the words of the column are a closed set, or from a word
// of the column record, policy, verdict or pending, the first of these that has it. A list passes if it has the
// word.
func Filter(class string) (func(*Row) bool, error) {
	column, word, ok := strings.Cut(class, "=")
	if !ok {
		word = class
		if column = columnOf(word); column == "" {
			return nil, fmt.Errorf("%q is no class of record, policy, verdict or pending%s: say COLUMN=WORD",
				class, orMeant(word, aloneWords()))
		}
	}
	words := closedSet(column)
	switch {
	case words == nil:
		return nil, fmt.Errorf("%q is no column whose words are a closed set%s: see stsscan schema",
			column, orMeant(column, closedColumns()))
	case !slices.Contains(words, word):
		return nil, fmt.Errorf("%q is no word of the column %s%s: it has %s",
			word, column, orMeant(word, words), strings.Join(words, " "))
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

// aloneColumns are the columns whose words may stand alone, in the order in which they are tried.
func aloneColumns() []string { return []string{"record", "policy", "verdict", "pending"} }

// StandsAlone reports whether [Filter] takes a word of the column without its name.
func StandsAlone(column string) bool { return slices.Contains(aloneColumns(), column) }

// columnOf is the column of a word that stands alone.
func columnOf(word string) string {
	for _, column := range aloneColumns() {
		if slices.Contains(closedSet(column), word) {
			return column
		}
	}
	return ""
}

// aloneWords are the words that may stand alone.
func aloneWords() (words []string) {
	for _, column := range aloneColumns() {
		words = append(words, closedSet(column)...)
	}
	return words
}

// closedColumns are the columns whose words are a closed set.
func closedColumns() (names []string) {
	for _, c := range Columns() {
		if c.Values != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

// orMeant says which word of a set was probably meant; "" if none.
func orMeant(typed string, set []string) string {
	meant, ok := codes.Nearest(typed, set)
	if !ok {
		return ""
	}
	return " (did you mean " + meant + "?)"
}
