package verify

import (
	"errors"
	"fmt"
	"io/fs"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// readPlan reads what was prepared, if it is still there.
func (c *check) readPlan() error {
	plan, err := domains.ReadPlan(c.dir)
	if errors.Is(err, fs.ErrNotExist) {
		c.report.Notes = append(c.report.Notes, "the plan is gone: rows are not compared with it")
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
				Duplicates: got.Duplicates, OtherTags: got.OtherTags, Names: got.Names, Skipped: got.Skipped}
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
