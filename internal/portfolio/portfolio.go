// Package portfolio answers a team's questions about a run: which of its domains have a verdict or a finding, why,
// whose they are, and what to do. It reads the rows by an [output.Selection], the owners from their tags and from the
// duplicates that have other ones, and the words from package explain, and writes a table, CSV or JSON lines.
//
// It judges nothing, and changes nothing in the run.
package portfolio

import (
	"errors"
	"fmt"
	"io"
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

// A Result is how a listing went.
type Result struct {
	Lines int64 // that were listed
	Parts int   // that were read or would have been, without the limit
	Of    int   // parts that the run has when it is whole

	Unfinished bool // rows are missing, or may change

	// NoSuchTag says which tags that were asked for no row has, of those that meet the rest of the query, and which
	// values there are; empty: each is there, or the limit was reached before that was known.
	NoSuchTag string
}

// List writes the rows of the run in the directory dir that q asks for, those of the worst verdict first if it names
// some, then in the order of the parts, and in each by rank: where the lines of one part take more than 128 MiB, by rank
// among those that fit. An error wraps [ErrQuery] where no
// row, no column or no tag of the run has such a word.
func List(w io.Writer, dir string, q Query, format Format) (Result, error) {
	if err := q.check(); err != nil {
		return Result{}, err
	}
	manifests, err := output.ReadManifests(dir)
	if err != nil {
		return Result{}, err
	}
	result := Result{Of: manifests[0].Plan.Parts}
	for i, m := range manifests {
		gap := m.Shard != nil && (m.Shard.Index != i || m.Shard.Of != len(manifests))
		result.Unfinished = result.Unfinished || gap || !m.Finished()
	}
	paths, err := output.PartPaths(dir)
	if err != nil {
		return result, err
	}
	result.Parts = len(paths)
	result.Unfinished = result.Unfinished || result.Parts < result.Of
	tags, err := tagNames(manifests)
	if err != nil {
		return result, err
	}
	if q.Tags, err = q.tagsOf(dir, tags); err != nil {
		return result, err
	}
	columns, err := columnsOf(q.Columns, tags, format.JSON)
	if err != nil {
		return result, err
	}
	owners, err := otherOwners(dir)
	if err != nil {
		return result, err
	}
	to := format.writer(w, columns)
	l := &lister{query: q, columns: columns, owners: owners, to: to, most: partOctets}
	err = l.run(paths)
	result.Lines, result.NoSuchTag = l.written, l.values.lack(q)
	return result, errors.Join(err, to.end())
}
