package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"stsscan/internal/claim"
	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/egress"
	"stsscan/internal/explain"
	"stsscan/internal/mirror"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// manifestInterval is how often run.json is written during a scan.
const manifestInterval = 5 * time.Second

// A Record keeps run.json, or the file of the shard, while parts become whole.
type Record struct {
	Plan     *domains.Plan
	Dataset  *output.Dataset
	Manifest *output.Manifest
	Excluded *domains.ExclusionFile

	Stats      *pipeline.Stats        // of this process; nil: it asks nothing
	SetMetrics func(*output.Manifest) // is told what run.json says, each time that it is written; nil: no call

	dir      string
	disk     durable.Disk
	owns     func(k int) bool
	previous *output.Manifest // of an earlier process; nil: none
	parts    map[int]output.PartInfo
	damage   *damage
	recorded time.Time // when run.json was written last

	reached func() []egress.Reach     // how the connections of this process went; nil: there are none
	inUse   func() egress.Connections // of this process; nil: there are none

	unmerged bool            // no run.json of all shards tells of another state than that of this one
	uploads  *mirror.Uploads // to the store; nil: there is none

	err error // first failure to write run.json

	written atomic.Pointer[output.Counts] // of all rows, when a part was written last; nil: none was
}

// NewRecord is the record of a run in the directory dir, or of the parts of it that a shard owns. Parts are those that
// are whole, by their numbers.
func NewRecord(dir string, plan *domains.Plan, owns func(k int) bool, parts map[int]output.PartInfo) *Record {
	r := &Record{dir: dir, Plan: plan, owns: owns, parts: make(map[int]output.PartInfo), damage: new(damage)}
	maps.Copy(r.parts, parts)
	return r
}

// Finished returns the manifest of a run that has nothing left to do, which stays as it is.
func (r *Record) Finished() (*output.Manifest, bool) {
	return r.previous, r.previous.Finished() && !r.lacksAny() && len(r.Waiting()) == 0
}

func (r *Record) add(info output.PartInfo) { r.parts[info.Part] = info }

// Counts are the counts of all rows.
func (r *Record) Counts() (counts output.Counts) {
	for _, info := range r.parts {
		counts.Merge(info.Counts)
	}
	return counts
}

// excludedLate is how many names got no row because they opted out after the names were prepared.
func (r *Record) excludedLate() (total int64) {
	for _, info := range r.parts {
		total += info.ExcludedLate
	}
	return total
}

// Waiting are the parts that have provisional rows.
func (r *Record) Waiting() (parts []output.PartInfo) {
	for _, info := range r.parts {
		if info.Pending > 0 {
			parts = append(parts, info)
		}
	}
	return parts
}

// Numbers are the numbers of the parts, in order.
func (r *Record) Numbers() []int { return slices.Sorted(maps.Keys(r.parts)) }

// Whole reports whether part k is whole.
func (r *Record) Whole(k int) bool { _, ok := r.parts[k]; return ok }

// lacks reports whether part k is this shard's, and not whole.
func (r *Record) lacks(k int) bool { return r.owns(k) && !r.Whole(k) }

func (r *Record) lacksAny() bool {
	for k := range r.Plan.Parts {
		if r.lacks(k) {
			return true
		}
	}
	return false
}

// WholeNow answers as Whole does now, even later.
func (r *Record) WholeNow() func(k int) bool {
	now := make(map[int]bool, len(r.parts))
	for k := range r.parts {
		now[k] = true
	}
	return func(k int) bool { return now[k] }
}

// Names is the number of names in the parts of this shard for which ok holds.
func (r *Record) Names(ok func(k int) bool) (total int64) {
	for k := range r.Plan.Parts {
		if r.owns(k) && ok(k) {
			total += r.Plan.Chunks[k].Names
		}
	}
	return total
}

// remaining is the number of names of this shard that have no row yet.
func (r *Record) remaining() int64 { return r.Names(func(k int) bool { return !r.Whole(k) }) }

// Wrote records a new part.
func (r *Record) Wrote(info output.PartInfo) {
	r.add(info)
	r.uploads.File(info.Name)
	r.written.Store(new(r.Counts()))
	if r.err == nil && time.Since(r.recorded) > manifestInterval {
		r.err = r.Write(output.StatusRunning, nil)
	}
}

// Written are the counts of all rows when a part was written last; nil if this process wrote none.
func (r *Record) Written() *output.Counts { return r.written.Load() }

// before is what earlier processes recorded; empty if there was none.
func (r *Record) before() *output.Manifest { return cmp.Or(r.previous, &output.Manifest{}) }

// Write writes run.json.
func (r *Record) Write(status output.Status, reasons []string) error {
	r.recorded = time.Now()
	r.Manifest.Status, r.Manifest.Reasons = status, reasons
	r.Manifest.Counts, r.Manifest.ExcludedLate = r.Counts(), r.excludedLate()
	if r.reached != nil {
		r.Manifest.Connections = pipeline.RecordConnections(r.reached(), r.before().Connections)
	}
	r.Manifest.Performance = pipeline.RecordPerformance(r.Stats, r.inUse, r.before().Performance)
	r.Manifest.ExclusionVersions = nil
	for _, v := range r.Excluded.Versions() {
		r.Manifest.ExclusionVersions = append(r.Manifest.ExclusionVersions, output.ExclusionVersion(v))
	}
	r.Manifest.Damaged = r.damage.list(r.previous)
	r.Manifest.Parts = r.Manifest.Parts[:0]
	for k := range r.Plan.Parts {
		if info, ok := r.parts[k]; ok {
			r.Manifest.Parts = append(r.Manifest.Parts, info)
		}
	}
	if r.SetMetrics != nil {
		r.SetMetrics(r.Manifest)
	}
	if !r.unmerged {
		if err := unmerge(r.disk, r.dir, r.Manifest.Shard, r.damage.log); err != nil {
			return err
		}
		r.unmerged = true
	}
	if err := r.Manifest.WriteOn(r.disk, r.dir); err != nil {
		return err
	}
	return r.upload()
}

// End writes the last run.json. A run is complete when each name of this shard has a final row, or was
// excluded late. The sums are checked here, and again by verify. Where the shard is another process's by now, nothing
// is written.
func (r *Record) End(scanErr error) error {
	if err := overtaken(r.uploads.Err()); err != nil {
		scanErr = err // and what it has led to
	}
	if errors.Is(scanErr, claim.ErrLost) {
		return scanErr
	}
	ended := time.Now().UTC()
	r.Manifest.EndedAt = &ended
	counts := r.Counts()
	err := errors.Join(scanErr, r.err)
	if want, late := r.Names(r.Whole), r.excludedLate(); err == nil && counts.Rows+late != want {
		err = fmt.Errorf("%s: %d names, %d rows and %d names excluded late: see stsscan verify",
			r.dir, want, counts.Rows, late)
	}
	var reasons []string
	if err != nil {
		reasons = []string{err.Error()}
	}
	if left, total := r.remaining(), r.Names(func(int) bool { return true }); left > 0 {
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
	err = errors.Join(err, r.Write(status, reasons))
	if scanErr != nil && r.uploads.Err() != nil {
		return err // which says so
	}
	return errors.Join(err, overtaken(r.uploads.Close()))
}
