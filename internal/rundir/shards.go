package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// claimLock is the lock that a process holds while it claims a run directory.
const claimLock = ".shards.lock"

// setAside ends the name of a file that no longer counts.
const setAside = ".set-aside"

// Lock makes the run directory, locks it for this shard, and claims it for a run in this number of shards: two scans
// with different numbers would write each other's parts. A scan does so first. Of a run in several shards it then takes
// the claim of the shard. The context that it returns ends with ctx, or when that claim is lost: then its cause wraps
// [claim.ErrLost], and nothing more can be written.
func (d *Dir) Lock(ctx context.Context) (held context.Context, release func(), err error) {
	lock, err := d.lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	held, end, err := d.hold(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Unlock())
	}
	return held, func() { end(); _ = lock.Unlock() }, nil
}

func (d *Dir) lock(ctx context.Context) (_ *durable.LockFile, err error) {
	claiming, err := d.beginClaim(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, claiming.Unlock()) }()
	lock, err := durable.Lock(d.Path(lockName(d.Shard())))
	if errors.Is(err, durable.ErrLocked) {
		return nil, fmt.Errorf("%s is %w: wait for it, or use another -o", d.path, ErrInUse)
	}
	if err != nil {
		return nil, err
	}
	if err := d.claimStored(ctx); err != nil {
		return nil, errors.Join(stopped(ctx, err), lock.Unlock())
	}
	return lock, nil
}

// claimStored claims the directory, and the run in its store.
func (d *Dir) claimStored(ctx context.Context) error {
	if err := d.bringShards(ctx); err != nil {
		return err
	}
	if err := d.checkVersion(); err != nil { // before anything is written
		return err
	}
	if err := d.claim(); err != nil {
		return err
	}
	return d.putShards(ctx)
}

// beginClaim makes the run directory, and waits until no other process claims it.
func (d *Dir) beginClaim(ctx context.Context) (*durable.LockFile, error) {
	if err := durable.MakeDir(d.path); err != nil {
		return nil, err
	}
	claiming, err := durable.WaitLock(ctx, d.Path(claimLock))
	if ctx.Err() != nil {
		return nil, ErrStopped
	}
	return claiming, err
}

// claim holds the run to one number of shards: that of the directory's claim, or else of its manifests. A
// claim without parts and manifests is free once its processes have ended. Manifests of another number, of another run
// that was copied here, are set aside.
func (d *Dir) claim() error {
	ours := max(d.shard.Of, 1)
	isShardsFile := func(name string) bool { return name == output.ShardsFile }
	if err := (durable.Disk{}).Sweep(d.path, isShardsFile); err != nil {
		return err
	}
	claimed, err := output.ReadShards(d.path)
	if errors.Is(err, output.ErrShards) {
		d.damage.note(err, "it is written anew")
	} else if err != nil {
		return err
	}
	begun, err := output.ManifestsIn(d.path)
	if err != nil {
		return err
	}
	owner := claimed.Number
	if _, here := begun[ours]; owner == 0 && len(begun) > 0 {
		if owner = slices.Min(slices.Collect(maps.Keys(begun))); here {
			owner = ours
		}
	}
	if claimed.Prepared && owner != ours && !d.preparing {
		return fmt.Errorf("%s: the run was prepared for %d shards, not %d: scan it %s, "+
			"or prepare it for another number", d.path, owner, ours, shardFlag(owner))
	}
	if owner != 0 && owner != ours {
		free, err := d.free(owner, begun)
		if err != nil {
			return err
		}
		if !free {
			see := append(slices.Clone(begun[owner]), output.ShardsFile)[0]
			return fmt.Errorf("%s: the run was begun in %d shards, not %d: see %s: scan it %s, or %s",
				d.path, owner, ours, see, shardFlag(owner), anotherDir)
		}
	}
	if d.runID, err = output.RunIn(d.path, begun[ours], claimed, time.Now()); err != nil {
		return err
	}
	now := output.Shards{Number: ours, Run: d.runID, Prepared: claimed.Prepared || d.preparing}
	if claimed != now {
		if err := output.WriteShards(durable.Disk{}, d.path, now); err != nil {
			return err
		}
	}
	for _, other := range slices.Sorted(maps.Keys(begun)) {
		if other == ours {
			continue
		}
		if alive, err := d.alive(other); err != nil || alive {
			inUse := fmt.Errorf("%s is %w: it scans in %d shards: wait for it, or use another -o",
				d.path, ErrInUse, other)
			return errors.Join(err, inUse)
		}
		for _, name := range begun[other] {
			err := os.Rename(d.Path(name), d.Path(name+setAside))
			if errors.Is(err, fs.ErrNotExist) {
				continue // another shard has taken it back
			}
			if err != nil {
				return err
			}
			what := fmt.Errorf("%s: it is of a run in %d shards, and this one is in %d", d.Path(name), other, ours)
			d.damage.note(what, "it is set aside")
		}
	}
	return nil
}

// shardFlag says how a run in so many shards is scanned.
func shardFlag(shards int) string {
	if shards == 1 {
		return "without --shard"
	}
	return fmt.Sprintf("with --shard I/%d", shards)
}

// free reports whether a claim has no manifest and no part, and no process that could still write one.
func (d *Dir) free(owner int, begun map[int][]string) (bool, error) {
	parts, err := output.PartPaths(d.path)
	if err != nil || len(parts) > 0 || len(begun[owner]) > 0 || d.isStored(output.ShardsFile) {
		return false, err
	}
	alive, err := d.alive(owner)
	return !alive, err
}

// alive reports whether a process scans the directory in this number of shards.
func (d *Dir) alive(shards int) (bool, error) {
	scanned, err := d.scanned(shards)
	return len(scanned) > 0, err
}

// scanned are the shards, of this number of them, that processes scan now.
func (d *Dir) scanned(shards int) (indexes []int, err error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := strings.TrimSuffix(strings.TrimPrefix(entry.Name(), "."), ".lock")
		shard, ok := output.ManifestShard(name + ".json")
		if !ok || entry.Name() != lockName(shard) || shard.Number() != shards {
			continue
		}
		lock, err := durable.Lock(d.Path(entry.Name()))
		if errors.Is(err, durable.ErrLocked) {
			indexes = append(indexes, shard.Position())
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := lock.Unlock(); err != nil {
			return nil, err
		}
	}
	slices.Sort(indexes)
	return indexes, nil
}

// lockName is the lock of a shard in use.
func lockName(s *output.Shard) string {
	return "." + strings.TrimSuffix(output.ManifestName(s), ".json") + ".lock"
}

// anotherDir is what to do about a directory that is another run's.
const anotherDir = "use another -o, or delete this one"

// NotOurs adds what to do to an error that says that the directory is another run's.
func NotOurs(err error) error {
	for _, other := range []error{domains.ErrOtherInput, domains.ErrOtherProgram, output.ErrForeign} {
		if errors.Is(err, other) {
			return fmt.Errorf("%w: %s", err, anotherDir)
		}
	}
	return err
}

// checkVersion refuses to go on with a run that another version of the program began.
func (d *Dir) checkVersion() error {
	begun, err := output.ManifestsIn(d.path)
	if err != nil {
		return err
	}
	names := slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(begun))...)))
	path, version, err := output.OtherVersion(d.path, names)
	if err != nil {
		return err
	}
	if path != "" {
		return fmt.Errorf("%s: %w: table of version %s, this program writes version %s",
			path, domains.ErrOtherProgram, version, output.SchemaVersion)
	}
	if _, err := domains.ReadPlan(d.path); errors.Is(err, domains.ErrOtherProgram) {
		return err
	}
	return nil // any other error is for Prepare to judge
}

// readPrevious reads the manifest that an earlier process left for this shard; nil if there is none. One
// that cannot be read is set aside: the parts say what was done, and the rest is lost.
func (d *Dir) readPrevious() (*output.Manifest, error) {
	name := output.ManifestName(d.Shard())
	m, err := output.ReadManifest(d.Path(name))
	if errors.Is(err, output.ErrManifest) || errors.Is(err, fs.ErrNotExist) {
		if err := unmerge(d.disk, d.path, d.Shard(), d.log); err != nil {
			return nil, err
		}
	}
	switch {
	case errors.Is(err, output.ErrManifest):
		d.damage.note(err, "it is set aside, and written anew from the parts")
		return nil, d.disk.Rename(d.Path(name), d.Path(name+setAside))
	case errors.Is(err, fs.ErrNotExist):
		paths, err := output.PartPaths(d.path)
		for _, path := range paths {
			if k, _ := output.PartNumber(filepath.Base(path)); d.shard.Owns(k) {
				d.damage.note(fmt.Errorf("%s: %w", d.Path(name), fs.ErrNotExist), "it is written anew from the parts")
				break
			}
		}
		return nil, err
	case err != nil:
		return nil, err
	case m.Altered:
		what := fmt.Errorf("%s: it is not as it was written", d.Path(name))
		d.damage.note(what, "what it says of the parts is compared with them")
	}
	return m, nil
}

// begun are the SHA-256 of the run's plan, by its manifests or parts, and of its exclusions, by its
// manifests; "" if unknown.
func (d *Dir) begun() (plan, exclusions string) {
	if d.previous != nil && !d.previous.Altered {
		return d.previous.Plan.SHA256, d.previous.Exclusions
	}
	names, err := output.ManifestsIn(d.path)
	if err != nil {
		return "", ""
	}
	for _, name := range names[d.Shard().Number()] {
		if m, err := output.ReadManifest(d.Path(name)); err == nil && !m.Altered {
			return m.Plan.SHA256, m.Exclusions
		}
	}
	paths, err := output.PartPaths(d.path)
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
