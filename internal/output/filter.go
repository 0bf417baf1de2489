package output

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// ConditionOf makes a condition of "COLUMN=WORD", where the words of the column are a closed set, or of a word of the
// column record, policy, verdict or pending, the first of these that has it.
func ConditionOf(class string) (Condition, error) {
	column, word, ok := strings.Cut(class, "=")
	if !ok {
		word = class
		if column = columnOf(word); column == "" {
			return Condition{}, fmt.Errorf("%q is no class of record, policy, verdict or pending%s: say COLUMN=WORD",
				class, orMeant(word, aloneWords()))
		}
	}
	words := closedSet(column)
	switch {
	case words == nil:
		return Condition{}, fmt.Errorf("%q is no column whose words are a closed set%s: see stsscan schema",
			column, orMeant(column, closedColumns()))
	case !slices.Contains(words, word):
		return Condition{}, fmt.Errorf("%q is no word of the column %s%s: it has %s",
			word, column, orMeant(word, words), strings.Join(words, " "))
	}
	only := Condition{Column: column, Words: []string{word}}
	return only, Selection{Only: []Condition{only}}.Check()
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
