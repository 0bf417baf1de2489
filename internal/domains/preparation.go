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
	"stsscan/internal/durable"
	"stsscan/internal/listfile"
	"stsscan/internal/suffixes"
)

// A preparation is a run of [Prepare]. The first pass turns entries into names in a spool, with their ranks. Then
// duplicates are found. The second pass copies the blocks of the spool into chunks, without the duplicates.
type preparation struct {
	cfg     *PrepareConfig
	repair  *repair // nil: the run directory is prepared for the first time
	rules   Rules   // for the current list
	chunks  string  // directory
	temp    string  // begins the paths of temporary files
	plan    *Plan
	rejects *rejects
	spool   *spool
	finder  *duplicates.Finder
	public  *suffixes.List // nil: names stay as they are given
	others  *otherTags     // nil: there are no tags
	entries int64          // of all lists, so far
	columns bool           // a list had columns
	name    []byte         // scratch
}

func newPreparation(cfg *PrepareConfig) *preparation {
	chunks := filepath.Join(cfg.Dir, ChunksDir)
	var public *suffixes.List
	if cfg.Names == NamesRegistered {
		public = suffixes.NewList()
	}
	temp := filepath.Join(chunks, durable.TemporaryPrefix)
	return &preparation{
		cfg:    cfg,
		rules:  Rules{AllowSpecialUse: cfg.AllowSpecialUse, StrictNames: cfg.StrictNames},
		public: public,
		chunks: chunks,
		temp:   temp,
		finder: duplicates.NewFinder(temp, cfg.MemoryBudget),
		plan: &Plan{
			Version: planVersion, Format: cfg.Format, DomainColumn: cfg.DomainColumn, Tags: cfg.Tags, Limit: cfg.Limit,
			AllowSpecialUse: cfg.AllowSpecialUse, StrictNames: cfg.StrictNames, Registered: public != nil,
			Exclusions: cfg.Exclude.SHA256(), dir: cfg.Dir,
		},
	}
}

// readLists is the first pass.
func (p *preparation) readLists(ctx context.Context) (err error) {
	if p.rejects, err = createRejects(p.cfg.Disk, p.cfg.Dir); err != nil {
		return err
	}
	if p.spool, err = createSpool(p.chunks, p.cfg.PartSize, p.cfg.ManyParts); err != nil {
		return err
	}
	if len(p.cfg.Tags) > 0 {
		if p.others, err = createOtherTags(p.cfg.Disk, p.plan, p.temp); err != nil {
			return err
		}
	}
	onRead := p.cfg.onRead(ctx, func() int64 { return p.entries })
	for i, l := range p.cfg.Lists {
		if err := p.readList(i, l, onRead); err != nil {
			return err
		}
	}
	if valid := p.plan.Entries - p.plan.Rejected; valid == p.plan.Excluded && !p.repair.knowsPlan() {
		return fmt.Errorf("no domain left to survey: all %d are excluded: see the file of --exclude", valid)
	}
	return p.spool.flush()
}

func (p *preparation) readList(i int, l List, onRead func(int64) error) (err error) {
	src, err := listfile.Open(l.Path, listfile.Options{Stdin: p.cfg.Stdin, Temp: p.temp, OnRead: onRead})
	if err != nil {
		return err
	}
	defer func() { err = durable.JoinErrors(err, src.Close()) }()
	in := Input{Name: p.repair.listName(i, l), LeftOut: printables(src.LeftOut())}
	read := !p.limitReached()
	if read {
		if err := p.readEntries(i, &in, src, onRead); err != nil {
			return err
		}
	}
	if in.SHA256, in.Bytes, err = src.Sum(); err != nil {
		return err
	}
	if read && in.Entries == in.Rejected && !p.repair.knowsPlan() {
		return noName(&in)
	}
	p.plan.Inputs = append(p.plan.Inputs, in)
	p.plan.Counts.add(in.Counts)
	return nil
}

// limitReached says whether the limit is reached.
func (p *preparation) limitReached() bool { return p.cfg.Limit > 0 && p.entries >= p.cfg.Limit }

func (p *preparation) readEntries(i int, in *Input, src *listfile.Source, onRead func(int64) error) error {
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
	in.Reasons, in.Taken = make(map[Reason]int64), make(map[Reason]int64)
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
			if err := onRead(0); err != nil {
				return err
			}
		}
	}
	in.Skipped = r.Skipped()
	return onRead(0)
}

// addEntry handles one entry, which uses up a rank in any case.
func (p *preparation) addEntry(i int, in *Input, e *Entry) error {
	in.Entries++
	p.entries++
	rank := p.entries
	if err := p.others.addLine(e.Line); err != nil {
		return err
	}
	name, kind, reason := e.Text, Reason(""), e.Reason
	switch {
	case e.tld > 0:
		reason = p.rules.checkName(name, e.tld)
	case reason == "" && in.Format.hasHosts():
		p.name, kind, reason = p.rules.appendEntry(p.name[:0], e.Text)
		name = p.name
	case reason == "":
		p.name, reason = p.rules.appendName(p.name[:0], e.Text)
		name = p.name
	}
	if in.Format == FormatRows {
		if err := mustBeName(in.Name, e, name, reason); err != nil {
			return err
		}
	}
	if reason == "" && p.cfg.Exclude.domain(name) {
		reason = ReasonExcluded
	}
	if reason == "" && p.public != nil {
		name, reason = p.registered(name)
	}
	if reason != "" {
		return p.leaveOut(in, e, rank, reason)
	}
	if kind != "" {
		in.Taken[kind]++
	}
	if err := p.spool.add(i, rank, e, name, len(p.cfg.Tags)); err != nil {
		return err
	}
	return p.finder.Add(rank, name)
}

// registered returns the registered domain of a name. It must not have opted out, either.
func (p *preparation) registered(name []byte) ([]byte, Reason) {
	domain := p.public.RegisteredDomain(string(name))
	name = name[len(name)-len(domain):]
	switch {
	case domain == "":
		return nil, ReasonPublicSuffix
	case p.cfg.Exclude.domain(name):
		return nil, ReasonExcluded
	}
	return name, ""
}

// leaveOut rejects an entry, or excludes it.
func (p *preparation) leaveOut(in *Input, e *Entry, rank int64, reason Reason) error {
	if reason == ReasonExcluded {
		in.Excluded++
	} else {
		in.Rejected++
		in.Reasons[reason]++
	}
	return p.rejects.write(in.Name, e, rank, reason)
}

// noName is the error of a list without a valid name.
func noName(in *Input) error {
	if in.Entries == 0 {
		return fmt.Errorf("%s: no domain in it: write one a line, or a CSV file with a column of them", in.Name)
	}
	reasons := slices.SortedFunc(maps.Keys(in.Reasons), func(a, b Reason) int {
		return cmp.Or(cmp.Compare(in.Reasons[b], in.Reasons[a]), cmp.Compare(a, b))
	})
	var most []string
	for _, r := range reasons[:min(len(reasons), 3)] {
		most = append(most, fmt.Sprintf("%s %d", r, in.Reasons[r]))
	}
	return fmt.Errorf("%s: no valid domain among %d entries (%s): "+
		"name the column of a CSV file with --domain-column", in.Name, in.Entries, strings.Join(most, ", "))
}

// abort removes what is not finished.
func (p *preparation) abort() error {
	errs := []error{p.finder.Close(), p.others.abort()}
	if p.spool != nil {
		errs = append(errs, p.spool.close())
	}
	if p.rejects != nil {
		errs = append(errs, p.rejects.file.Abort())
	}
	return errors.Join(errs...)
}
