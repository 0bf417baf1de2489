package changes

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"stsscan/internal/output"
)

// operator is who serves a name of the domain by the end of its aliases: the column delegatedTo, or else, where the
// aliases leave the domain, the site of the last one. It is empty where they do not.
func operator(r *output.Row, delegatedTo string, aliases []string) string {
	if delegatedTo != "" || len(aliases) == 0 {
		return delegatedTo
	}
	last := aliases[len(aliases)-1]
	if strings.HasSuffix("."+last, "."+cmp.Or(r.RegisteredDomain(), r.Domain)) {
		return ""
	}
	return site(last)
}

// secondLevel matches names below a public suffix of two labels, such as co.uk and com.au.
var secondLevel = regexp.MustCompile(`(^|\.)(ac|co|com|edu|gob|gov|ne|net|or|org)\.[a-z][a-z]$`)

// site is the registered domain of a name by a rule of thumb, that of analysis/view.sql, which lacks the public
// suffix list: a change of operator must be the same there and here.
func site(name string) string {
	labels := strings.Split(name, ".")
	n := 2
	if secondLevel.MatchString(name) {
		n = 3
	}
	return strings.Join(labels[len(labels)-min(n, len(labels)):], ".")
}

// lacking are the words that others lack, sorted, each once.
func lacking(words, others []string) []string {
	return slices.DeleteFunc(distinct(words), func(word string) bool { return slices.Contains(others, word) })
}

// distinct are the words sorted, each once.
func distinct(words []string) []string {
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
