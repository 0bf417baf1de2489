package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// A damage is what was found damaged or gone in a run directory, in words.
type damage struct {
	log   *slog.Logger
	found []string
}

// mostDamaged bounds the list of it in run.json.
const mostDamaged = 200

// tell notes what is wrong, and what becomes of it.
func (d *damage) tell(err error, then string) {
	d.log.Warn("damaged, or gone: "+then, "error", err)
	d.found = append(d.found, fmt.Sprintf("%v: %s", err, then))
}

// list is what was found by the processes before, and by this one.
func (d *damage) list(earlier *output.Manifest) []string {
	list := d.found
	if earlier != nil {
		list = slices.Concat(earlier.Damaged, d.found)
	}
	return list[:min(len(list), mostDamaged)]
}

// readEarlier reads the manifest that a process before left for this shard; nil
// where there is none. One that cannot be read is set aside: the parts say what
// was done, and the rest of it is lost.
func (j *scanJob) readEarlier() (*output.Manifest, error) {
	name := output.ManifestName(j.shardOf())
	m, err := output.ReadManifest(j.path(name))
	switch {
	case errors.Is(err, output.ErrManifest):
		j.damage.tell(err, "it is set aside, and written anew from the parts")
		return nil, os.Rename(j.path(name), j.path(name+setAside))
	case errors.Is(err, fs.ErrNotExist):
		paths, err := output.PartPaths(j.output)
		for _, path := range paths {
			if k, _ := output.PartNumber(filepath.Base(path)); j.slice.Owns(k) {
				j.damage.tell(fmt.Errorf("%s: %w", j.path(name), fs.ErrNotExist), "it is written anew from the parts")
				break
			}
		}
		return nil, err
	case err != nil:
		return nil, err
	case m.Altered:
		what := fmt.Errorf("%s: it is not as it was written", j.path(name))
		j.damage.tell(what, "what it says of the parts is compared with them")
	}
	return m, nil
}

// begun is the SHA-256 of the plan that the run was begun with, as its manifests or
// its parts have it, and that of its exclusions, which only the manifests have; "" where
// there is nothing that says so.
func (j *scanJob) begun() (plan, exclusions string) {
	if j.earlier != nil && !j.earlier.Altered {
		return j.earlier.Plan.SHA256, j.earlier.Exclusions
	}
	names, err := manifestsIn(j.output)
	if err != nil {
		return "", ""
	}
	for _, name := range names[shardCount(j.shardOf())] {
		if m, err := output.ReadManifest(j.path(name)); err == nil && !m.Altered {
			return m.Plan.SHA256, m.Exclusions
		}
	}
	paths, err := output.PartPaths(j.output)
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

// takeOver finds the parts of this shard that are whole. Those that are damaged or
// gone are scanned again; none of their policies is asked for within the time of a
// pass, as the log of their surveys says.
func (r *record) takeOver(ctx context.Context) error {
	listed := make(map[int]*output.PartInfo)
	if r.earlier != nil {
		for i := range r.earlier.Parts {
			listed[r.earlier.Parts[i].Part] = &r.earlier.Parts[i]
		}
	}
	told := time.Now()
	for k := range r.plan.Parts {
		if !r.owns(k) {
			continue
		}
		if ctx.Err() != nil {
			return exitOf(fmt.Errorf("%w: run the same command again to go on", pipeline.ErrInterrupted))
		}
		if time.Since(told) > takeOverInterval {
			told = time.Now()
			r.damage.log.Info("the parts that are there are read", "part", k, "of", r.plan.Parts)
		}
		info, whole, err := r.dataset.Accept(k, listed[k])
		if err == nil && !whole && listed[k] != nil {
			err = fmt.Errorf("%s: %w: %w", filepath.Join(r.dir, output.PartName(k)), output.ErrDamaged, fs.ErrNotExist)
		}
		if errors.Is(err, output.ErrDamaged) {
			r.damage.tell(err, "it is scanned again")
			err = r.dataset.LogLost(k, time.Now())
		}
		if err != nil {
			return err
		}
		if whole {
			r.add(info)
		}
		if whole && info.Pending == 0 { // killed before it could remove the log
			if err := r.dataset.RemoveLog(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOverInterval is how often a scan says how many parts it has read.
const takeOverInterval = 10 * time.Second
