// Package verify checks a run directory from its files alone: every entry of
// the lists is accounted for, every part is whole and the one that the manifest
// names, no rank and no domain has two rows, every count is that of the rows,
// and the class of each record and policy follows from the evidence in its row
// (RFC 8461, sections 3.1 and 3.2). It can also compare rows with the truth of
// a simulated Internet.
//
// What was seen of connections and certificates left no evidence to read again
// and is taken as it stands; of a cross-check there is what disagreed. The package changes nothing and asks nobody.
package verify

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path/filepath"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// A Truther knows what a perfect observer would have seen.
type Truther interface {
	Truth(domain string, rank int64) (t simnet.Truth, ok bool)
}

// Options are what to check besides.
type Options struct {
	World    Truther // to compare rows with; nil: no comparison
	Examples int     // problems that the report tells in words; 0: 20
	Memory   int64   // octets for finding domains that come twice; 0: 256 MiB
}

// Run checks the run directory dir. Its error says that it could not be
// checked; what does not hold is in the report.
func Run(dir string, options Options) (Report, error) {
	if options.Examples <= 0 {
		options.Examples = 20
	}
	if options.Memory <= 0 {
		options.Memory = 256 << 20
	}
	c := &check{Options: options, dir: dir, words: closedSets(), stale: make(map[string]bool), seed: maphash.MakeSeed()}
	for _, step := range []func() error{c.readManifests, c.readCrossChecks, c.readPlan, c.readParts, c.findRepeats, c.compareTotals} {
		if err := step(); err != nil {
			return c.report, err
		}
	}
	return c.report, nil
}

// A check is one look at a run directory.
type check struct {
	Options
	dir    string
	report Report
	words  map[string]map[string]bool // closed sets, by column
	seed   maphash.Seed

	manifests []*output.Manifest
	plan      *domains.Plan       // nil where the chunks are gone
	late      *domains.Exclusions // those who opted out after the names were prepared; nil: none
	listed    map[string]listing
	read      map[string]output.PartInfo // parts whose rows were read, by name
	stale     map[string]bool            // parts that are newer than the manifest that lists them
	crossed   map[*output.Manifest]*crossing
}

// A listing is a part as a manifest names it.
type listing struct {
	output.PartInfo
	manifest *output.Manifest
}

// readManifests reads the manifests, and holds them against each other.
func (c *check) readManifests() error {
	manifests, err := output.ReadManifests(c.dir)
	if err != nil {
		return err
	}
	c.manifests = manifests
	c.listed = make(map[string]listing)
	first := manifests[0]
	shards := 1
	if first.Shard != nil {
		shards = first.Shard.Of
	}
	here := make(map[int]bool)
	for _, m := range manifests {
		of, index := 1, 0
		if m.Shard != nil {
			of, index = m.Shard.Of, m.Shard.Index
		}
		if of != shards {
			c.problem(m.Name(), "is of a run in %d shards, %s of one in %d%s", of, first.Name(), shards, c.mending())
		}
		if m.Altered {
			c.problem(m.Name(), "is not as it was written")
		}
		if m.Plan != first.Plan {
			c.problem(m.Name(), "is of another plan than %s", first.Name())
		}
		here[index] = true
		if !m.Status.Finished() {
			c.missing("%s: the run is %s", m.Name(), m.Status)
		}
		c.checkListing(m, of, index)
	}
	for index := range shards {
		if !here[index] {
			c.missing("shard %d of %d has no manifest", index, shards)
		}
	}
	for _, in := range first.Inputs {
		c.report.add(in)
		if in.Entries != in.Rejected+in.Excluded+in.Duplicates+in.Names {
			c.problem(first.Name(), "input %q: %d entries are not %d rejected, %d excluded, %d duplicates and %d names",
				in.Name, in.Entries, in.Rejected, in.Excluded, in.Duplicates, in.Names)
		}
	}
	return nil
}

// mending says how a directory is mended in which scans in several numbers of
// shards were begun.
func (c *check) mending() string {
	which := "one of the scans"
	if claimed, err := output.ReadShards(c.dir); err == nil && claimed > 0 {
		which = fmt.Sprintf("the scan in %d shards", claimed)
	}
	return fmt.Sprintf(": run %s again, which sets the manifests of the others aside, takes over the parts and ends them",
		which)
}

// checkListing takes note of the parts that a manifest names.
func (c *check) checkListing(m *output.Manifest, of, index int) {
	for _, part := range m.Parts {
		switch k, ok := output.PartNumber(part.Name); {
		case !ok || k != part.Part:
			c.problem(m.Name(), "lists part %d as %q", part.Part, part.Name)
		case k%of != index:
			c.problem(m.Name(), "lists %s, which is another shard's", part.Name)
		case c.listed[part.Name].manifest != nil:
			c.problem(m.Name(), "lists %s a second time", part.Name)
		default:
			c.listed[part.Name] = listing{part, m}
		}
	}
}

// readPlan reads the prepared names, if they are still there.
func (c *check) readPlan() error {
	plan, err := domains.ReadPlan(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		c.report.Notes = append(c.report.Notes, "the prepared names are gone: rows are not compared with them")
		return nil
	}
	if errors.Is(err, domains.ErrOtherProgram) {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("%v: rows are not compared with the prepared names, "+
			"and what the two versions judge in different ways comes out as problems", err))
		return nil
	}
	if err != nil {
		c.problem("", "%v", err)
		return nil
	}
	for _, m := range c.manifests {
		if want := (output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts}); m.Plan != want {
			c.problem(m.Name(), "says that the plan is %+v, and it is %+v", m.Plan, want)
			return nil
		}
		if m.Exclusions != plan.Exclusions {
			c.problem(m.Name(), "says that the exclusions are %q, and the names were prepared with %q",
				m.Exclusions, plan.Exclusions)
		}
		if len(m.Inputs) != len(plan.Inputs) {
			c.problem(m.Name(), "has %d inputs, the plan has %d", len(m.Inputs), len(plan.Inputs))
			return nil
		}
		for i, in := range plan.Inputs {
			got := m.Inputs[i]
			counts := domains.Counts{Entries: got.Entries, Rejected: got.Rejected, Excluded: got.Excluded,
				Duplicates: got.Duplicates, Names: got.Names, Skipped: got.Skipped}
			if got.SHA256 != in.SHA256 || counts != in.Counts {
				c.problem(m.Name(), "input %q is not the one of the plan", got.Name)
			}
		}
	}
	if err := plan.CheckRejects(); err != nil {
		c.problem("", "%v", err)
	}
	c.plan = plan
	if c.late, err = domains.ReadExclusionHistory(c.dir); err != nil {
		c.problem("", "%v", err)
	}
	return nil
}

// compareTotals holds what was counted against what the manifests say, and
// against the lists.
func (c *check) compareTotals() error {
	for _, m := range c.manifests {
		var counts output.Counts
		var late int64
		whole := true
		for _, part := range m.Parts {
			info, ok := c.read[part.Name]
			whole = whole && ok && !c.stale[part.Name]
			counts.Merge(info.Counts)
			late += info.ExcludedLate
		}
		if !whole {
			continue // each missing part is a problem already, and a manifest may be behind
		}
		for _, diff := range m.Counts.Diff(&counts) {
			c.problem(m.Name(), "counts %s as in the rows", diff)
		}
		if m.ExcludedLate != late {
			c.problem(m.Name(), "counts %d names excluded late, its parts %d", m.ExcludedLate, late)
		}
		if want := m.Counts.Adoption(); m.Adoption != want {
			c.problem(m.Name(), "says that adoption is %+v, and it is %+v", m.Adoption, want)
		}
		c.compareCrossCheck(m)
	}
	for _, m := range c.manifests {
		c.checkPerformance(m)
	}
	var parts int64
	for k := range c.manifests[0].Plan.Parts {
		if _, ok := c.read[output.PartName(k)]; !ok {
			parts++
		}
	}
	rows, late := c.report.Rows, c.report.ExcludedLate
	if pending := c.report.Counts.Provisional(); pending > 0 {
		c.missing("%d rows are provisional", pending)
	}
	switch {
	case parts > 0:
		c.missing("%d of %d parts, %d of %d rows", parts, c.manifests[0].Plan.Parts, c.report.Names-rows-late, c.report.Names)
	case rows+late != c.report.Names:
		c.problem("", "%d rows for %d names, %d of which were excluded late", rows, c.report.Names, late)
	}
	if c.report.Incomplete && c.claimsComplete() {
		c.problem("", "the manifests say that the run is complete, and it is not")
	}
	return nil
}

// claimsComplete says whether there is a manifest of each shard that says that
// it is done.
func (c *check) claimsComplete() bool {
	for _, m := range c.manifests {
		if !m.Status.Finished() || m.Shard != nil && m.Shard.Of != len(c.manifests) {
			return false
		}
	}
	return true
}

func (c *check) path(name string) string { return filepath.Join(c.dir, name) }

// problem notes that something does not hold.
func (c *check) problem(file, format string, args ...any) {
	c.report.Problems++
	if len(c.report.Examples) < c.Examples {
		c.report.Examples = append(c.report.Examples, Problem{File: file, What: fmt.Sprintf(format, args...)})
	}
}

// rowProblem notes that something does not hold for a row.
func (c *check) rowProblem(file string, row *output.Row, what string) {
	c.report.Problems++
	if len(c.report.Examples) < c.Examples {
		c.report.Examples = append(c.report.Examples, Problem{File: file, Rank: row.Rank, Domain: row.Domain, What: what})
	}
}

// missing notes that the run is not finished, and why.
func (c *check) missing(format string, args ...any) {
	c.report.Incomplete = true
	c.report.Missing = append(c.report.Missing, fmt.Sprintf(format, args...))
}
