package domains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A preparation is a prepare step under way. In the first pass, entries become
// names in a spool and their ranks; then repeats are found; in the second pass
// the names of the spool that are no repeats are written into chunks.
type preparation struct {
	cfg     *PrepareConfig
	rules   Rules
	chunks  string // directory
	plan    *Plan
	rejects *rejects
	spool   *os.File
	packed  *packedWriter
	repeats *repeatFinder
	sawCSV  bool
	name    []byte // scratch
	line    []byte // scratch
}

func newPreparation(cfg *PrepareConfig) *preparation {
	chunks := filepath.Join(cfg.Dir, chunksDir)
	return &preparation{
		cfg:     cfg,
		rules:   Rules{AllowSpecialUse: cfg.AllowSpecialUse},
		chunks:  chunks,
		repeats: newRepeatFinder(chunks, cfg.MemoryBudget),
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
	repeated := newBitmap(p.plan.Entries)
	if err := p.repeats.mark(ctx, repeated); err != nil {
		return nil, err
	}
	p.plan.PartSize = cmp.Or(p.cfg.PartSize, partSize(p.plan.Entries))
	p.plan.Parts = int(partCount(p.plan.Entries, p.plan.PartSize))
	if err := p.writeChunks(ctx, repeated); err != nil {
		return nil, err
	}
	if err := p.plan.check(); err != nil {
		return nil, err
	}
	// Which is why a plan is a finished one: everything else is there.
	if err := p.rejects.commit(); err != nil {
		return nil, err
	}
	if err := p.removeSpool(); err != nil {
		return nil, err
	}
	return p.plan, p.plan.write(p.cfg.Disk)
}

// readLists is the first pass.
func (p *preparation) readLists(ctx context.Context) (err error) {
	if p.rejects, err = createRejects(p.cfg.Disk, p.cfg.Dir); err != nil {
		return err
	}
	if p.spool, err = os.OpenFile(filepath.Join(p.chunks, temporaryPrefix+"spool"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	if p.packed, err = newPackedWriter(); err != nil {
		return err
	}
	p.packed.begin(p.spool)
	heard := p.cfg.heard(ctx)
	for i, l := range p.cfg.Lists {
		if err := p.readList(i, l, heard); err != nil {
			return err
		}
	}
	if valid := p.plan.Entries - p.plan.Rejected; valid == p.plan.Excluded {
		return fmt.Errorf("no domain left to survey: all %d are excluded", valid)
	}
	return p.packed.finish()
}

func (p *preparation) readList(i int, l List, heard func(int64) error) (err error) {
	src, err := open(l.Path, p.cfg.Stdin, p.chunks, heard)
	if err != nil {
		return err
	}
	defer func() { err = with(err, src.Close()) }()
	in := Input{Name: l.Path}
	read := !p.full(&in)
	if read {
		if err := p.readEntries(i, &in, src); err != nil {
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

// full says whether the limit is reached.
func (p *preparation) full(in *Input) bool {
	return p.cfg.Limit > 0 && p.plan.Entries+in.Entries >= p.cfg.Limit
}

func (p *preparation) readEntries(i int, in *Input, src *Source) error {
	layout := Layout{Format: p.cfg.Format, DomainColumn: p.cfg.DomainColumn, Tags: p.cfg.Tags}
	r, err := NewReader(in.Name, src, layout)
	if err != nil {
		return err
	}
	in.Format = r.Format()
	p.sawCSV = p.sawCSV || in.Format == FormatCSV
	if last := i == len(p.cfg.Lists)-1; last && p.cfg.needsCSV() && !p.sawCSV {
		return fmt.Errorf("%s: a %s list has no columns to choose from or to carry", in.Name, in.Format)
	}
	in.Reasons = make(map[Reason]int64)
	var e Entry
	for !p.full(in) {
		if err := r.Next(&e); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := p.take(i, in, &e); err != nil {
			return err
		}
	}
	in.Skipped = r.Skipped()
	return nil
}

// take takes in one entry, which uses up a rank whatever becomes of it.
func (p *preparation) take(i int, in *Input, e *Entry) error {
	in.Entries++
	rank := p.plan.Entries + in.Entries
	reason := e.Reason
	if reason == "" {
		p.name, reason = p.rules.appendName(p.name[:0], e.Text)
	}
	if reason != "" {
		in.Rejected++
		in.Reasons[reason]++
		return p.rejects.write(in.Name, e, rank, reason)
	}
	if p.cfg.Exclude.domain(p.name) {
		in.Excluded++
		return p.rejects.write(in.Name, e, rank, ReasonExcluded)
	}
	rec := record{rank: rank, listRank: e.ListRank, list: i, domain: p.name, tags: e.Tags}
	p.line = appendRecord(p.line[:0], rec, len(p.cfg.Tags))
	if _, err := p.packed.Write(p.line); err != nil {
		return err
	}
	return p.repeats.add(rank, p.name)
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
func (p *preparation) writeChunks(ctx context.Context, repeated bitmap) error {
	if _, err := p.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := newPackedReader(p.spool)
	if err != nil {
		return err
	}
	defer r.close()
	w, err := newPackedWriter()
	if err != nil {
		return err
	}
	c := &chunkWriter{prep: p, spool: r, packed: w, repeated: repeated}
	if err := c.advance(); err != nil {
		return err
	}
	for k := range p.plan.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := c.writeChunk(k)
		if err != nil {
			return err
		}
		p.plan.Chunks = append(p.plan.Chunks, info)
	}
	if !c.done {
		return fmt.Errorf("%s: rank %d is beyond the last part", p.spool.Name(), c.next.rank)
	}
	return nil
}

// removeSpool closes and removes the spool, if there is one.
func (p *preparation) removeSpool() error {
	if p.spool == nil {
		return nil
	}
	spool := p.spool
	p.spool = nil
	return with(spool.Close(), os.Remove(spool.Name()))
}

// abort gives up what is not finished.
func (p *preparation) abort() error {
	errs := []error{p.removeSpool(), p.repeats.close()}
	if p.rejects != nil {
		errs = append(errs, p.rejects.file.Abort())
	}
	return errors.Join(errs...)
}
