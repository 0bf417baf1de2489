package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"stsscan/internal/claim"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/store"
)

// hold takes the claim of this shard, which keeps out processes on other machines, as the lock does those on this one.
// A run of one process needs none, unless it is in a store. The context that it returns ends when the claim is lost.
// The lock must be held.
func (d *Dir) hold(ctx context.Context) (held context.Context, release func(), err error) {
	if d.shard.Whole() && d.mirror == nil {
		return ctx, func() {}, nil
	}
	holder, err := claim.NewHolder(d.Path(lockName(d.Shard())))
	if err != nil {
		return nil, nil, err
	}
	c, err := claim.Take(ctx, claim.Config{
		Store: d.claimStore(), Name: claimName(d.Shard()), Holder: holder, Log: d.log,
	})
	switch {
	case errors.Is(err, claim.ErrHeld):
		return nil, nil, fmt.Errorf("shard %v of %s is %w", d.shard, d.claimStore(), err)
	case err != nil:
		return nil, nil, stopped(ctx, err)
	}
	d.disk.Permit = func() error { return c.Check(context.WithoutCancel(ctx)) }
	release = func() {
		if err := c.Release(context.WithoutCancel(ctx)); err != nil {
			d.log.Warn("the claim of the shard is not removed; it is void in 2 minutes", "error", err)
		}
	}
	if c.Elsewhere() {
		if err := d.disk.WriteFile(d.takenOver(), nil); err != nil {
			release()
			return nil, nil, err
		}
	}
	return c.While(ctx), release, nil
}

// claimStore has the claims: it is the store of the run, or else its directory.
func (d *Dir) claimStore() store.Store {
	if d.mirror != nil {
		return d.mirror.Store()
	}
	return store.NewDir(d.path)
}

// claimName is the claim of a shard.
func claimName(s *output.Shard) string {
	return "claim-" + strings.TrimPrefix(output.ManifestName(s), "run-")
}

// takenOver is a file that is there from the moment at which the work of a process on another machine is found, until
// its parts are taken over.
func (d *Dir) takenOver() string {
	return d.Path("." + strings.TrimSuffix(output.ManifestName(d.Shard()), ".json") + ".taken-over")
}

// elsewhere reports whether a process on another machine has worked on the shard: what it did last may be in no file
// that is here.
func (d *Dir) elsewhere() bool {
	_, err := os.Stat(d.takenOver())
	return !errors.Is(err, fs.ErrNotExist)
}

// takeOverLogs notes in the log of each part that lacks rows that its names may have been asked until now. So no policy
// is asked for again before --pass-delay has passed.
func (d *Dir) takeOverLogs(r *Record) error {
	if !d.elsewhere() {
		return nil
	}
	for k := range r.Plan.Parts {
		info, whole := r.parts[k]
		if !r.owns(k) || whole && info.Pending == 0 {
			continue
		}
		if err := r.Dataset.LogTakenOver(k, info.SHA256, time.Now()); err != nil {
			return err
		}
	}
	return d.disk.Remove(d.takenOver())
}

// Disk is what writes to the directory, as long as the shard is this process's.
func (d *Dir) Disk() durable.Disk { return d.disk }

// Stopped is why a scan ends where ctx has ended before its first question: [ErrStopped], or that its claim is lost.
func Stopped(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, claim.ErrLost) {
		return cause
	}
	return ErrStopped
}

// stopped is err, or [Stopped] where ctx may have led to it.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && err != nil {
		return Stopped(ctx)
	}
	return err
}
