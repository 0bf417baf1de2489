package verify

import (
	"fmt"

	"stsscan/internal/output"
)

// readManifests reads the manifests, and compares them with each other.
func (c *check) readManifests() error {
	manifests, merged, err := output.ReadShardManifests(c.dir)
	if err != nil {
		return err
	}
	c.merged = merged
	if merged != nil && len(manifests) < merged.Merged.Shards {
		c.report.note("the manifests of %d of %d shards are gone: %s stands for them, and their lists of disagreements "+
			"are not read", merged.Merged.Shards-len(manifests), merged.Merged.Shards, merged.Name())
		manifests = []*output.Manifest{merged}
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
			c.problem(m.Name(), "is of a run in %d shards, %s of one in %d%s", of, first.Name(), shards, c.repairHint())
		}
		if m.Altered {
			c.problem(m.Name(), "is not as it was written")
		}
		if m.Run != first.Run {
			c.problem(m.Name(), "is of run %q, and %s is of run %q", m.Run, first.Name(), first.Run)
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
	claimed, err := output.ReadShards(c.dir)
	if err == nil && claimed.Run != "" && first.Run != "" && claimed.Run != first.Run {
		c.problem(output.ShardsFile, "is of run %q, and %s is of run %q", claimed.Run, first.Name(), first.Run)
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

// repairHint says how to repair a directory where scans with several numbers of shards were begun.
func (c *check) repairHint() string {
	which := "one of the scans"
	if claimed, err := output.ReadShards(c.dir); err == nil && claimed.Number > 0 {
		which = fmt.Sprintf("the scan in %d shards", claimed.Number)
	}
	return fmt.Sprintf(": run %s again, which sets aside the manifests of the others, "+
		"takes over the parts and finishes them", which)
}

// checkListing collects the parts that a manifest lists.
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
