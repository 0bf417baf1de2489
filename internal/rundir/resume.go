package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// ErrNotPrepared says that the names of a shard are not there.
var ErrNotPrepared = errors.New("is not prepared")

// Resume finds the whole parts of this shard, and the names of the others in the chunks of [Dir.PrepareLists]. It reads
// no list, and no other chunk. Its error wraps [ErrNotPrepared] where a name that has no row is not there.
func (d *Dir) Resume(ctx context.Context, scan Scan, excluded *domains.ExclusionFile) (record *Record, err error) {
	if d.previous, err = d.readPrevious(); err != nil {
		return nil, err
	}
	plan, err := domains.ReadPlan(d.path)
	if err != nil {
		return nil, d.notPrepared(err)
	}
	if record, err = d.newRecord(ctx, plan, scan, excluded); err != nil {
		return nil, err
	}
	if err := d.reopen(ctx, record); err != nil {
		return nil, err
	}
	if err := d.bringChunks(ctx, record); err != nil {
		return nil, stopped(ctx, err)
	}
	for k := range plan.Parts {
		if ctx.Err() != nil {
			return nil, Stopped(ctx)
		}
		if !record.lacks(k) {
			continue
		}
		err := plan.CheckChunk(k)
		switch {
		case err == nil:
		case d.reopened:
			err = d.notPrepared(err)
			return nil, errors.Join(err, d.restate(output.StatusIncomplete, err.Error()))
		default:
			return nil, d.notPrepared(err)
		}
	}
	return record, nil
}

// notPrepared says what to do where the plan or a chunk is damaged or gone.
func (d *Dir) notPrepared(cause error) error {
	if errors.Is(cause, domains.ErrOtherProgram) {
		return cause
	}
	why := "is damaged"
	if errors.Is(cause, fs.ErrNotExist) {
		why = "is gone"
	}
	return fmt.Errorf("%s %w: what stsscan prepare made %s (%w): run it again with the same lists", d.path,
		ErrNotPrepared, why, cause)
}
