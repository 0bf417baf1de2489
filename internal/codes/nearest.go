package codes

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest is the word of a set that a mistyped word was probably meant to be: one with two typing errors at most, and
// no more than a third of its letters wrong, or else the only one that begins with it. ok is false if there is none.
func Nearest[Word ~string](typed string, set []Word) (nearest Word, ok bool) {
	typed = strings.ToLower(typed)
	best := 3
	var begun []Word
	for _, word := range set {
		n := edits(typed, strings.ToLower(string(word)))
		if n < best && 3*n <= len(word) {
			nearest, best = word, n
		}
		if typed != "" && strings.HasPrefix(string(word), typed) {
			begun = append(begun, word)
		}
	}
	if best == 3 && len(begun) == 1 {
		return begun[0], true
	}
	return nearest, best < 3
}

// Unknown says that a word is none of a set, and which one was probably meant.
func Unknown[Word ~string](typed string, set []Word) error {
	var words []string
	for _, word := range set {
		words = append(words, string(word))
	}
	last := len(words) - 1
	list := strings.Join(words[:last], ", ") + " or " + words[last]
	if meant, ok := Nearest(typed, set); ok {
		return fmt.Errorf("%q: must be %s: did you mean %s?", typed, list, meant)
	}
	return fmt.Errorf("%q: must be %s", typed, list)
}

// edits is how many letters must be put in, left out, replaced, or swapped with their neighbours to make b of a.
func edits(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)} // before last, last, this one
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			n := rows[1][j-1]
			if a[i-1] != b[j-1] {
				n++
			}
			n = min(n, rows[1][j]+1, rows[2][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, rows[0][j-2]+1)
			}
			rows[2][j] = n
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], slices.Clone(rows[0])
	}
	return rows[1][len(b)]
}
