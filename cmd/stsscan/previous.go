package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"stsscan/internal/output"
)

// readPrevious reads the manifest that an earlier process left for this shard; nil if there is none. One
// that cannot be read is set aside: the parts say what was done, and the rest is lost.
func (j *scanJob) readPrevious() (*output.Manifest, error) {
	name := output.ManifestName(j.shardOf())
	m, err := output.ReadManifest(j.path(name))
	switch {
	case errors.Is(err, output.ErrManifest):
		j.damage.note(err, "it is set aside, and written anew from the parts")
		return nil, os.Rename(j.path(name), j.path(name+setAside))
	case errors.Is(err, fs.ErrNotExist):
		paths, err := output.PartPaths(j.flags.output)
		for _, path := range paths {
			if k, _ := output.PartNumber(filepath.Base(path)); j.shard.Owns(k) {
				j.damage.note(fmt.Errorf("%s: %w", j.path(name), fs.ErrNotExist), "it is written anew from the parts")
				break
			}
		}
		return nil, err
	case err != nil:
		return nil, err
	case m.Altered:
		what := fmt.Errorf("%s: it is not as it was written", j.path(name))
		j.damage.note(what, "what it says of the parts is compared with them")
	}
	return m, nil
}

// begun are the SHA-256 of the run's plan, by its manifests or parts, and of its exclusions, by its
// manifests; "" if unknown.
func (j *scanJob) begun() (plan, exclusions string) {
	if j.previous != nil && !j.previous.Altered {
		return j.previous.Plan.SHA256, j.previous.Exclusions
	}
	names, err := manifestsIn(j.flags.output)
	if err != nil {
		return "", ""
	}
	for _, name := range names[shardCount(j.shardOf())] {
		if m, err := output.ReadManifest(j.path(name)); err == nil && !m.Altered {
			return m.Plan.SHA256, m.Exclusions
		}
	}
	paths, err := output.PartPaths(j.flags.output)
	if err != nil {
		return "", ""
	}
	for _, path := range paths {
		if info, err := output.ReadPartInfo(path); err == nil {
			return info.Input, ""
		}
	}
	return "", ""
}
