package domains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"stsscan/internal/duplicates"
)

// A preparation is a prepare step under way. In the first pass, entries become
// names in a spool, with their ranks, and hashes; then duplicates are found; in the
// second pass the blocks of the spool are copied into chunks, without the
// duplicates.
type preparation struct {
	cfg     *PrepareConfig
	repair  *repair // nil: the run directory is prepared for the first time
	rules   Rules   // of the list that is being read
	chunks  string  // directory
	plan    *Plan
	rejects *rejects
	spool   *spool
	finder  *duplicates.Finder
	entries int64  // of all lists, so far
	columns bool   // a list had some
	name    []byte // scratch
}

func newPreparation(cfg *PrepareConfig) *preparation {
	chunks := filepath.Join(cfg.Dir, chunksDir)
	return &preparation{
		cfg:    cfg,
		rules:  Rules{AllowSpecialUse: cfg.AllowSpecialUse},
		chunks: chunks,
		finder: duplicates.NewFinder(filepath.Join(chunks, temporaryPrefix), cfg.MemoryBudget),
		plan: &Plan{
			Version: planVersion, Format: cfg.Format, DomainColumn: cfg.DomainColumn, Tags: cfg.Tags, Limit: cfg.Limit,
			AllowSpecialUse: cfg.AllowSpecialUse, Exclusions: cfg.Exclude.SHA256(), dir: cfg.Dir,
		},
	}
}

func (p *preparation) run(ctx context.Context) (*Plan, error) {
	if err := p.readLists(ctx); err != nil {
		return nil, err
	}
	p.cfg.report(Progress{Stage: StageRepeats, Entries: p.entries})
	duplicate, err := p.findDuplicates(ctx)
	if err != nil {
		return nil, err
	}
	p.plan.PartSize = cmp.Or(p.cfg.PartSize, partSize(p.plan.Entries))
	p.plan.Parts = int(partCount(p.plan.Entries, p.plan.PartSize))
	if err := p.repair.checkPlan(p.plan); err != nil {
		return nil, err
	}
	if err := p.writeChunks(ctx, duplicate); err != nil {
		return nil, err
	}
	if err := p.plan.check(); err != nil {
		return nil, err
	}
	// Which is why a plan is a finished one: everything else is there.
	if p.plan.Rejects, err = p.rejects.commit(); err != nil {
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

// writeExcluded keeps who was excluded: whoever takes up the run must exclude them
// too.
func (p *preparation) writeExcluded() error {
	entries := p.cfg.Exclude.entries()
	if len(entries) == 0 {
		return nil
	}
	return p.cfg.Disk.WriteFile(filepath.Join(p.chunks, entriesFile), []byte(strings.Join(entries, "\n")+"\n"))
}

// readLists is the first pass.
func (p *preparation) readLists(ctx context.Context) (err error) {
	if p.rejects, err = createRejects(p.cfg.Disk, p.cfg.Dir); err != nil {
		return err
	}
	if p.spool, err = createSpool(p.chunks, p.cfg.PartSize); err != nil {
		return err
	}
	heard := p.cfg.onRead(ctx, func() int64 { return p.entries })
	for i, l := range p.cfg.Lists {
		if err := p.readList(i, l, heard); err != nil {
			return err
		}
	}
	if valid := p.plan.Entries - p.plan.Rejected; valid == p.plan.Excluded {
		return fmt.Errorf("no domain left to survey: all %d are excluded", valid)
	}
	return p.spool.flush()
}

func (p *preparation) readList(i int, l List, heard func(int64) error) (err error) {
	src, err := open(l.Path, p.cfg.Stdin, p.chunks, heard)
	if err != nil {
		return err
	}
	defer func() { err = joinErrors(err, src.Close()) }()
	in := Input{Name: p.repair.listName(i, l)}
	read := !p.limitReached()
	if read {
		if err := p.readEntries(i, &in, src, heard); err != nil {
			return err
		}
	}
	if in.SHA256, in.Bytes, err = src.Sum(); err != nil {
		return err
	}
	if read && in.Entries == in.Rejected {
		return noName(&in)
	}
	p.plan.Inputs = append(p.plan.Inputs, in)
	p.plan.Counts.add(in.Counts)
	return nil
}

// limitReached says whether the limit is reached.
func (p *preparation) limitReached() bool { return p.cfg.Limit > 0 && p.entries >= p.cfg.Limit }

func (p *preparation) readEntries(i int, in *Input, src *Source, heard func(int64) error) error {
	layout := Layout{Format: p.cfg.Format, DomainColumn: p.cfg.DomainColumn, Tags: p.cfg.Tags}
	r, err := NewReader(in.Name, src, layout)
	if err != nil {
		return err
	}
	in.Format = r.Format()
	p.rules.AllowUnderscore = in.Format.hasUnderscores()
	p.columns = p.columns || in.Format.hasColumns()
	if last := i == len(p.cfg.Lists)-1; last && p.cfg.needsColumns() && !p.columns {
		return fmt.Errorf("%s: a %s list has no columns to choose from or to carry", in.Name, in.Format)
	}
	in.Reasons = make(map[Reason]int64)
	var e Entry
	for !p.limitReached() {
		if err := r.Next(&e); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := p.addEntry(i, in, &e); err != nil {
			return err
		}
		if p.entries%reportEvery == 0 {
			if err := heard(0); err != nil {
				return err
			}
		}
	}
	in.Skipped = r.Skipped()
	return heard(0)
}

// addEntry takes in one entry, which uses up a rank whatever becomes of it.
func (p *preparation) addEntry(i int, in *Input, e *Entry) error {
	in.Entries++
	p.entries++
	rank := p.entries
	name, reason := e.Text, e.Reason
	if e.tld > 0 {
		reason = p.rules.checkName(name, e.tld)
	} else if reason == "" {
		p.name, reason = p.rules.appendName(p.name[:0], e.Text)
		name = p.name
	}
	if in.Format == FormatRows {
		if err := mustBeName(in, e, name, reason); err != nil {
			return err
		}
	}
	if reason != "" {
		in.Rejected++
		in.Reasons[reason]++
		return p.rejects.write(in.Name, e, rank, reason)
	}
	if p.cfg.Exclude.domain(name) {
		in.Excluded++
		return p.rejects.write(in.Name, e, rank, ReasonExcluded)
	}
	if err := p.spool.add(i, rank, e, name, len(p.cfg.Tags)); err != nil {
		return err
	}
	return p.finder.Add(rank, name)
}

// findDuplicates gives the ranks of the names that have a lower rank too; nil: there are none.
func (p *preparation) findDuplicates(ctx context.Context) (duplicates.Bitmap, error) {
	return p.finder.Find(ctx, p.plan.Entries, func(
		candidates duplicates.Bitmap, add func(rank int64, name []byte) error,
	) error {
		return p.spool.names(candidates, len(p.cfg.Tags), add)
	})
}

// noName is the error of a list without one valid name.
func noName(in *Input) error {
	if in.Entries == 0 {
		return fmt.Errorf("%s: no domain in it", in.Name)
	}
	reasons := slices.SortedFunc(maps.Keys(in.Reasons), func(a, b Reason) int {
		return cmp.Or(cmp.Compare(in.Reasons[b], in.Reasons[a]), cmp.Compare(a, b))
	})
	var most []string
	for _, r := range reasons[:min(len(reasons), 3)] {
		most = append(most, fmt.Sprintf("%s %d", r, in.Reasons[r]))
	}
	return fmt.Errorf("%s: no valid domain among %d entries (%s)", in.Name, in.Entries, strings.Join(most, ", "))
}

// writeChunks is the second pass.
func (p *preparation) writeChunks(ctx context.Context, duplicate duplicates.Bitmap) error {
	c := &chunkWriter{prep: p, blocks: p.spool.blocks(), duplicate: duplicate}
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

// abort gives up what is not finished.
func (p *preparation) abort() error {
	errs := []error{p.finder.Close()}
	if p.spool != nil {
		errs = append(errs, p.spool.close())
	}
	if p.rejects != nil {
		errs = append(errs, p.rejects.file.Abort())
	}
	return errors.Join(errs...)
}
