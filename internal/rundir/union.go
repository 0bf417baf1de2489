package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/merge"
	"stsscan/internal/output"
)

// A union is the shards of a run, which are held against each other, their parts and the prepared names.
type union struct {
	dir    *Dir
	shards int

	plan       *domains.Plan
	manifests  []*output.Manifest // of the shards that have finished, in order
	hashes     []output.ManifestHash
	identities map[string]int // output.Identity.Config of the parts, and how many have it
	open       []OpenShard
	logged     time.Time
}

// names are the manifests that were read.
func (u *union) names() (names []string) {
	for _, hash := range u.hashes {
		names = append(names, hash.Name)
	}
	return names
}

// Why a shard is open.
const (
	neverBegun      = "never begun"
	manifestGone    = "its manifest is gone"
	manifestDamaged = "its manifest is damaged"
)

// read reads all shards.
func (u *union) read(ctx context.Context) (err error) {
	u.plan, err = domains.ReadPlan(u.dir.path)
	if err != nil {
		return fmt.Errorf("%w: run the scan of a shard again, which prepares the lists anew", err)
	}
	paths, err := output.PartPaths(u.dir.path)
	if err != nil {
		return err
	}
	begun := make(map[int]bool) // shards that have a part
	for _, path := range paths {
		k, _ := output.PartNumber(filepath.Base(path))
		if k >= u.plan.Parts {
			return fmt.Errorf("%w: %s: the run has %d parts", ErrConservation, path, u.plan.Parts)
		}
		begun[k%u.shards] = true
	}
	u.logged = time.Now()
	for index := range u.shards {
		why, err := u.readShard(ctx, index, begun[index])
		if err != nil {
			return err
		}
		if why != "" {
			u.open = append(u.open, OpenShard{index, why})
		}
	}
	return nil
}

// readShard reads the manifest of a shard, and its parts if it says that it has finished. why says what is missing;
// empty: nothing.
func (u *union) readShard(ctx context.Context, index int, begun bool) (why string, err error) {
	shard := &output.Shard{Index: index, Of: u.shards}
	name := output.ManifestName(shard)
	hash, err := output.HashManifest(u.dir.path, name)
	var m *output.Manifest
	if err == nil {
		m, err = output.ReadManifest(u.dir.Path(name))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && begun:
		return manifestGone, nil
	case errors.Is(err, fs.ErrNotExist):
		return neverBegun, nil
	case errors.Is(err, output.ErrManifest) || err == nil && m.Altered:
		return manifestDamaged, nil
	case err != nil:
		return "", err
	}
	if want := (output.Plan{SHA256: u.plan.SHA256(), PartSize: u.plan.PartSize, Parts: u.plan.Parts}); m.Plan != want {
		return "", fmt.Errorf("%w: %s is of another plan: %s", ErrConservation, u.dir.Path(name), anotherDir)
	}
	if len(u.manifests) > 0 && m.Run != u.manifests[0].Run {
		return "", fmt.Errorf("%w: %s is of run %s, and %s of run %s", ErrConservation, u.dir.Path(name), m.Run,
			u.manifests[0].Name(), u.manifests[0].Run)
	}
	if !m.Finished() {
		return incomplete(m, u.plan, shard), nil
	}
	if why, err = u.readParts(ctx, m, shard); err == nil && why == "" {
		u.manifests, u.hashes = append(u.manifests, m), append(u.hashes, hash)
	}
	return why, err
}

// readParts reads the parts of a shard that has finished.
func (u *union) readParts(ctx context.Context, m *output.Manifest, shard *output.Shard) (why string, err error) {
	listed := make(map[int]output.PartInfo)
	for _, part := range m.Parts {
		_, twice := listed[part.Part]
		if twice || part.Part%shard.Of != shard.Index || part.Name != output.PartName(part.Part) {
			return "", fmt.Errorf("%w: %s lists %s, which is not its own, or is there twice", ErrConservation,
				u.dir.Path(m.Name()), part.Name)
		}
		listed[part.Part] = part
	}
	var counts output.Counts
	for k := shard.Index; k < u.plan.Parts; k += shard.Of {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if time.Since(u.logged) > takeOverInterval {
			u.logged = time.Now()
			u.dir.log.Info("the parts are read", "shard", shard.Index, "of", shard.Of, "part", k)
		}
		info, why, err := u.readPart(k, listed)
		if err != nil || why != "" {
			return why, err
		}
		if names := u.plan.Chunks[k].Names; info.Rows+info.ExcludedLate != names {
			return "", fmt.Errorf("%w: %s has %d rows, and leaves out %d names that were excluded late, of %d names",
				ErrConservation, u.dir.Path(info.Name), info.Rows, info.ExcludedLate, names)
		}
		u.identities[info.Config]++
		counts.Merge(info.Counts)
	}
	if diffs := m.Counts.Diff(&counts); diffs != nil {
		return "", fmt.Errorf("%w: %s counts %s as in its parts", ErrConservation, u.dir.Path(m.Name()), diffs[0])
	}
	return "", nil
}

// readPart reads a part, and compares it with the one that the manifest lists.
func (u *union) readPart(k int, listed map[int]output.PartInfo) (info output.PartInfo, why string, err error) {
	name := output.PartName(k)
	part, ok := listed[k]
	if !ok {
		return info, name + " is not in its manifest", nil
	}
	info, err = output.ReadPartInfo(u.dir.Path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return info, name + " is gone", nil
	case errors.Is(err, output.ErrDamaged):
		return info, name + " is damaged", nil
	case err != nil:
		return info, "", err
	case info.SHA256 != part.SHA256 || info.Part != k || info.Input != u.plan.SHA256():
		return info, name + " is not the one in its manifest", nil
	case info.Pending > 0:
		return info, explain.WaitText(info.Counts), nil
	}
	return info, "", nil
}

// merged is the manifest of the whole run.
func (u *union) merged(ctx context.Context) (*output.Manifest, error) {
	m := merge.Manifests(u.manifests, u.hashes)
	if rows := m.Counts.Rows; rows+m.ExcludedLate != u.plan.Names || len(m.Parts) != u.plan.Parts {
		return nil, fmt.Errorf("%w: %s: %d names, %d rows and %d names excluded late, in %d of %d parts", ErrConservation,
			u.dir.path, u.plan.Names, rows, m.ExcludedLate, len(m.Parts), u.plan.Parts)
	}
	if len(u.identities) > 1 {
		asked := slices.Sorted(maps.Keys(u.identities))
		for i, words := range asked {
			asked[i] = fmt.Sprintf("%q (%d parts)", words, u.identities[words])
		}
		m.Status = output.StatusSuspect
		m.Reasons = append(m.Reasons, "the shards were asked in different ways: "+strings.Join(asked, ", "))
	}
	probes := func(m *output.Manifest) bool { return m.Config["probe-mx"] == "true" }
	if slices.ContainsFunc(u.manifests, probes) {
		several, err := merge.ProbedBySeveral(ctx, u.dir.path, u.shards)
		if err != nil {
			return nil, err
		}
		m.Merged.ProbedBySeveral = several
	}
	return m, nil
}

// incomplete says what a shard, or the run, lacks by its manifest.
func incomplete(m *output.Manifest, plan *domains.Plan, shard *output.Shard) string {
	var names, done int64
	for k := shard.Position(); k < plan.Parts; k += shard.Number() {
		names += plan.Chunks[k].Names
	}
	for _, part := range m.Parts {
		done += part.Rows + part.ExcludedLate
	}
	var reasons []string
	switch {
	case done < names:
		reasons = []string{fmt.Sprintf("%s of %s names have no row", output.Grouped(names-done), output.Grouped(names))}
	case m.Altered:
		reasons = []string{manifestDamaged}
	}
	if m.Counts.Provisional() > 0 {
		reasons = append(reasons, explain.WaitText(m.Counts))
	}
	if reasons == nil {
		reasons = m.Reasons
	}
	if reasons == nil {
		reasons = []string{string(m.Status) + ", or killed"}
	}
	return "incomplete: " + strings.Join(reasons, "; ")
}
