package portfolio

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// A Query says which rows are listed, and what of them. The zero value lists all rows with the usual columns.
type Query struct {
	Verdicts []string // one of them; none: any
	Findings []string // one of them at least; none: any, or none
	Tags     []Tag    // of those with the same name one at least, of each name
	Columns  []string // see [Columns]; none: the usual ones
	By       string   // name of a tag: lines are grouped by its values, which takes memory for all; empty: they are not
	Limit    int64    // lines; 0: no limit
}

// A Tag is a name and a value, both without regard to case. The empty value is that of rows without the tag.
type Tag struct{ Name, Value string }

// of reports whether a row with these tags has this one.
func (t Tag) of(tags map[string]string) bool { return strings.EqualFold(t.Value, tags[t.Name]) }

// ParseTag reads "NAME=VALUE".
func ParseTag(text string) (Tag, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return Tag{}, fmt.Errorf("%q: say NAME=VALUE, as in team=retail", text)
	}
	return Tag{name, value}, nil
}

// ErrQuery says that a query has a word that is not known, and which was probably meant, or where those are that are.
var ErrQuery = errors.New("unknown word")

// check refuses words that no row can have.
func (q Query) check() error {
	if err := known("verdict", q.Verdicts, codes.Verdicts(), "they are "+joined(codes.Verdicts())); err != nil {
		return err
	}
	return known("finding", q.Findings, codes.Findings(), "stsscan schema lists them under findings")
}

func known[W ~string](what string, words []string, set []W, these string) error {
	for _, word := range words {
		if !slices.Contains(set, W(word)) {
			return unknown(what, word, set, these)
		}
	}
	return nil
}

// unknown says that a word is none of a set, in one line: the one that was probably meant, or else what these are.
func unknown[W ~string](what, word string, set []W, these string) error {
	if meant, ok := codes.Nearest(word, set); ok {
		these = fmt.Sprintf("did you mean %s?", meant)
	}
	return fmt.Errorf("%w: %q is no %s: %s", ErrQuery, word, what, these)
}

func joined[W ~string](set []W) string {
	words := make([]string, len(set))
	for i, word := range set {
		words[i] = string(word)
	}
	return strings.Join(words, ", ")
}

// String says what a row has to have, as in "verdict broken or unknown, tag team=it".
func (q Query) String() string {
	var texts []string
	if len(q.Verdicts) > 0 {
		texts = append(texts, "verdict "+strings.Join(q.Verdicts, " or "))
	}
	if len(q.Findings) > 0 {
		texts = append(texts, "finding "+strings.Join(q.Findings, " or "))
	}
	for i, tag := range q.Tags {
		word := "tag "
		if i > 0 && q.Tags[i-1].Name == tag.Name {
			word = "or "
		}
		texts = append(texts, word+tag.Name+"="+tag.Value)
	}
	if texts == nil {
		return "any"
	}
	return strings.ReplaceAll(strings.Join(texts, ", "), ", or ", " or ")
}

// passes are the verdicts that are listed one after the other, the worst first; one pass for all rows where none is
// asked for.
func (q Query) passes() [][]string {
	if len(q.Verdicts) == 0 {
		return [][]string{nil}
	}
	var passes [][]string
	for _, verdict := range codes.VerdictsWorstFirst() {
		if slices.Contains(q.Verdicts, string(verdict)) {
			passes = append(passes, []string{string(verdict)})
		}
	}
	return passes
}

// selection is what has to be read of the rows for a pass.
func (q Query) selection(columns []column, verdicts []string) output.Selection {
	s := output.Selection{Columns: []string{"tags"}}
	for _, c := range columns {
		s.Columns = append(s.Columns, c.needs...)
	}
	if q.By != "" {
		s.Columns = append(s.Columns, "verdict")
	}
	if verdicts != nil {
		s.Only = append(s.Only, output.Condition{Column: "verdict", Words: verdicts})
	}
	if len(q.Findings) > 0 {
		s.Only = append(s.Only, output.Condition{Column: "findings", Words: q.Findings})
	}
	return s
}

// takes reports whether a row with these tags is listed, as far as they decide.
func (q Query) takes(tags map[string]string) bool {
	for _, tag := range q.Tags {
		if !slices.ContainsFunc(q.Tags, func(t Tag) bool { return t.Name == tag.Name && t.of(tags) }) {
			return false
		}
	}
	return true
}
