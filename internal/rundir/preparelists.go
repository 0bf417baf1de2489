package rundir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// PrepareLists reads lists into the chunks of all shards, or finds them prepared, and claims the directory for a run in
// that many shards, as [Dir.Lock] does. Shards that scan meanwhile are no hindrance. Dir, Begun and Damaged of config
// are set here.
func (d *Dir) PrepareLists(ctx context.Context, config domains.PrepareConfig) (*domains.Plan, error) {
	claiming, err := d.beginClaim(ctx)
	if err != nil {
		return nil, err
	}
	err = d.checkVersion() // before anything is written
	if err == nil {
		err = d.claim()
	}
	if err := errors.Join(err, claiming.Unlock()); err != nil {
		return nil, err
	}
	config.Dir, config.Begun = d.path, d.begun
	config.Damaged = func(err error) { d.damage.note(err, "the lists are prepared again") }
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, Stopped(ctx)
	}
	if err == nil {
		d.logLeftOut(plan)
	}
	return plan, err
}

// ShardsOf is the number of shards of the run in a directory, by its claim or its manifests; 0: none, or several.
func ShardsOf(dir string) (int, error) {
	claimed, err := output.ReadShards(dir)
	if err != nil || claimed.Number > 0 {
		return claimed.Number, err
	}
	begun, err := output.ManifestsIn(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil || len(begun) != 1 {
		return 0, err
	}
	return slices.Collect(maps.Keys(begun))[0], nil
}
