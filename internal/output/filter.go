package output

import (
	"fmt"
	"slices"
	"strings"
)

// ConditionOf makes a condition of "COLUMN=WORD", where the words of the column are a closed set, or of a word of the
// column record, policy, verdict or pending, the first of these that has it.
func ConditionOf(class string) (Condition, error) {
	column, word, ok := strings.Cut(class, "=")
	if !ok {
		word = class
		if column = columnOf(word); column == "" {
			return Condition{}, fmt.Errorf("%q is no class of record, policy, verdict or pending: say COLUMN=WORD", class)
		}
	}
	words := closedSet(column)
	switch {
	case words == nil:
		return Condition{}, fmt.Errorf("%q is no column whose words are a closed set", column)
	case !slices.Contains(words, word):
		return Condition{}, fmt.Errorf("%q is no word of the column %s: it has %s", word, column, strings.Join(words, " "))
	}
	only := Condition{Column: column, Words: []string{word}}
	return only, Selection{Only: []Condition{only}}.Check()
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
