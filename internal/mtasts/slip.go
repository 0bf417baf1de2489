package mtasts

import "strings"

// mostEdits is how many letters a typing error may change (IMC 2025).
const mostEdits = 3

// slip reports whether one name is the other with a typing error: at most three edits, and no more than half of
// each label that differs. Names that differ in digits alone are names of different hosts.
func slip(a, b string) bool {
	if lettersOf(a) == lettersOf(b) {
		return false
	}
	n := edits(a, b)
	if n == 0 || n > mostEdits {
		return false
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	if len(as) != len(bs) {
		return true // a dot too many, or too few
	}
	for i := range as {
		if as[i] != bs[i] && 2*edits(as[i], bs[i]) > max(len(as[i]), len(bs[i])) {
			return false
		}
	}
	return true
}

// lettersOf is a name without its digits.
func lettersOf(s string) string {
	return strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' {
			return -1
		}
		return c
	}, s)
}

// edits is the Levenshtein distance of two names, in octets, or mostEdits+1 where it is more. Only cells that
// are no further from the diagonal are computed, as names may be long.
func edits(a, b string) int {
	const far, width = mostEdits + 1, 2*mostEdits + 1
	if len(a)-len(b) > mostEdits || len(b)-len(a) > mostEdits {
		return far
	}
	var row [width + 2]int // row[k] is for the first i octets of a and i+k-far of b
	for k := range row {
		row[k] = far
		if k >= far {
			row[k] = k - far
		}
	}
	for i := range len(a) {
		next := [width + 2]int{0: far, width + 1: far}
		for k := 1; k <= width; k++ {
			switch j := i + 1 + k - far; {
			case j < 0 || j > len(b):
				next[k] = far
			case j == 0:
				next[k] = i + 1
			case a[i] == b[j-1]:
				next[k] = row[k]
			default:
				next[k] = 1 + min(row[k], next[k-1], row[k+1])
			}
		}
		row = next
	}
	return min(row[len(b)-len(a)+far], far)
}
