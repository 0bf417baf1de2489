package verify

import (
	"math"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// compareTotals compares the counts of the rows with the manifests and the lists.
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
			continue // missing parts are problems already, and a manifest may be outdated
		}
		for _, diff := range c.countsDiff(&m.Counts, &counts) {
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

// claimsComplete says whether all shards have a manifest that says that they are done.
func (c *check) claimsComplete() bool {
	for _, m := range c.manifests {
		if !m.Status.Finished() || m.Shard != nil && m.Shard.Of != len(c.manifests) {
			return false
		}
	}
	return true
}

// checkPerformance checks that the figures of a manifest about the speed of the run agree with each other.
func (c *check) checkPerformance(m *output.Manifest) {
	p := m.Performance
	if p == nil {
		return // the program was an older one
	}
	stood := p.TailSeconds
	for why, seconds := range p.Standstill {
		if !slices.Contains(codes.Standstills(), why) {
			c.problem(m.Name(), "says that admission stood still for %q, which is no cause", why)
		}
		stood += seconds
	}
	const slack = 0.01 // times are rounded
	if stood > p.AskingSeconds*(1+slack)+slack {
		c.problem(m.Name(), "says that admission stood still or was over for %.3f s of %.3f s", stood, p.AskingSeconds)
	}
	if p.AskingSeconds > 0 && math.Abs(p.RowsPerSecond*p.AskingSeconds-float64(p.Rows)) > slack*float64(p.Rows)+slack {
		c.problem(m.Name(), "says that %d rows in %.3f s are %.3f rows a second",
			p.Rows, p.AskingSeconds, p.RowsPerSecond)
	}
}
