package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/mirror"
	"stsscan/internal/output"
)

// Upload has the store follow what becomes of the record, beginning with the parts that it lacks. The context that it
// returns ends with ctx, or when a file could not be put: then the scan has to end. Without a store nothing happens.
func (d *Dir) Upload(ctx context.Context, r *Record) context.Context {
	if d.mirror == nil {
		return ctx
	}
	ctx, r.uploads = d.mirror.Start(ctx, d.disk.Permit)
	for _, k := range r.Numbers() {
		if name := output.PartName(k); !d.mirror.IsBrought(name) {
			r.uploads.File(name)
		}
	}
	return ctx
}

// upload puts the manifest, after what it tells of.
func (r *Record) upload() error {
	if r.uploads == nil {
		return nil
	}
	name := r.Manifest.Name()
	for _, side := range []string{
		domains.HistoryName(strings.TrimSuffix(name, ".json")), output.CrossCheckName(r.Manifest.Shard),
	} {
		_, err := os.Stat(filepath.Join(r.dir, side))
		if errors.Is(err, fs.ErrNotExist) {
			r.uploads.Remove(side)
			continue
		}
		if err := errors.Join(err, r.uploads.Now(side)); err != nil {
			return err
		}
	}
	if r.Manifest.Shard != nil { // what is said of all shards together is not so any more
		r.uploads.Remove(output.ManifestName(nil))
	}
	return r.uploads.Now(name)
}

// Stored waits until the store has all that was written. Its error wraps [ErrInUse] where another process scans the
// same shard, and else [mirror.ErrNotPut].
func (r *Record) Stored() error { return overtaken(r.uploads.Flush()) }

// Close is Stored for a run that has nothing left to do, of which the store may lack something.
func (r *Record) Close() error {
	if r.uploads == nil {
		return nil
	}
	err := r.uploads.Now(output.ManifestName(r.Manifest.Shard))
	return errors.Join(err, overtaken(r.uploads.Close()))
}

// overtaken says of an error that the run is in use, where another process has put what this one was to put.
func overtaken(err error) error {
	if errors.Is(err, mirror.ErrOvertaken) {
		return fmt.Errorf("%w: %w", ErrInUse, err)
	}
	return err
}
