package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/merge"
	"stsscan/internal/output"
	"stsscan/internal/queue"
)

// ErrConservation says that the shards of a run do not add up: a name has no row, or a part is counted twice.
var ErrConservation = errors.New("the shards do not add up: see stsscan verify")

// An Ending is what became of a run of several shards.
type Ending struct {
	Shards   int              // of the run; 1: it has none
	Open     []OpenShard      // those that are missing or incomplete, in order; nil: the run is finished
	Manifest *output.Manifest // of the whole run, if it is finished
	Already  bool             // it was, and nothing was written now
}

// An OpenShard is one that has to be scanned, for the first time or to its end.
type OpenShard struct {
	Index int
	Why   string // in words
}

// Finish ends the run in a directory after its shards: it holds the parts, the manifests and the prepared names against
// each other, writes run.json from the manifests of the shards, which stay, and removes the prepared names. Where
// shards are missing or incomplete, it says which, and changes nothing, but for a
// run.json of an earlier call, which it removes. It may be killed at any moment, and called
// again.
//
// No shard begins meanwhile. The error wraps [ErrInUse] where one is scanned now, and [ErrConservation] where what is
// there contradicts itself.
func Finish(ctx context.Context, path, version string, log *slog.Logger) (Ending, error) {
	return Open(path, queue.Shard{}, version, log).finish(ctx)
}

// finish is Finish for the directory.
func (d *Dir) finish(ctx context.Context) (_ Ending, err error) {
	if _, err := d.shards(); err != nil {
		return Ending{}, err // before the lock makes a file
	}
	claiming, err := durable.WaitLock(ctx, d.Path(claimLock))
	if err != nil {
		return Ending{}, err
	}
	defer func() { err = errors.Join(err, claiming.Unlock()) }()
	shards, err := d.shards()
	if err != nil {
		return Ending{}, err
	}
	switch scanned, err := d.scanned(shards); {
	case err != nil:
		return Ending{}, err
	case len(scanned) > 0 && shards == 1:
		return Ending{}, fmt.Errorf("%s is %w: wait for it", d.path, ErrInUse)
	case len(scanned) > 0:
		return Ending{}, fmt.Errorf("%s is %w: of its %d shards, these are being scanned: %s: wait for them", d.path,
			ErrInUse, shards, merge.Numbers(scanned))
	}
	if err := d.checkVersion(); err != nil {
		return Ending{}, err
	}
	if shards == 1 {
		return d.finishAlone(ctx)
	}
	return d.finishShards(ctx, shards)
}

// shards is in how many shards the run is: by its claim, else by its manifests; 1 where it was only prepared.
func (d *Dir) shards() (int, error) {
	begun, err := output.ManifestsIn(d.path)
	if err != nil {
		_, err = output.ReadManifests(d.path) // which says what to name
		return 0, err
	}
	claimed, err := output.ReadShards(d.path)
	if err != nil && !errors.Is(err, output.ErrShards) {
		return 0, err
	}
	numbers := slices.Sorted(maps.Keys(begun))
	shards := claimed.Number
	switch {
	case shards == 0 && len(numbers) == 0:
		if _, err := domains.ReadPlan(d.path); !errors.Is(err, fs.ErrNotExist) {
			return 1, err
		}
		_, err = output.ReadManifests(d.path)
		return 0, err
	case shards == 0 && len(numbers) == 2 && numbers[0] == 1 && d.unreadable():
		return numbers[1], nil
	case shards == 0:
		shards = numbers[0]
	}
	for _, other := range numbers {
		if other != shards && (other != 1 || !d.unreadable()) {
			return 0, fmt.Errorf("%s: %s is of a run in %d shards, and this one is in %d: run the scan of one of its "+
				"shards again, which sets it aside", d.path, begun[other][0], other, shards)
		}
	}
	return shards, nil
}

// unreadable reports whether run.json is none any more. That of several shards is made anew.
func (d *Dir) unreadable() bool {
	_, err := output.ReadManifest(d.Path(output.ManifestName(nil)))
	return errors.Is(err, output.ErrManifest)
}

// finishAlone says how a run without shards ended: its scan has done all that there is to do.
func (d *Dir) finishAlone(ctx context.Context) (Ending, error) {
	ending := Ending{Shards: 1}
	m, err := output.ReadManifest(d.Path(output.ManifestName(nil)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		ending.Open = []OpenShard{{0, neverBegun}}
		return ending, nil
	case err != nil:
		return ending, err
	case !m.Finished():
		plan, err := domains.ReadPlan(d.path)
		if err != nil {
			return ending, err
		}
		ending.Open = []OpenShard{{0, incomplete(m, plan, m.Shard)}}
		return ending, nil
	}
	d.RemoveChunks(ctx)
	ending.Manifest, ending.Already = m, true
	return ending, nil
}

// finishShards is Finish for a run in several shards.
func (d *Dir) finishShards(ctx context.Context, shards int) (Ending, error) {
	ending := Ending{Shards: shards}
	u := &union{dir: d, shards: shards, identities: make(map[string]int)}
	if err := u.read(ctx); err != nil {
		return ending, err
	}
	if ending.Open = u.open; u.open != nil { // what an earlier call said no longer holds
		return ending, unmerge(d.disk, d.path, &output.Shard{Of: shards}, d.log)
	}
	if now, err := output.ReadManifest(d.Path(output.ManifestName(nil))); err == nil && now.Merged != nil {
		ending.Already = !now.Altered && slices.Equal(now.Merged.Manifests, u.hashes)
		ending.Manifest = now
	}
	if !ending.Already {
		m, err := u.merged(ctx)
		if err != nil {
			return ending, err
		}
		isOurs := func(name string) bool { return name == m.Name() }
		if err := d.disk.Sweep(d.path, isOurs); err != nil {
			return ending, err
		}
		if err := m.WriteOn(d.disk, d.path); err != nil {
			return ending, err
		}
		// A shard on a machine that the locks do not reach may have gone on meanwhile.
		still, err := m.Merged.Matches(d.path, u.names())
		if err == nil && !still {
			err = fmt.Errorf("%s is %w: a shard has gone on meanwhile: finish it when that has ended", d.path, ErrInUse)
		}
		if err != nil {
			return ending, errors.Join(err, unmerge(d.disk, d.path, &output.Shard{Of: shards}, d.log))
		}
		ending.Manifest = m
	}
	return ending, domains.Locked(ctx, d.path, func() error { return domains.RemoveChunks(d.path) })
}
