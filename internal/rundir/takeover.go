package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/net/publicsuffix"

	"stsscan/internal/config"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// takeOver finds the whole parts of this shard. Damaged and missing ones are scanned again, but their policies
// not before --pass-delay has passed, as the log of their surveys says.
func (r *Record) takeOver(ctx context.Context) error {
	listed := make(map[int]*output.PartInfo)
	for _, info := range r.before().Parts {
		listed[info.Part] = &info
	}
	logged := time.Now()
	for k := range r.Plan.Parts {
		if !r.owns(k) {
			continue
		}
		if ctx.Err() != nil {
			return Stopped(ctx)
		}
		if time.Since(logged) > takeOverInterval {
			logged = time.Now()
			r.damage.log.Info("the parts that are there are read", "part", k, "of", r.Plan.Parts)
		}
		info, whole, err := r.Dataset.Accept(k, listed[k])
		if err == nil && !whole && listed[k] != nil {
			err = fmt.Errorf("%s: %w: %w", filepath.Join(r.dir, output.PartName(k)), output.ErrDamaged, fs.ErrNotExist)
		}
		if errors.Is(err, output.ErrDamaged) {
			r.damage.note(err, "it is scanned again")
			err = r.Dataset.LogLost(k, time.Now())
		}
		if err != nil {
			return err
		}
		if whole {
			r.add(info)
		}
		if whole && info.Pending == 0 { // killed before it removed the log
			if err := r.Dataset.RemoveLog(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOverInterval is how often a scan says how many parts it has read.
const takeOverInterval = 10 * time.Second

// A Scan is what a scan says of itself in the record of the run.
type Scan struct {
	Identity   string             // output.Identity.Config
	Config     map[string]string  // the flags in force, without passwords
	ConfigFile *output.ConfigFile // that flags were set by; nil: none
	From       *output.Lineage    // with --from; else nil
	Contact    string             // for the operators of contacted hosts
}

// newRecord opens the run directory and finds the whole parts of this shard.
func (d *Dir) newRecord(
	ctx context.Context, plan *domains.Plan, scan Scan, excluded *domains.ExclusionFile,
) (*Record, error) {
	m := &output.Manifest{
		Run:        d.runID,
		Version:    d.version,
		PublicList: publicsuffix.List.String(),
		StartedAt:  time.Now().UTC(),
		Config:     scan.Config,
		ConfigFile: scan.ConfigFile,
		Shard:      d.Shard(),
		From:       scan.From,
		Contact:    scan.Contact,
		Exclusions: plan.Exclusions,
		Plan:       output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	if scan.From != nil {
		m.Config["tags"] = config.ListText(plan.Tags)
	}
	m.Inputs = Inputs(plan)
	if d.previous != nil && d.previous.StartedAt.Before(m.StartedAt) { // if not, the clock was wrong
		m.StartedAt = d.previous.StartedAt
	}
	dataset, err := output.Open(d.path, output.Identity{
		Input: m.Plan.SHA256, Config: scan.Identity, Run: d.runID, Version: d.version,
	})
	if err != nil {
		return nil, err
	}
	dataset.Disk = d.disk
	if err := dataset.Sweep(d.shard.Owns); err != nil {
		return nil, err
	}
	isOurs := func(name string) bool { return name == m.Name() || name == output.CrossCheckName(m.Shard) }
	if err := d.disk.Sweep(d.path, isOurs); err != nil {
		return nil, err
	}
	r := NewRecord(d.path, plan, d.shard.Owns, nil)
	r.Dataset, r.Manifest, r.Excluded = dataset, m, excluded
	r.disk, r.previous, r.damage = d.disk, d.previous, &d.damage
	if err := r.takeOver(ctx); err != nil {
		return nil, err
	}
	return r, d.takeOverLogs(r)
}

// Inputs account for the lists of a plan in run.json.
func Inputs(plan *domains.Plan) (inputs []output.Input) {
	for _, in := range plan.Inputs {
		inputs = append(inputs, inputOf(in))
	}
	return inputs
}

// inputOf accounts for one list in run.json.
func inputOf(in domains.Input) output.Input {
	words := func(counts map[domains.Reason]int64) map[string]int64 {
		byWord := make(map[string]int64)
		for reason, n := range counts {
			byWord[string(reason)] = n
		}
		return byWord
	}
	return output.Input{
		Name: in.Name, SHA256: in.SHA256, Bytes: in.Bytes, Format: string(in.Format), Entries: in.Entries,
		Rejected: in.Rejected, Reasons: words(in.Reasons), Taken: words(in.Taken), Excluded: in.Excluded,
		Duplicates: in.Duplicates, LeftOut: in.LeftOut, OtherTags: in.OtherTags, Skipped: in.Skipped, Names: in.Names,
	}
}
