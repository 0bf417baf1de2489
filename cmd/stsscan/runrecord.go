package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/explain"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// manifestInterval is how often run.json is written during a scan.
const manifestInterval = 5 * time.Second

// A runRecord keeps run.json while parts become whole.
type runRecord struct {
	dir      string
	plan     *domains.Plan
	owns     func(k int) bool
	dataset  *output.Dataset
	manifest *output.Manifest
	excluded *domains.ExclusionFile
	previous *output.Manifest // of an earlier process; nil: none
	parts    map[int]output.PartInfo
	damage   *damage
	recorded time.Time // when run.json was written last

	stats   *pipeline.Stats           // of this process; nil: it asks nothing
	reached func() []egress.Reach     // how the connections of this process went; nil: there are none
	inUse   func() egress.Connections // of this process; nil: there are none

	setMetrics func(*output.Manifest) // tells the metrics what run.json says; nil: nothing is told
	err        error                  // first failure to write run.json

	written atomic.Pointer[output.Counts] // of all rows, when a part was written last; nil: none was
}

// finished returns the manifest of a run that has nothing left to do, which stays as it is.
func (r *runRecord) finished() (*output.Manifest, bool) {
	return r.previous, r.previous.Finished() && !r.lacksAny() && len(r.waiting()) == 0
}

func (r *runRecord) add(info output.PartInfo) { r.parts[info.Part] = info }

// counts are the counts of all rows.
func (r *runRecord) counts() (counts output.Counts) {
	for _, info := range r.parts {
		counts.Merge(info.Counts)
	}
	return counts
}

// excludedLate is how many names got no row because they opted out after the names were prepared.
func (r *runRecord) excludedLate() (total int64) {
	for _, info := range r.parts {
		total += info.ExcludedLate
	}
	return total
}

// waiting are the parts that have provisional rows.
func (r *runRecord) waiting() (parts []output.PartInfo) {
	for _, info := range r.parts {
		if info.Pending > 0 {
			parts = append(parts, info)
		}
	}
	return parts
}

// numbers are the numbers of the parts, in order.
func (r *runRecord) numbers() []int { return slices.Sorted(maps.Keys(r.parts)) }

func (r *runRecord) whole(k int) bool { _, ok := r.parts[k]; return ok }

// lacks reports whether part k is this shard's, and not whole.
func (r *runRecord) lacks(k int) bool { return r.owns(k) && !r.whole(k) }

func (r *runRecord) lacksAny() bool {
	for k := range r.plan.Parts {
		if r.lacks(k) {
			return true
		}
	}
	return false
}

// wholeNow answers as whole does now, even later.
func (r *runRecord) wholeNow() func(k int) bool {
	now := make(map[int]bool, len(r.parts))
	for k := range r.parts {
		now[k] = true
	}
	return func(k int) bool { return now[k] }
}

// names is the number of names in the parts of this shard for which ok holds.
func (r *runRecord) names(ok func(k int) bool) (total int64) {
	for k := range r.plan.Parts {
		if r.owns(k) && ok(k) {
			total += r.plan.Chunks[k].Names
		}
	}
	return total
}

// remaining is the number of names of this shard that have no row yet.
func (r *runRecord) remaining() int64 { return r.names(func(k int) bool { return !r.whole(k) }) }

// wrote records a new part.
func (r *runRecord) wrote(info output.PartInfo) {
	r.add(info)
	r.written.Store(new(r.counts()))
	if r.err == nil && time.Since(r.recorded) > manifestInterval {
		r.err = r.write(output.StatusRunning, nil)
	}
}

// describe records the roots, resolvers and limits of this process beside those of earlier ones. Each process
// has its line for each resolver.
func (r *runRecord) describe(n *network) {
	r.manifest.Roots = output.Roots{Source: n.roots.source, Date: n.roots.date}
	before := r.before()
	r.manifest.Resolvers = slices.Clone(before.Resolvers)
	report, windows := n.engine.TrustReport(), n.engine.Windows()
	for i, s := range n.engine.Stats() {
		line := output.Resolver{
			Addr: s.Upstream.String(), Asked: s.Asked, Answered: s.Answered, Timeouts: s.Timeouts,
			Servfail: s.Servfail, Refused: s.Refused, Mismatched: s.Mismatched, TCP: s.TCP,
			WindowLeast: windows[i].Least, WindowMedian: windows[i].Median,
		}
		if i < len(report.Canaries) {
			c := report.Canaries[i]
			line.CanariesGood, line.CanariesFailed, line.CanariesWrong, line.Stopped = c.Good, c.Failed, c.Wrong, c.Stopped
		}
		r.manifest.Resolvers = append(r.manifest.Resolvers, line)
	}
	trusted := cmp.Or(before.Trust, &output.Trust{})
	addTrustReport(r.manifest.Trust, trusted, report)
	if r.stats != nil {
		r.manifest.Trust.Discarded = r.stats.Counts().Discarded + trusted.Discarded
	}
	r.manifest.Surveys = n.transport.Connections().Limit
	r.reached, r.inUse = n.transport.Reached, n.transport.Connections
	m, was := n.transport.Manners(), before.Manners
	r.manifest.Manners = output.Manners{
		Waited: was.Waited + m.Waited, PutOff: was.PutOff + m.PutOff, Held: was.Held + m.Held,
	}
}

// before is what earlier processes recorded; empty if there was none.
func (r *runRecord) before() *output.Manifest { return cmp.Or(r.previous, &output.Manifest{}) }

// write writes run.json.
func (r *runRecord) write(status output.Status, reasons []string) error {
	r.recorded = time.Now()
	r.manifest.Status, r.manifest.Reasons = status, reasons
	r.manifest.Counts, r.manifest.ExcludedLate = r.counts(), r.excludedLate()
	if r.reached != nil {
		r.manifest.Connections = pipeline.RecordConnections(r.reached(), r.before().Connections)
	}
	r.manifest.Performance = pipeline.RecordPerformance(r.stats, r.inUse, r.before().Performance)
	r.manifest.ExclusionVersions = nil
	for _, v := range r.excluded.Versions() {
		r.manifest.ExclusionVersions = append(r.manifest.ExclusionVersions, output.ExclusionVersion(v))
	}
	r.manifest.Damaged = r.damage.list(r.previous)
	r.manifest.Parts = r.manifest.Parts[:0]
	for k := range r.plan.Parts {
		if info, ok := r.parts[k]; ok {
			r.manifest.Parts = append(r.manifest.Parts, info)
		}
	}
	if r.setMetrics != nil {
		r.setMetrics(r.manifest)
	}
	return r.manifest.Write(r.dir)
}

// end writes the last run.json. A run is complete when each name of this shard has a final row, or was
// excluded late. The sums are checked here, and again by verify.
func (r *runRecord) end(scanErr error) error {
	ended := time.Now().UTC()
	r.manifest.EndedAt = &ended
	counts := r.counts()
	err := errors.Join(scanErr, r.err)
	if want, late := r.names(r.whole), r.excludedLate(); err == nil && counts.Rows+late != want {
		err = fmt.Errorf("%s: %d names, %d rows and %d names excluded late: see stsscan verify",
			r.dir, want, counts.Rows, late)
	}
	var reasons []string
	if err != nil {
		reasons = []string{err.Error()}
	}
	if left, total := r.remaining(), r.names(func(int) bool { return true }); left > 0 {
		reasons = append(reasons, fmt.Sprintf("%s of %s names have no row", output.Grouped(left), output.Grouped(total)))
	}
	if counts.Provisional() > 0 {
		reasons = append(reasons, explain.WaitText(counts))
	}
	status, doubts := output.StatusComplete, counts.Doubts()
	switch {
	case reasons != nil:
		status = output.StatusIncomplete
		err = cmp.Or(err, fmt.Errorf("%s: %s", r.dir, strings.Join(reasons, "; ")))
	case doubts != nil:
		status, reasons = output.StatusSuspect, doubts
	}
	return exitOf(errors.Join(err, r.write(status, reasons)))
}
