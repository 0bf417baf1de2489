package verify

import (
	"fmt"
	"hash/maphash"
	"path/filepath"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// A Truther knows what a perfect observer would have seen.
type Truther interface {
	Truth(domain string, rank int64) (t simnet.Truth, ok bool)
}

// Options say what else to check, and how. The zero Options check the files alone.
type Options struct {
	World    Truther // to compare rows with; nil: no comparison
	Examples int     // problems that the report describes; 0: 20
	Memory   int64   // octets for finding duplicate domains; 0: 256 MiB
}

// A check checks one run directory.
type check struct {
	options Options
	dir     string
	report  Report
	words   map[string]map[string]bool // closed sets, by column
	seed    maphash.Seed

	manifests []*output.Manifest  // of the run, or of its shards
	merged    *output.Manifest    // that was made from those of the shards; nil: none was
	plan      *domains.Plan       // nil: it is gone, or of another version
	nameless  int                 // parts whose prepared names are gone
	late      *domains.Exclusions // added after the names were prepared; nil: none
	listed    map[string]listing
	read      map[string]output.PartInfo // parts whose rows were read, by name
	stale     map[string]bool            // parts that are newer than the manifest that lists them
	crossed   map[*output.Manifest]*crossCheck
}

// A listing is a part as a manifest names it.
type listing struct {
	info     output.PartInfo
	manifest *output.Manifest
}

// A crossCheck is the cross-check of a manifest, and what the rows say about it. Where other resolvers agreed,
// nothing of their answers was kept, so these are taken as they stand.
type crossCheck struct {
	figures              *output.CrossCheck
	negatives, positives int64                         // rows to check
	listed               map[int64]output.Disagreement // those whose row was not read yet, by rank
}

func (c *check) path(name string) string { return filepath.Join(c.dir, name) }

// problem records that something is wrong.
func (c *check) problem(file, format string, args ...any) {
	c.report.Problems++
	if len(c.report.Examples) < c.options.Examples {
		c.report.Examples = append(c.report.Examples, Problem{File: file, What: fmt.Sprintf(format, args...)})
	}
}

// rowProblem records that something is wrong with a row.
func (c *check) rowProblem(file string, row *output.Row, what string) {
	c.report.Problems++
	if len(c.report.Examples) < c.options.Examples {
		c.report.Examples = append(c.report.Examples, Problem{File: file, Rank: row.Rank, Domain: row.Domain, What: what})
	}
}

// missing records why the run is not finished.
func (c *check) missing(format string, args ...any) {
	c.report.Incomplete = true
	c.report.Missing = append(c.report.Missing, fmt.Sprintf(format, args...))
}

// ranks are the ranks of part k.
func (c *check) ranks(k int) (first, last int64) {
	size := c.manifests[0].Plan.PartSize
	first = int64(k)*size + 1
	return first, min(first+size-1, c.report.Entries)
}

// manifestOf is the manifest of the shard that has part k; nil: it is not there.
func (c *check) manifestOf(k int) *output.Manifest {
	for _, m := range c.manifests {
		if m.Shard == nil || m.Shard.Of > 0 && k%m.Shard.Of == m.Shard.Index {
			return m
		}
	}
	return nil
}
