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

	id        string // output.Identity.Run; empty: of an older program
	altered   bool
	passes    int64 // 0: not known
	roots     output.Roots
	version   string
	lists     []string // their hashes
	resolvers []string
	config    map[string]string
}

// ReadRun reads the manifests in a run's directory. A run that lacks shards is incomplete.
func ReadRun(dir string) (Run, error) {
	manifests, err := output.ReadManifests(dir)
	if err != nil {
		return Run{}, err
	}
	first, shards := manifests[0], 1
	run := Run{
		Dir: dir, Status: first.Status, Started: first.StartedAt, Tags: tagsOf(first), id: first.Run, roots: first.Roots,
		version: first.Version, config: first.Config,
	}
	for _, in := range first.Inputs {
		run.lists = append(run.lists, in.SHA256[:min(shownHash, len(in.SHA256))])
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

// tagsOf are the columns that the rows of a run carry.
func tagsOf(m *output.Manifest) []string {
	list := strings.Trim(m.Config["tags"], "[]")
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
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

// state is the status of a run with its reasons.
func (r *Run) state() string {
	if r.Reasons == nil {
		return string(r.Status)
	}
	return string(r.Status) + ": " + strings.Join(r.Reasons, "; ")
}

// notes say what a reader must know about the two runs before the changes, one sentence each.
func notes(old, new Run) []string {
	var notes []string
	for _, r := range []Run{old, new} {
		switch {
		case r.Status == output.StatusSuspect:
			notes = append(notes, fmt.Sprintf("%s is %s: what it left unknown is no change", r.Dir, r.state()))
		case !r.Status.Finished():
			notes = append(notes, fmt.Sprintf("%s is not finished (%s): domains that it has not come to are left out",
				r.Dir, r.state()))
		}
		if r.altered {
			notes = append(notes, r.Dir+": its manifest was changed after it was written")
		}
	}
	return append(notes, differences(old, new)...)
}
