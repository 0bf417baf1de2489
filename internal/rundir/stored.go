package rundir

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/mirror"
	"stsscan/internal/output"
	"stsscan/internal/store"
)

// KeepIn keeps the run in a store: the directory is scratch space, and may be lost. It is called before [Dir.Lock].
// What the store has counts, apart from parts that it lacks.
func (d *Dir) KeepIn(s store.Store) { d.mirror = mirror.New(s, d.path, d.log) }

// isStored reports whether the store has a file; without a store, it has none.
func (d *Dir) isStored(name string) bool { return d.mirror != nil && d.mirror.Has(name) }

// bringShards asks the store what it has, and brings the claim of the run.
func (d *Dir) bringShards(ctx context.Context) error {
	if d.mirror == nil {
		return nil
	}
	if err := d.mirror.Look(ctx); err != nil {
		return err
	}
	if !d.isStored(output.ShardsFile) {
		return nil
	}
	stored, err := d.storedShards(ctx)
	if err != nil {
		return err
	}
	here, err := output.ReadShards(d.path)
	if err != nil && !errors.Is(err, output.ErrShards) {
		return err
	}
	if here.Run != "" && here.Run != stored.Run {
		return fmt.Errorf("%s: the run in it is %s, and that in %s is %s: %s", d.path, here.Run, d.mirror, stored.Run,
			anotherDir)
	}
	return d.mirror.Bring(ctx, output.ShardsFile)
}

func (d *Dir) storedShards(ctx context.Context) (output.Shards, error) {
	text, err := d.mirror.Read(ctx, output.ShardsFile)
	if err != nil {
		return output.Shards{}, err
	}
	return output.ParseShards(output.ShardsFile+" in "+d.mirror.String(), text)
}

// putShards puts the claim of the run. If another process was quicker its run is also this one's.
func (d *Dir) putShards(ctx context.Context) error {
	if d.mirror == nil {
		return nil
	}
	err := d.mirror.PutFileOnce(ctx, output.ShardsFile)
	if !errors.Is(err, mirror.ErrOther) {
		return err
	}
	stored, err := d.storedShards(ctx)
	if err != nil {
		return err
	}
	if ours := max(d.shard.Of, 1); stored.Number != ours {
		return fmt.Errorf("%s: the run was begun in %d shards, not %d: use another --store", d.mirror, stored.Number, ours)
	}
	d.runID = stored.Run
	return d.mirror.Bring(ctx, output.ShardsFile)
}

// Bring brings what says how far the run is, and the parts of this shard. It is called after [Dir.Lock], and before
// [Dir.Prepare] or [Dir.Resume]. Without a store nothing happens.
func (d *Dir) Bring(ctx context.Context) error { return stopped(ctx, d.bring(ctx)) }

func (d *Dir) bring(ctx context.Context) error {
	if d.mirror == nil {
		return nil
	}
	if err := d.mirror.Look(ctx); err != nil { // again: another process may have put parts before it gave up its claim
		return err
	}
	manifest := output.ManifestName(d.Shard())
	differs, err := d.mirror.Differs(ctx, manifest)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	if differs { // before the manifest is here, and nothing differs any more
		if err := d.disk.WriteFile(d.takenOver(), nil); err != nil {
			return err
		}
	}
	names := []string{domains.EntriesFile, domains.PlanFile} // without which the names cannot be read
	if d.shard.Whole() {
		names = preparedFiles() // of a run of one directory, that one has all
	}
	names = append(names, manifest, output.CrossCheckName(d.Shard()))
	names = append(names, d.mirror.Names(isHistory)...)
	names = append(names, d.mirror.Names(func(name string) bool {
		k, ok := output.PartNumber(name)
		return ok && d.shard.Owns(k)
	})...)
	for _, name := range names {
		if err := d.bringOne(ctx, name); err != nil {
			return err
		}
	}
	return d.checkVersion()
}

// bringPrepared brings what was prepared for all shards, and says how far the run is.
func (d *Dir) bringPrepared(ctx context.Context) error {
	if d.mirror == nil {
		return nil
	}
	names := append(preparedFiles(), d.mirror.Names(func(name string) bool {
		_, isManifest := output.ManifestShard(name)
		return isManifest || isHistory(name) || strings.HasPrefix(name, chunksPrefix)
	})...)
	for _, name := range names {
		if err := d.bringOne(ctx, name); err != nil {
			return err
		}
	}
	return d.checkVersion()
}

// bringOne brings a file. One that is damaged in the store is made again.
func (d *Dir) bringOne(ctx context.Context, name string) error {
	err := d.mirror.Bring(ctx, name)
	if errors.Is(err, store.ErrDamaged) {
		d.damage.note(err, "it is made again")
		return nil
	}
	return err
}

// bringChunks brings the names of the parts that a shard lacks.
func (d *Dir) bringChunks(ctx context.Context, r *Record) error {
	if d.mirror == nil {
		return nil
	}
	for k := range r.Plan.Parts {
		if !r.lacks(k) {
			continue
		}
		if err := d.bringOne(ctx, chunkFile(k)); err != nil {
			return err
		}
	}
	return nil
}

// putPrepared puts what was prepared from the lists, unless the store has a plan. With chunks it puts the names too,
// and whatever the store lacks; scans that have the lists can make them again, at less cost. The plan comes last: where
// there is one, the rest was put. If another process has put the plan of the same names meanwhile, that one counts.
func (d *Dir) putPrepared(ctx context.Context, plan *domains.Plan, chunks bool) (*domains.Plan, error) {
	if d.mirror == nil || d.mirror.Has(domains.PlanFile) && !chunks {
		return plan, nil
	}
	for k := range plan.Parts {
		if !chunks {
			break
		}
		if err := d.mirror.PutFileOnce(ctx, chunkFile(k)); err != nil {
			return nil, otherPreparation(err)
		}
	}
	for _, name := range preparedFiles() {
		err := d.mirror.PutFileOnce(ctx, name)
		if name != domains.PlanFile || !errors.Is(err, mirror.ErrOther) {
			if err != nil {
				return nil, otherPreparation(err)
			}
			continue
		}
		if err := d.mirror.Bring(ctx, name); err != nil {
			return nil, err
		}
		stored, err := domains.ReadPlan(d.path)
		if err != nil {
			return nil, err
		}
		if stored.SHA256() != plan.SHA256() {
			return nil, fmt.Errorf("the run in %s %w: use another --store", d.mirror, domains.ErrOtherInput)
		}
		return stored, nil
	}
	return plan, nil
}

// otherPreparation adds what to do to an error that says that the store has files of another preparation.
func otherPreparation(err error) error {
	if errors.Is(err, mirror.ErrOther) {
		return fmt.Errorf("%w, of other lists, or of the same ones under other names: if a process prepares them now, "+
			"wait for it; else use another --store", err)
	}
	return err
}
