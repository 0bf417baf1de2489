package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/net/publicsuffix"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// takeOver finds the parts of this shard that are whole. Those that are damaged or
// gone are scanned again; none of their policies is asked for within the time of a
// pass, as the log of their surveys says.
func (r *runRecord) takeOver(ctx context.Context) error {
	listed := make(map[int]*output.PartInfo)
	if r.previous != nil {
		for i := range r.previous.Parts {
			listed[r.previous.Parts[i].Part] = &r.previous.Parts[i]
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
			r.damage.note(err, "it is scanned again")
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

// newRecord opens the table in the run directory and finds the parts of this
// shard that are whole.
func (j *scanJob) newRecord(ctx context.Context, plan *domains.Plan, excluded *domains.ExclusionFile) (*runRecord, error) {
	m := &output.Manifest{
		Version:    versionNumber(),
		PublicList: publicsuffix.List.String(),
		StartedAt:  time.Now().UTC(),
		Config:     j.settings,
		Shard:      j.shardOf(),
		From:       j.lineage,
		Contact:    j.flags.network.contact,
		Exclusions: plan.Exclusions,
		Plan:       output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	for _, in := range plan.Inputs {
		m.Inputs = append(m.Inputs, inputOf(in))
	}
	if j.previous != nil && j.previous.StartedAt.Before(m.StartedAt) { // if not, the clock was wrong
		m.StartedAt = j.previous.StartedAt
	}

	meaning, err := j.identity()
	if err != nil {
		return nil, err
	}
	identity := output.Identity{Input: plan.SHA256(), Config: meaning, Version: versionNumber()}
	dataset, err := output.Open(j.flags.output, identity)
	if err != nil {
		return nil, err
	}
	if err := dataset.Sweep(j.shard.Owns); err != nil {
		return nil, err
	}
	if err := (durable.Disk{}).Sweep(j.flags.output, func(name string) bool { return name == m.Name() || name == output.CrossCheckName(m.Shard) }); err != nil {
		return nil, err
	}
	r := &runRecord{
		dir: j.flags.output, plan: plan, owns: j.shard.Owns, dataset: dataset, manifest: m, previous: j.previous,
		excluded: excluded, parts: make(map[int]output.PartInfo), damage: j.damage,
	}
	if err := r.takeOver(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// inputOf accounts for one list in run.json.
func inputOf(in domains.Input) output.Input {
	reasons := make(map[string]int64)
	for reason, n := range in.Reasons {
		reasons[string(reason)] = n
	}
	return output.Input{
		Name: in.Name, SHA256: in.SHA256, Bytes: in.Bytes, Format: string(in.Format), Entries: in.Entries, Rejected: in.Rejected,
		Reasons: reasons, Excluded: in.Excluded, Duplicates: in.Duplicates, Skipped: in.Skipped, Names: in.Names,
	}
}
