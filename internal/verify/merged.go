package verify

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"stsscan/internal/merge"
	"stsscan/internal/output"
)

// mergeAgain is what to do about a manifest that is not that of its shards.
const mergeAgain = "run stsscan finish again"

// compareMerged compares the manifest that was merged from those of the shards with them, and with the rows.
func (c *check) compareMerged() error {
	m := c.merged
	if m == nil {
		return nil
	}
	if len(m.Merged.Manifests) != m.Merged.Shards {
		c.problem(m.Name(), "was merged from %d manifests of %d shards", len(m.Merged.Manifests), m.Merged.Shards)
	}
	if m.Altered && c.manifests[0] != m { // else readManifests said so
		c.problem(m.Name(), "is not as it was written: %s", mergeAgain)
	}
	if err := c.compareHashes(m); err != nil {
		return err
	}
	if c.manifests[0] != m && len(c.manifests) == m.Merged.Shards {
		c.compareSums(m, merge.Manifests(c.manifests, m.Merged.Manifests))
	}
	if m.Config["probe-mx"] != "true" && m.Merged.ProbedBySeveral == 0 || len(c.read) < m.Plan.Parts {
		return nil
	}
	several, err := merge.ProbedBySeveral(context.Background(), c.dir, m.Merged.Shards)
	if err == nil && several != m.Merged.ProbedBySeveral {
		c.problem(m.Name(), "says that several shards probed %d mail servers; by the rows they are %d",
			m.Merged.ProbedBySeveral, several)
	}
	return err
}

// compareHashes compares the manifests of shards that are there with those that were merged.
func (c *check) compareHashes(m *output.Manifest) error {
	shards, _, err := output.ReadShardManifests(c.dir)
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if !slices.ContainsFunc(m.Merged.Manifests, func(h output.ManifestHash) bool { return h.Name == shard.Name() }) {
			c.problem(m.Name(), "was merged without %s: %s", shard.Name(), mergeAgain)
		}
	}
	for _, was := range m.Merged.Manifests {
		now, err := output.HashManifest(c.dir, was.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // there is a note
		}
		if err != nil {
			return err
		}
		if now != was {
			c.problem(m.Name(), "was merged from another %s: %s", was.Name, mergeAgain)
		}
	}
	return nil
}

// compareSums compares the manifest with the sums of those of the shards.
func (c *check) compareSums(m, sums *output.Manifest) {
	for _, diff := range m.Counts.Diff(&sums.Counts) {
		c.problem(m.Name(), "counts %s as in the shards together", diff)
	}
	if m.ExcludedLate != sums.ExcludedLate {
		c.problem(m.Name(), "counts %d names excluded late, the shards %d", m.ExcludedLate, sums.ExcludedLate)
	}
	if m.Adoption != sums.Adoption {
		c.problem(m.Name(), "says that adoption is %+v, and it is %+v", m.Adoption, sums.Adoption)
	}
	if m.Run != sums.Run || m.Plan != sums.Plan || m.Exclusions != sums.Exclusions {
		c.problem(m.Name(), "is of another run or plan than the shards")
	}
	same := func(a, b output.PartInfo) bool { return a.Part == b.Part && a.Name == b.Name && a.SHA256 == b.SHA256 }
	if !slices.EqualFunc(m.Parts, sums.Parts, same) {
		c.problem(m.Name(), "lists other parts than the shards together")
	}
	if m.Status != sums.Status && m.Status != output.StatusSuspect || !m.Status.Finished() {
		c.problem(m.Name(), "says that the run is %s, and by the shards it is %s", m.Status, sums.Status)
	}
}
