package changes

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/config"
	"stsscan/internal/output"
)

// Errors of runs that cannot be compared.
var (
	ErrUnfinished = errors.New("is not complete, so that it cannot be compared with: run its scan again until it is, " +
		"or name an earlier run that is complete")
	ErrOrder = errors.New("name the older run first")
	ErrSame  = errors.New("the same run")
	ErrTag   = errors.New("no such tag")
)

// A Run is what the manifest of a run says, or those of its shards together.
type Run struct {
	Dir     string
	Status  output.Status
	Reasons []string // why it is not complete, or suspect
	Started time.Time
	Tags    []string // columns of the lists that the rows carry

	names      int64  // of all lists: each gets a row
	id         string // output.Identity.Run; empty: of an older program
	altered    bool
	passes     int64 // 0: not known
	roots      output.Roots
	version    string
	lists      []string // their hashes
	resolvers  []string
	config     map[string]string
	exclusions string // hash of the list of those who opted out; empty: none
	otherTags  int64  // output.Manifest.OtherTags
}

// ReadRun reads the manifests in a run's directory. A run that lacks shards is incomplete.
func ReadRun(dir string) (Run, error) {
	manifests, err := output.ReadManifests(dir)
	if err != nil {
		return Run{}, err
	}
	first, shards := manifests[0], 1
	tags, err := config.ParseList(first.Config["tags"])
	if err != nil {
		return Run{}, fmt.Errorf("%s: tags: %w", filepath.Join(dir, first.Name()), err)
	}
	run := Run{
		Dir: dir, Status: first.Status, Started: first.StartedAt, Tags: tags, id: first.Run, roots: first.Roots,
		version: first.Version, config: first.Config, otherTags: first.OtherTags(),
	}
	run.exclusions = first.Exclusions[:min(shownHash, len(first.Exclusions))]
	for _, in := range first.Inputs {
		run.lists = append(run.lists, in.SHA256[:min(shownHash, len(in.SHA256))])
		run.names += in.Names
	}
	for _, m := range manifests {
		run.add(m)
		if m.Shard != nil {
			shards = m.Shard.Of
		}
	}
	if len(manifests) < shards {
		run.Status = output.StatusIncomplete
		run.Reasons = append(run.Reasons, fmt.Sprintf("%d of %d shards are there", len(manifests), shards))
	}
	run.resolvers = distinct(run.resolvers)
	return run, nil
}

// add adds what the manifest of a shard says.
func (r *Run) add(m *output.Manifest) {
	worse := m.Status != output.StatusComplete && (r.Status == output.StatusComplete || !m.Status.Finished())
	if worse && r.Status.Finished() {
		r.Status = m.Status
	}
	for _, reason := range m.Reasons {
		if m.Shard != nil {
			reason = fmt.Sprintf("shard %d of %d: %s", m.Shard.Index, m.Shard.Of, reason)
		}
		r.Reasons = append(r.Reasons, reason)
	}
	if m.StartedAt.Before(r.Started) {
		r.Started = m.StartedAt
	}
	if passes, err := strconv.ParseInt(m.Config["passes"], 10, 64); err == nil && (r.passes == 0 || passes < r.passes) {
		r.passes = passes
	}
	r.roots.Source = min(r.roots.Source, m.Roots.Source)
	r.altered = r.altered || m.Altered
	for _, u := range m.Resolvers {
		r.resolvers = append(r.resolvers, u.Addr)
	}
}

// check refuses runs that cannot be compared.
func check(old, new Run) error {
	same := old.id != "" && old.id == new.id || filepath.Clean(old.Dir) == filepath.Clean(new.Dir)
	switch {
	case same:
		return fmt.Errorf("%s and %s are %w", old.Dir, new.Dir, ErrSame)
	case new.Started.Before(old.Started):
		return fmt.Errorf("%s was begun after %s: %w", old.Dir, new.Dir, ErrOrder)
	case !old.Status.Finished():
		return fmt.Errorf("%s (%s) %w", old.Dir, old.state(), ErrUnfinished)
	}
	return nil
}

// tag finds a column that the rows carry by its name, in upper or lower case; none for no name.
func (r *Run) tag(name string) (string, error) {
	if name == "" || slices.Contains(r.Tags, name) {
		return name, nil
	}
	for _, tag := range r.Tags {
		if strings.EqualFold(tag, name) {
			return tag, nil
		}
	}
	carried := cmp.Or(strings.Join(r.Tags, ", "), "no columns")
	meant, ok := codes.Nearest(name, r.Tags)
	if ok {
		meant = ": did you mean " + meant + "?"
	}
	return "", fmt.Errorf("%w as %q: the lists of %s carried %s (scan --tags)%s", ErrTag, name, r.Dir, carried, meant)
}

// missing is how many names have no row yet. Names in parts that are there have one, or opted out.
func (r *Run) missing() (int64, error) {
	if r.Status.Finished() {
		return 0, nil
	}
	paths, err := output.PartPaths(r.Dir)
	if err != nil {
		return 0, err
	}
	missing := r.names
	for _, path := range paths {
		part, err := output.ReadPartInfo(path)
		if err != nil {
			return 0, err
		}
		missing -= part.Rows + part.ExcludedLate
	}
	return max(0, missing), nil
}

// state is the status of a run with its reasons. A run that was killed says that it is running.
func (r *Run) state() string {
	state := string(r.Status)
	if r.Status == output.StatusRunning {
		state = "not finished"
	}
	if r.Reasons == nil {
		return state
	}
	return state + ": " + strings.Join(r.Reasons, "; ")
}

// notes say what a reader must know about the two runs before the changes, one sentence each. The new one lacks rows
// of so many names.
func notes(old, new Run, missing int64) []string {
	var notes []string
	for _, r := range []Run{old, new} {
		switch {
		case r.Status == output.StatusSuspect:
			notes = append(notes, fmt.Sprintf("%s is %s: what it left unknown is no change", r.Dir, r.state()))
		case !r.Status.Finished():
			notes = append(notes, r.unfinished(missing))
		}
		if r.altered {
			notes = append(notes, r.Dir+": its manifest was changed after it was written")
		}
	}
	return append(notes, differences(old, new)...)
}

// unfinished says so of a run that lacks rows of so many names.
func (r *Run) unfinished(missing int64) string {
	text := r.Dir + " is not finished"
	if r.Reasons != nil {
		text += " (" + strings.Join(r.Reasons, "; ") + ")"
	}
	switch missing {
	case 0:
		return text + ": rows that wait to be asked again are no change"
	case 1:
		return text + ": 1 domain has no row yet"
	}
	return fmt.Sprintf("%s: %s domains have no row yet", text, output.Grouped(missing))
}
