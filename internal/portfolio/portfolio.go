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
	"path/filepath"
	"slices"

	"stsscan/internal/config"
	"stsscan/internal/output"
)

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

// List writes the rows of the run in the directory dir that q asks for: group after group, the worst verdict first if
// it names some, in the order of the parts, and in each by rank, or where the lines of one part take more than 128 MiB,
// by rank among those that fit. An error wraps [ErrQuery] where no row, no column or no tag of the run has such a word,
// and [ErrTooMany] where too many rows are to be grouped.
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
	tags, err := config.ParseList(manifests[0].Config["tags"])
	if err != nil {
		return result, fmt.Errorf("%s: tags: %w", filepath.Join(dir, manifests[0].Name()), err)
	}
	if q, err = q.ofRun(dir, tags); err != nil {
		return result, err
	}
	columns, err := columnsOf(q.Columns, tags, format.JSON)
	if err != nil {
		return result, err
	}
	if len(q.Columns) == 0 && format.isTable() {
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.name == q.By }) // the headings have it
	}
	owners, err := otherOwners(dir, manifests[0])
	if err != nil {
		return result, err
	}
	to := format.writer(w, columns)
	l := &lister{query: q, columns: columns, owners: owners, to: to, most: partOctets}
	if q.By != "" {
		l.groups = &groups{tag: q.By, most: mostGrouped, byValue: make(map[string]*group)}
	}
	err = l.run(paths)
	result.Lines, result.NoSuchTag = l.written, l.values.lack(q)
	return result, errors.Join(err, to.end())
}
