package rundir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/mirror"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/store"
)

// A Fetched is what became of the parts of a run that was fetched from a store.
type Fetched struct {
	Parts  int      // that are here now, and are the ones that the manifests list
	Octets int64    // of them
	Open   []string // in words, why this is not the whole run; nil: it is
}

// Fetch brings the run in a store to a directory, without the prepared names. A file that is here already is not
// brought again. The manifests are written last. Parts that are not the ones that the manifests list are left out: as
// long as the run is scanned, there may be some. A directory in which shards are scanned is [ErrInUse].
func Fetch(ctx context.Context, s store.Store, path string, log *slog.Logger) (Fetched, error) {
	d := Open(path, queue.Shard{}, "", log)
	d.KeepIn(s)
	fetched, err := d.fetch(ctx)
	return fetched, stopped(ctx, err)
}

func (d *Dir) fetch(ctx context.Context) (_ Fetched, err error) {
	if err := d.mirror.Look(ctx); err != nil {
		return Fetched{}, err
	}
	if !d.isStored(output.ShardsFile) {
		return Fetched{}, fmt.Errorf("%s: no %s: %w: name the --store of a scan", d.mirror, output.ShardsFile,
			fs.ErrNotExist)
	}
	if err := durable.MakeDir(d.path); err != nil {
		return Fetched{}, err
	}
	claiming, err := durable.WaitLock(ctx, d.Path(claimLock))
	if err != nil {
		return Fetched{}, err
	}
	defer func() { err = errors.Join(err, claiming.Unlock()) }()
	if err := d.bringShards(ctx); err != nil {
		return Fetched{}, err
	}
	claimed, err := output.ReadShards(d.path)
	if err != nil {
		return Fetched{}, err
	}
	if alive, err := d.alive(claimed.Number); err != nil || alive {
		return Fetched{}, errors.Join(err, fmt.Errorf("%s is %w: it is scanned: use another directory", d.path, ErrInUse))
	}
	f := &fetching{dir: d, shards: claimed.Number}
	if err := f.readManifests(ctx); err != nil {
		return f.done, err
	}
	if err := f.bringLists(ctx); err != nil {
		return f.done, err
	}
	for _, m := range f.manifests {
		for _, part := range m.Parts {
			if err := f.bringPart(ctx, part); err != nil {
				return f.done, err
			}
		}
	}
	return f.done, f.writeManifests()
}

// A fetching is one call of Fetch.
type fetching struct {
	dir       *Dir
	shards    int
	manifests []*output.Manifest // of the shards that have one, in order
	texts     []text             // of all manifests
	done      Fetched
}

// A text is the content of a file.
type text struct {
	name    string
	content []byte
}

func (f *fetching) open(format string, args ...any) {
	f.done.Open = append(f.done.Open, fmt.Sprintf(format, args...))
}

// readManifests reads the manifests of the shards, and says which shards are not finished.
func (f *fetching) readManifests(ctx context.Context) error {
	for index := range f.shards {
		var shard *output.Shard
		words := "the run"
		if f.shards > 1 {
			shard = &output.Shard{Index: index, Of: f.shards}
			words = fmt.Sprintf("shard %d/%d", index, f.shards)
		}
		name := output.ManifestName(shard)
		content, err := f.read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			f.open("%s: never begun", words)
			continue
		}
		if err != nil {
			return err
		}
		m, err := output.ParseManifest(f.dir.Path(name), content)
		if err != nil {
			return err
		}
		if !m.Finished() {
			f.open("%s: %s: of its parts, %d are there", words, m.Status, len(m.Parts))
		}
		f.manifests = append(f.manifests, m)
	}
	if f.shards == 1 {
		return nil
	}
	_, err := f.read(ctx, output.ManifestName(nil)) // of all shards, the last one
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// read reads a manifest, which is written later.
func (f *fetching) read(ctx context.Context, name string) ([]byte, error) {
	if !f.dir.isStored(name) {
		return nil, fs.ErrNotExist
	}
	content, err := f.dir.mirror.Read(ctx, name)
	if err == nil {
		f.texts = append(f.texts, text{name, content})
	}
	return content, err
}

// bringLists brings what tells of the lists and of those who opted out, and what cross-checks have found.
func (f *fetching) bringLists(ctx context.Context) error {
	names := append(preparedFiles(), f.dir.mirror.Names(isHistory)...)
	for _, m := range f.manifests {
		names = append(names, output.CrossCheckName(m.Shard))
	}
	for _, name := range names {
		if err := f.dir.mirror.Bring(ctx, name); err != nil {
			return err
		}
	}
	plan, err := domains.ReadPlan(f.dir.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.open("the lists are not prepared")
		return nil
	}
	if err == nil {
		err = errors.Join(plan.CheckRejects(), plan.CheckDuplicates())
	}
	return err
}

// bringPart brings the part that a manifest lists, unless it is here.
func (f *fetching) bringPart(ctx context.Context, part output.PartInfo) error {
	if k, ok := output.PartNumber(part.Name); !ok || k != part.Part {
		return fmt.Errorf("a manifest in %s lists part %d as %q: %w", f.dir.mirror, part.Part, part.Name,
			output.ErrManifest)
	}
	sum, err := sumOf(f.dir.Path(part.Name))
	if err != nil {
		return err
	}
	if sum != part.SHA256 {
		content, err := f.dir.mirror.Read(ctx, part.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.open("%s: it is gone", part.Name)
			return nil
		case errors.Is(err, store.ErrDamaged):
			f.open("%s: it is damaged", part.Name)
			return nil
		case err != nil:
			return err
		}
		if now := sha256.Sum256(content); hex.EncodeToString(now[:]) != part.SHA256 {
			f.open("%s: it is not the one that its manifest lists: it was written anew, or is damaged", part.Name)
			return nil
		}
		if err := f.dir.mirror.WriteFile(part.Name, content); err != nil {
			return err
		}
		f.dir.log.Debug("a part is fetched", "part", part.Name)
	}
	f.done.Parts++
	f.done.Octets += part.Bytes
	return nil
}

// writeManifests writes the manifests, when everything that they tell of is here.
func (f *fetching) writeManifests() error {
	if merged := output.ManifestName(nil); f.shards > 1 && !f.dir.isStored(merged) {
		if err := os.Remove(f.dir.Path(merged)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // that of an earlier fetch; a shard was scanned again since
		}
	}
	for _, t := range f.texts {
		if err := f.dir.mirror.WriteFile(t.name, t.content); err != nil {
			return err
		}
	}
	return nil
}

// sumOf is the SHA-256 of a file, in hexadecimal; "" if it is not there.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}

// FinishStored is [Finish] for a run in a store. It fetches the run to the directory path, finishes it there, puts the
// manifest of all shards, and removes the prepared names from the store. If a shard is scanned again meanwhile, the
// error wraps [ErrInUse].
func FinishStored(ctx context.Context, s store.Store, path, version string, log *slog.Logger) (Ending, error) {
	d := Open(path, queue.Shard{}, version, log)
	d.KeepIn(s)
	if _, err := d.fetch(ctx); err != nil {
		return Ending{}, stopped(ctx, err)
	}
	ending, err := d.finish(ctx)
	if err != nil || ending.Open != nil {
		return ending, err
	}
	return ending, stopped(ctx, d.putFinished(ctx))
}

// putFinished puts what a finished run has that its shards have not put.
func (d *Dir) putFinished(ctx context.Context) error {
	err := d.mirror.PutFile(ctx, output.ManifestName(nil))
	if errors.Is(err, mirror.ErrOvertaken) {
		return fmt.Errorf("%s is %w: it was finished by another one at the same time: run it again", d.mirror, ErrInUse)
	}
	if err != nil {
		return err
	}
	shards := d.mirror.Names(func(name string) bool {
		shard, ok := output.ManifestShard(name)
		return ok && shard != nil
	})
	if changed, err := d.mirror.Changed(ctx, shards...); err != nil || changed {
		err = errors.Join(err, d.mirror.Remove(ctx, output.ManifestName(nil)))
		return errors.Join(fmt.Errorf("%s is %w: a shard is scanned again: wait for it", d.mirror, ErrInUse), err)
	}
	return d.mirror.RemoveAll(ctx, chunksPrefix)
}
