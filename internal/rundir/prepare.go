package rundir

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// Prepare finds the whole parts of this shard, and the names of the others: it reads the lists of config into chunks,
// or finds them prepared. One process does so while the other shards wait. Dir, Needs, Begun, Removed, Disk and Damaged
// of config are set here. Scan is what the run's record says of the scan.
func (d *Dir) Prepare(
	ctx context.Context, config domains.PrepareConfig, scan Scan, excluded *domains.ExclusionFile,
) (record *Record, err error) {
	if d.previous, err = d.readPrevious(); err != nil {
		return nil, err
	}
	config.Dir, config.Needs, config.Begun = d.path, d.shard.Owns, d.begun
	config.Elsewhere = d.mirror != nil
	config.Disk = d.disk
	config.Damaged = func(err error) { d.damage.note(err, "the lists are prepared again") }
	if plan, err := domains.ReadPlan(d.path); err == nil { // an error is for domains.Prepare to judge
		if record, err = d.newRecord(ctx, plan, scan, excluded); err != nil {
			return nil, err
		}
		if err := d.reopen(ctx, record); err != nil {
			return nil, err
		}
		config.Needs, config.Removed = record.lacks, d.reopened
		if err := d.bringChunks(ctx, record); err != nil {
			return nil, stopped(ctx, err)
		}
	}
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, Stopped(ctx)
	}
	debug.FreeOSMemory() // finding repeats takes as much as the scan itself
	switch {
	case err != nil && d.reopened:
		return nil, errors.Join(err, d.restate(output.StatusIncomplete, err.Error()))
	case err != nil:
		return nil, err
	}
	if plan, err = d.putPrepared(ctx, plan, false); err != nil {
		return nil, stopped(ctx, err)
	}
	if record != nil {
		return record, nil
	}
	d.logLeftOut(plan)
	return d.newRecord(ctx, plan, scan, excluded)
}

// logLeftOut says which files of archives were passed over.
func (d *Dir) logLeftOut(plan *domains.Plan) {
	for _, in := range plan.Inputs {
		if len(in.LeftOut) > 0 {
			d.log.Info("files in an archive are left out: they are no lists", "list", in.Name, "files", in.LeftOut)
		}
	}
}

// reopen says in the manifest of a finished run that it is not finished, where a part is gone: then no other shard
// removes the chunks that are needed once more.
func (d *Dir) reopen(ctx context.Context, r *Record) error {
	if !d.previous.Finished() || !r.lacksAny() {
		return nil
	}
	d.reopened = true
	return domains.Locked(ctx, d.path, func() error { return d.restate(output.StatusRunning) })
}

// restate changes the status in the manifest that an earlier process left, and nothing else.
func (d *Dir) restate(status output.Status, reasons ...string) error {
	d.previous.Status, d.previous.Reasons = status, reasons
	if err := unmerge(d.disk, d.path, d.Shard(), d.log); err != nil {
		return err
	}
	return d.previous.WriteOn(d.disk, d.path)
}

// unmerge removes the manifest that was merged from those of all shards, before one of these is written anew: what is
// not whole must not look so.
func unmerge(disk durable.Disk, dir string, shard *output.Shard, log *slog.Logger) error {
	path := filepath.Join(dir, output.ManifestName(nil))
	if shard == nil {
		return nil // it is the run's own
	}
	m, err := output.ReadManifest(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && m.Merged == nil {
		return nil
	}
	if err != nil {
		return err
	}
	log.Info("a shard of a finished run is scanned again: stsscan finish will make its run.json anew", "removed", path)
	if err := disk.Remove(path); err != nil { // or another shard did
		return err
	}
	return durable.OS{}.SyncDir(dir)
}

// RemoveChunks removes the prepared names if all shards have finished. Each does so after it has written its manifest,
// so the last one does; if it is killed before that, the same command does it. Others may be at the same point.
func (d *Dir) RemoveChunks(ctx context.Context) {
	err := domains.Locked(ctx, d.path, func() error {
		manifests, _, err := output.ReadShardManifests(d.path)
		unfinished := func(m *output.Manifest) bool { return !m.Finished() }
		if err != nil || len(manifests) != max(d.shard.Of, 1) || slices.ContainsFunc(manifests, unfinished) {
			return err
		}
		return domains.RemoveChunks(d.path)
	})
	if err == nil && d.mirror != nil && d.shard.Whole() {
		err = d.mirror.RemoveAll(ctx, chunksPrefix)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Warn("the prepared names are not removed", "error", err)
	}
}
