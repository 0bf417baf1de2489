package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/net/publicsuffix"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/egress"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// manifestInterval is how often run.json is written while parts are.
const manifestInterval = 5 * time.Second

// A record keeps run.json while parts become whole.
type record struct {
	dir      string
	plan     *domains.Plan
	owns     func(k int) bool
	dataset  *output.Dataset
	manifest *output.Manifest
	excluded *domains.ExclusionFile
	earlier  *output.Manifest // of the process that worked on the run before; nil: none
	parts    map[int]output.PartInfo
	damage   *damage
	written  time.Time

	stats   *pipeline.Stats           // of this process; nil: it asks nothing
	reached func() []egress.Reach     // how the connections of this process went; nil: there are none
	inUse   func() egress.Connections // of this process; nil: there are none
	err     error                     // first failure to write run.json
}

// newRecord opens the table in the run directory and finds the parts of this
// shard that are whole.
func (j *scanJob) newRecord(ctx context.Context, plan *domains.Plan, excluded *domains.ExclusionFile) (*record, error) {
	m := &output.Manifest{
		Version:    versionNumber(),
		PublicList: publicsuffix.List.String(),
		StartedAt:  time.Now().UTC(),
		Config:     j.settings,
		Shard:      j.shardOf(),
		From:       j.lineage,
		Contact:    j.network.contact,
		Exclusions: plan.Exclusions,
		Plan:       output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	for _, in := range plan.Inputs {
		m.Inputs = append(m.Inputs, inputOf(in))
	}
	if j.earlier != nil && j.earlier.StartedAt.Before(m.StartedAt) { // if not, the clock was wrong
		m.StartedAt = j.earlier.StartedAt
	}

	meaning, err := j.meaning()
	if err != nil {
		return nil, err
	}
	identity := output.Identity{Input: plan.SHA256(), Config: meaning, Version: versionNumber()}
	dataset, err := output.Open(j.output, identity)
	if err != nil {
		return nil, err
	}
	if err := dataset.Sweep(j.slice.Owns); err != nil {
		return nil, err
	}
	if err := (durable.Disk{}).Sweep(j.output, func(name string) bool { return name == m.Name() || name == output.CrossCheckName(m.Shard) }); err != nil {
		return nil, err
	}
	r := &record{
		dir: j.output, plan: plan, owns: j.slice.Owns, dataset: dataset, manifest: m, earlier: j.earlier,
		excluded: excluded, parts: make(map[int]output.PartInfo), damage: j.damage,
	}
	if err := r.takeOver(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// finished returns the manifest of a run that has nothing left to do: it stays
// as it is, the record of those who did the work.
func (r *record) finished() (*output.Manifest, bool) {
	if r.earlier == nil || !r.earlier.Status.Finished() || r.earlier.Altered {
		return nil, false
	}
	for k := range r.plan.Parts {
		if r.owns(k) && (!r.whole(k) || r.parts[k].Pending > 0) {
			return nil, false
		}
	}
	return r.earlier, true
}

// inputOf accounts for one list in run.json.
func inputOf(in domains.Input) output.Input {
	reasons := make(map[string]int64)
	for reason, n := range in.Reasons {
		reasons[string(reason)] = n
	}
	return output.Input{
		Name: in.Name, SHA256: in.SHA256, Bytes: in.Bytes, Format: string(in.Format), Entries: in.Entries, Rejected: in.Rejected,
		Reasons: reasons, Excluded: in.Excluded, Duplicates: in.Duplicates, Skipped: in.Skipped, Names: in.Names,
	}
}

func (r *record) add(info output.PartInfo) { r.parts[info.Part] = info }

// counts are those of the rows of all parts.
func (r *record) counts() (counts output.Counts) {
	for _, info := range r.parts {
		counts.Merge(info.Counts)
	}
	return counts
}

// excludedLate is the number of names in all parts that got no row, since they opted
// out after the names were prepared.
func (r *record) excludedLate() (total int64) {
	for _, info := range r.parts {
		total += info.ExcludedLate
	}
	return total
}

// waiting are the parts that have provisional rows.
func (r *record) waiting() (parts []output.PartInfo) {
	for _, info := range r.parts {
		if info.Pending > 0 {
			parts = append(parts, info)
		}
	}
	return parts
}

// numbers are those of the parts, in order.
func (r *record) numbers() []int { return slices.Sorted(maps.Keys(r.parts)) }

func (r *record) whole(k int) bool { _, ok := r.parts[k]; return ok }

// wholeNow answers as whole does at this moment, also while parts are written.
func (r *record) wholeNow() func(k int) bool {
	now := make(map[int]bool, len(r.parts))
	for k := range r.parts {
		now[k] = true
	}
	return func(k int) bool { return now[k] }
}

// names is the number of names in the parts that ok holds for.
func (r *record) names(ok func(k int) bool) (total int64) {
	for k := range r.plan.Parts {
		if r.owns(k) && ok(k) {
			total += r.plan.Chunks[k].Names
		}
	}
	return total
}

// remaining is the number of names of this shard that have no row yet.
func (r *record) remaining() int64 { return r.names(func(k int) bool { return !r.whole(k) }) }

// wrote takes note of a new part.
func (r *record) wrote(info output.PartInfo) {
	r.add(info)
	if r.err == nil && time.Since(r.written) > manifestInterval {
		r.err = r.write(output.StatusRunning, nil)
	}
}

// describe says through what the Internet was seen, by this process and those
// before: each has its line for each resolver.
func (r *record) describe(n *network) {
	r.manifest.Roots = output.Roots{Source: n.roots.source, Date: n.roots.date}
	r.manifest.Resolvers = nil
	if r.earlier != nil {
		r.manifest.Resolvers = append(r.manifest.Resolvers, r.earlier.Resolvers...)
	}
	report, windows := n.engine.TrustReport(), n.engine.Windows()
	for i, s := range n.engine.Stats() {
		line := output.Resolver{
			Addr: s.Upstream.String(), Asked: s.Asked, Answered: s.Answered, Timeouts: s.Timeouts, Servfail: s.Servfail,
			Refused: s.Refused, Mismatched: s.Mismatched, TCP: s.TCP,
			WindowLeast: windows[i].Least, WindowMedian: windows[i].Median,
		}
		if i < len(report.Canaries) {
			c := report.Canaries[i]
			line.CanariesGood, line.CanariesFailed, line.CanariesWrong, line.Stopped = c.Good, c.Failed, c.Wrong, c.Stopped
		}
		r.manifest.Resolvers = append(r.manifest.Resolvers, line)
	}
	var before *output.Trust
	if r.earlier != nil {
		before = r.earlier.Trust
	}
	addTrust(r.manifest.Trust, before, report)
	if r.stats != nil {
		r.manifest.Trust.Discarded = r.stats.Counts().Discarded
		if before != nil {
			r.manifest.Trust.Discarded += before.Discarded
		}
	}
	r.manifest.Surveys = n.transport.Connections().Limit
	r.reached, r.inUse = n.transport.Reached, n.transport.Connections
	m := n.manners()
	r.manifest.Manners = output.Manners{Waited: m.Waited, PutOff: m.PutOff, Held: m.Held}
	if r.earlier != nil {
		r.manifest.Manners.Waited += r.earlier.Manners.Waited
		r.manifest.Manners.PutOff += r.earlier.Manners.PutOff
		r.manifest.Manners.Held += r.earlier.Manners.Held
	}
}

// write writes run.json.
func (r *record) write(status output.Status, reasons []string) error {
	r.written = time.Now()
	r.manifest.Status, r.manifest.Reasons = status, reasons
	r.manifest.Counts, r.manifest.ExcludedLate = r.counts(), r.excludedLate()
	if r.reached != nil {
		var before []output.Connections
		if r.earlier != nil {
			before = r.earlier.Connections
		}
		r.manifest.Connections = connections(r.reached(), before)
	}
	r.manifest.Performance = r.performance()
	r.manifest.ExclusionVersions = nil
	for _, v := range r.excluded.Versions() {
		r.manifest.ExclusionVersions = append(r.manifest.ExclusionVersions, output.ExclusionVersion(v))
	}
	r.manifest.Damaged = r.damage.list(r.earlier)
	r.manifest.Parts = r.manifest.Parts[:0]
	for k := range r.plan.Parts {
		if info, ok := r.parts[k]; ok {
			r.manifest.Parts = append(r.manifest.Parts, info)
		}
	}
	return r.manifest.Write(r.dir)
}

// end writes the last run.json. A run is complete when each name of this shard
// has a row, none of them provisional, or was excluded late; that the sums agree is
// checked here, and again by verify.
func (r *record) end(scanErr error) error {
	ended := time.Now().UTC()
	r.manifest.EndedAt = &ended
	counts := r.counts()
	err := errors.Join(scanErr, r.err)
	if want, late := r.names(r.whole), r.excludedLate(); err == nil && counts.Rows+late != want {
		err = fmt.Errorf("%s: %d names, %d rows and %d names excluded late: see stsscan verify",
			r.dir, want, counts.Rows, late)
	}
	left, pending := r.remaining(), counts.Provisional()
	if err == nil && left+pending > 0 {
		err = fmt.Errorf("%s: %d names have no row, %d rows are provisional", r.dir, left, pending)
	}
	status, reasons := output.StatusComplete, doubts(&counts)
	switch {
	case err != nil:
		status, reasons = output.StatusIncomplete, []string{err.Error()}
		if pending > 0 {
			reasons = append(reasons, fmt.Sprintf("%d domains are to be asked again: %s", pending, listed(counts.Pending)))
		}
	case reasons != nil:
		status = output.StatusSuspect
	}
	return exitOf(errors.Join(err, r.write(status, reasons)))
}
