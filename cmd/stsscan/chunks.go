package main

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// prepare finds the whole parts of this shard, and the names of the others: it reads the lists into chunks, or finds
// them prepared, and passes its progress to update. One process does so while the other shards wait.
func (j *scanJob) prepare(
	ctx context.Context, excluded *domains.ExclusionFile, update func(domains.Progress),
) (*runRecord, error) {
	config := j.prepareConfig(excluded.Exclusions())
	config.Progress = update
	var record *runRecord
	if plan, err := domains.ReadPlan(j.flags.output); err == nil { // an error is for Prepare to judge
		if record, err = j.newRecord(ctx, plan, excluded); err != nil {
			return nil, err
		}
		if err := j.reopen(ctx, record); err != nil {
			return nil, exitOf(err)
		}
		config.Needs, config.Removed = record.lacks, j.reopened
	}
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, exitOf(errStopped)
	}
	debug.FreeOSMemory() // finding repeats takes as much as the scan itself
	switch {
	case err != nil && j.reopened:
		return nil, exitOf(errors.Join(err, j.restate(output.StatusIncomplete, err.Error())))
	case err != nil:
		return nil, exitOf(err)
	case record != nil:
		return record, nil
	}
	for _, in := range plan.Inputs {
		if len(in.LeftOut) > 0 {
			j.log.Info("files in an archive are left out: they are no lists", "list", in.Name, "files", in.LeftOut)
		}
	}
	return j.newRecord(ctx, plan, excluded)
}

// reopen says in the manifest of a finished run that it is not finished, where a part is gone: then no other shard
// removes the chunks that are needed once more.
func (j *scanJob) reopen(ctx context.Context, r *runRecord) error {
	if !j.previous.Finished() || !r.lacksAny() {
		return nil
	}
	j.reopened = true
	return domains.Locked(ctx, j.flags.output, func() error { return j.restate(output.StatusRunning) })
}

// restate changes the status in the manifest that an earlier process left, and nothing else.
func (j *scanJob) restate(status output.Status, reasons ...string) error {
	j.previous.Status, j.previous.Reasons = status, reasons
	return j.previous.Write(j.flags.output)
}

// removeChunks removes the prepared names if all shards have finished. Each does so after it has written its manifest,
// so the last one does; if it is killed before that, the same command does it. Others may be at the same point.
func (j *scanJob) removeChunks(ctx context.Context) {
	err := domains.Locked(ctx, j.flags.output, func() error {
		manifests, err := output.ReadManifests(j.flags.output)
		unfinished := func(m *output.Manifest) bool { return !m.Finished() }
		if err != nil || len(manifests) != max(j.shard.Of, 1) || slices.ContainsFunc(manifests, unfinished) {
			return err
		}
		return domains.RemoveChunks(j.flags.output)
	})
	if err != nil && ctx.Err() == nil {
		j.log.Warn("the prepared names are not removed", "error", err)
	}
}
