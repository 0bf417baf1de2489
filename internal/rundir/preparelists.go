package rundir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/store"
)

// PrepareLists reads lists into the chunks of all shards, or finds them prepared, and claims the directory for a run in
// that many shards, as [Dir.Lock] does; if fixed, no scan changes that number. Shards that scan meanwhile are no
// hindrance. Dir, Begun and Damaged of config are set here.
func (d *Dir) PrepareLists(ctx context.Context, config domains.PrepareConfig, fixed bool) (*domains.Plan, error) {
	d.preparing = fixed
	claiming, err := d.beginClaim(ctx)
	if err != nil {
		return nil, err
	}
	err = d.claimStored(ctx)
	if err := errors.Join(stopped(ctx, err), claiming.Unlock()); err != nil {
		return nil, err
	}
	if err := d.bringPrepared(ctx); err != nil {
		return nil, stopped(ctx, err)
	}
	config.Dir, config.Begun = d.path, d.begun
	config.Damaged = func(err error) { d.damage.note(err, "the lists are prepared again") }
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, Stopped(ctx)
	}
	if err != nil {
		return nil, err
	}
	if plan, err = d.putPrepared(ctx, plan, true); err != nil {
		return nil, stopped(ctx, err)
	}
	d.logLeftOut(plan)
	return plan, nil
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

// ShardsInStore is [ShardsOf] for the run in a store.
func ShardsInStore(ctx context.Context, s store.Store) (int, error) {
	text, _, err := s.Get(ctx, output.ShardsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	claimed, err := output.ParseShards(output.ShardsFile+" in "+s.String(), text)
	return claimed.Number, err
}
