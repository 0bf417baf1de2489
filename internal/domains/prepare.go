package domains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stsscan/internal/duplicates"
	"stsscan/internal/durable"
)

// Prepare reads the lists of a run once, in order, and leaves their names in the run directory, in chunks. The
// chunk of part k has the names of the ranks k*PartSize+1 to (k+1)*PartSize. Rejected and excluded entries are
// listed in [RejectsFile]. Of duplicates, the first one counts; those with other tags are listed in [DuplicatesFile].
//
// If the run directory has a plan already, the lists are only read to see whether they are the same; if not, the
// error wraps [ErrOtherInput] and says what differs. The Exclusions may have grown; if an entry is gone, the
// error wraps [ErrEntryGone]. The chunks that are needed are read, too: if one of them, the plan or one of these
// files is damaged or gone, and the lists are the same, they are prepared again. An unfinished plan is begun again. If
// another process prepares the same directory, Prepare waits for it.
//
// A list without a valid name is an error. After an error there is no plan. Prepare stops soon after ctx is done,
// but not while a read of standard input blocks.
func Prepare(ctx context.Context, cfg PrepareConfig) (*Plan, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	plan, wrong, err := cfg.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if plan != nil && wrong == nil {
		return cfg.reuse(ctx, plan)
	}
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, err
	}
	cfg.report(Progress{Stage: StageWait})
	err = Locked(ctx, cfg.Dir, func() error {
		plan, err = cfg.prepareLocked(ctx)
		return err
	})
	return plan, err
}

// Locked waits until no process prepares the run directory dir, and calls do while none can begin to.
func Locked(ctx context.Context, dir string, do func() error) error {
	lock, err := durable.WaitLock(ctx, filepath.Join(dir, lockFile))
	if err != nil {
		return err
	}
	return durable.JoinErrors(do(), lock.Unlock())
}

// RemoveChunks removes the names of a run that is complete, and leaves its plan. [Prepare] makes them again from the
// same lists. It is called by way of [Locked].
func RemoveChunks(dir string) error { return os.RemoveAll(filepath.Join(dir, ChunksDir)) }

// prepareLocked prepares the run directory, unless another process did so while this one waited for the lock.
func (cfg *PrepareConfig) prepareLocked(ctx context.Context) (*Plan, error) {
	plan, wrong, err := cfg.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if plan != nil && wrong == nil {
		return cfg.reuse(ctx, plan)
	}
	repair, err := cfg.newRepair(plan, wrong)
	if err != nil {
		return nil, err
	}
	if err := cfg.sweep(repair == nil); err != nil {
		return nil, err
	}
	p := newPreparation(cfg)
	p.repair = repair
	if err := os.MkdirAll(p.chunks, 0o755); err != nil {
		return nil, err
	}
	plan, err = p.run(ctx)
	if err == nil {
		return plan, nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("prepare %s: %w", cfg.Dir, context.Cause(ctx))
	}
	return nil, durable.JoinErrors(err, errors.Join(p.abort(), cfg.sweep(repair == nil)))
}

// run does both passes and writes the plan.
func (p *preparation) run(ctx context.Context) (*Plan, error) {
	if err := p.readLists(ctx); err != nil {
		return nil, err
	}
	p.cfg.report(Progress{Stage: StageRepeats, Entries: p.entries})
	duplicate, err := p.findDuplicates(ctx)
	if err != nil {
		return nil, err
	}
	p.plan.PartSize = cmp.Or(p.cfg.PartSize, partSize(p.plan.Entries, p.cfg.ManyParts))
	p.plan.Parts = int(partCount(p.plan.Entries, p.plan.PartSize))
	if err := p.repair.checkPlan(p.plan, p.cfg.Lists); err != nil {
		return nil, err
	}
	if err := p.writeChunks(ctx, duplicate); err != nil {
		return nil, err
	}
	if err := p.plan.check(); err != nil {
		return nil, err
	}
	// The plan comes last: where there is one, everything else is there.
	if p.plan.Rejects, err = p.rejects.commit(); err != nil {
		return nil, err
	}
	if p.plan.DuplicatesSHA256, err = p.others.commit(); err != nil {
		return nil, err
	}
	if err := p.spool.close(); err != nil {
		return nil, err
	}
	if err := p.writeExcluded(); err != nil {
		return nil, err
	}
	return p.plan, p.plan.write(p.cfg.Disk)
}

// writeExcluded keeps the Exclusions: a process that resumes the run must exclude them too.
func (p *preparation) writeExcluded() error {
	entries := p.cfg.Exclude.entries()
	if len(entries) == 0 {
		return nil
	}
	return p.cfg.Disk.WriteFile(filepath.Join(p.cfg.Dir, EntriesFile), []byte(strings.Join(entries, "\n")+"\n"))
}

// findDuplicates returns the ranks of the names that have a lower rank too; nil: there are none.
func (p *preparation) findDuplicates(ctx context.Context) (duplicates.Bitmap, error) {
	return p.finder.Find(ctx, p.plan.Entries, func(
		candidates duplicates.Bitmap, add func(rank int64, name, tags []byte) error,
	) error {
		return p.spool.names(candidates, len(p.cfg.Tags), add)
	}, p.others.found())
}

// writeChunks is the second pass.
func (p *preparation) writeChunks(ctx context.Context, duplicate duplicates.Bitmap) error {
	c := &chunkWriter{cfg: p.cfg, plan: p.plan, spool: p.spool, blocks: p.spool.blocks(), duplicate: duplicate,
		others: p.others}
	if p.repair.knowsPlan() { // the other chunks are not needed, or those of other shards
		c.needs = p.cfg.Needs
	}
	if err := c.advance(); err != nil {
		return err
	}
	for k := range p.plan.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.cfg.report(Progress{Stage: StageWrite, Done: int64(k), Total: int64(p.plan.Parts), Entries: p.entries})
		info, err := c.writeChunk(k)
		if err != nil {
			return err
		}
		p.plan.Chunks = append(p.plan.Chunks, info)
	}
	if !c.atEnd {
		return p.spool.wrap(fmt.Errorf("rank %d is beyond the last part", c.blocks.h.first))
	}
	return nil
}

// sweep removes the files of an unfinished preparation. With all, it removes the chunks too, which other shards
// may be reading.
func (cfg *PrepareConfig) sweep(all bool) error {
	ours := func(name string) bool {
		return name == RejectsFile || name == DuplicatesFile || name == PlanFile || name == EntriesFile
	}
	if err := cfg.Disk.Sweep(cfg.Dir, ours); err != nil {
		return err
	}
	chunks := filepath.Join(cfg.Dir, ChunksDir)
	if err := cfg.Disk.Sweep(chunks, nil); err != nil {
		return err
	}
	if all {
		for _, name := range []string{EntriesFile, DuplicatesFile} { // others are always written anew
			if err := cfg.Disk.Remove(filepath.Join(cfg.Dir, name)); err != nil {
				return err
			}
		}
		entries, err := os.ReadDir(chunks)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if ok, _ := filepath.Match("chunk-*", e.Name()); !ok {
				continue
			}
			if err := cfg.Disk.Remove(filepath.Join(chunks, e.Name())); err != nil {
				return err
			}
		}
	}
	_ = os.Remove(chunks) // if nothing is in it
	return nil
}
