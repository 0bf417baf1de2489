package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNoBaseline is why runs cannot be compared.
var ErrNoBaseline = errors.New("no baseline")

// A Run is what run.json says of a run: of all shards together, where it has
// several.
type Run struct {
	Dir        string            `json:"dir"`
	Status     string            `json:"status"`
	Reasons    []string          `json:"reasons,omitempty"` // why it is not complete, in words
	Version    string            `json:"version"`           // of the scanner
	Started    time.Time         `json:"started_at"`
	Ended      *time.Time        `json:"ended_at,omitempty"`
	Contact    string            `json:"contact,omitempty"`
	Config     map[string]string `json:"config,omitempty"`
	Resolvers  []Resolver        `json:"resolvers,omitempty"`
	Roots      Roots             `json:"roots"`
	Suffixes   string            `json:"public_suffix_list,omitempty"`
	Plan       string            `json:"plan"`                 // identity of what was asked
	Schema     string            `json:"schema"`               // version of the table
	Exclusions string            `json:"exclusions,omitempty"` // SHA-256 of the list of those who opted out
	Inputs     []Input           `json:"inputs"`
	Rows       int64             `json:"rows"`
	Shards     int               `json:"shards"`
	Selection  *Selection        `json:"selection,omitempty"` // none: the run asked all there was to ask

	ExcludedLate int64 `json:"excluded_late,omitempty"` // names without a row, since they opted out while the run lasted

	CrossCheck *CrossCheck `json:"cross_check,omitempty"` // none: that was not wanted
}

// A CrossCheck says how often resolvers that the run did not ask disagreed with it.
type CrossCheck struct {
	Resolvers []string   `json:"resolvers"`
	Negatives CrossCount `json:"negatives"` // of the domains without a record, a sample
	Positives CrossCount `json:"positives"` // of those with one, all
}

// A CrossCount is about the domains that were checked.
type CrossCount struct {
	Agree      int64 `json:"agree"`
	Disagree   int64 `json:"disagree"`
	Unanswered int64 `json:"unanswered"`
}

// A Resolver is an upstream, and how it did.
type Resolver struct {
	Addr     string `json:"addr"`
	Asked    int64  `json:"asked"`
	Answered int64  `json:"answered"`
	Timeouts int64  `json:"timeouts"`
}

// Roots are the certificates that were trusted.
type Roots struct {
	Source string `json:"source"`
	Date   string `json:"date,omitempty"`
}

// An Input accounts for one list.
type Input struct {
	Name       string `json:"name"`
	SHA256     string `json:"sha256"`
	Entries    int64  `json:"entries"`
	Rejected   int64  `json:"rejected"`
	Excluded   int64  `json:"excluded"`
	Duplicates int64  `json:"duplicates"`
	Names      int64  `json:"names"`
}

// Finished reports whether the run came to every domain, so that it can be the
// baseline of another. A suspect run did; what it left unknown is no change.
func (r Run) Finished() bool { return r.Status == "complete" || r.Status == "suspect" }

// ReadRun reads the manifest in the output directory of a scan, or those of its
// shards.
func ReadRun(dir string) (Run, error) {
	names, err := manifestsOf(dir)
	if err != nil {
		return Run{}, err
	}
	var run Run
	of := 0
	for _, name := range names {
		m, err := readManifest(name)
		if err != nil {
			return Run{}, err
		}
		if of == 0 {
			run, of = m.Run, 1
			run.Dir, run.Plan, run.Schema = dir, m.Plan.SHA256, m.SchemaVersion
			run.Resolvers, run.Reasons, run.ExcludedLate = nil, nil, 0
			run.Selection = selectionOf(run, m.From)
		} else if run.Plan != m.Plan.SHA256 {
			return Run{}, fmt.Errorf("%s: its plan is another than that of %s", name, names[0])
		}
		if m.Shard != nil {
			of = m.Shard.Of
		}
		run.Shards++
		if m.Merged != nil {
			run.Shards, of = m.Merged.Shards, m.Merged.Shards
		}
		run.Rows += m.Counts.Rows
		run.ExcludedLate += m.ExcludedLate
		run.addResolvers(m.Resolvers)
		run.addCrossCheck(m.Trust.CrossCheck)
		if m.Status != "complete" && (run.Status == "complete" || m.Status != "suspect" && run.Finished()) {
			run.Status = m.Status
		}
		for _, reason := range m.Reasons {
			if m.Shard != nil {
				reason = fmt.Sprintf("shard %d of %d: %s", m.Shard.Index, m.Shard.Of, reason)
			}
			run.Reasons = append(run.Reasons, reason)
		}
		if m.Started.Before(run.Started) {
			run.Started = m.Started
		}
		if m.Ended != nil && (run.Ended == nil || m.Ended.After(*run.Ended)) {
			run.Ended = m.Ended
		}
	}
	switch {
	case run.Shards == 0:
		return Run{}, fmt.Errorf("%s: no run.json: %w", dir, fs.ErrNotExist)
	case run.Shards < of:
		run.Status = "incomplete"
		run.Reasons = append(run.Reasons, fmt.Sprintf("%d of %d shards are there", run.Shards, of))
	}
	return run, nil
}

func (r *Run) addResolvers(more []Resolver) {
	for _, m := range more {
		i := slices.IndexFunc(r.Resolvers, func(have Resolver) bool { return have.Addr == m.Addr })
		if i < 0 {
			r.Resolvers = append(r.Resolvers, m)
			continue
		}
		r.Resolvers[i].Asked += m.Asked
		r.Resolvers[i].Answered += m.Answered
		r.Resolvers[i].Timeouts += m.Timeouts
	}
}

// addCrossCheck adds that of a shard.
func (r *Run) addCrossCheck(more *CrossCheck) {
	switch {
	case more == nil:
		return
	case r.CrossCheck == nil:
		r.CrossCheck = new(CrossCheck)
	}
	for _, u := range more.Resolvers {
		if !slices.Contains(r.CrossCheck.Resolvers, u) {
			r.CrossCheck.Resolvers = append(r.CrossCheck.Resolvers, u)
		}
	}
	r.CrossCheck.Negatives.add(more.Negatives)
	r.CrossCheck.Positives.add(more.Positives)
}

func (c *CrossCount) add(more CrossCount) {
	c.Agree += more.Agree
	c.Disagree += more.Disagree
	c.Unanswered += more.Unanswered
}

// Settings lists the flags of the scan that were given another value than none.
func (r Run) Settings() []string {
	var settings []string
	for _, name := range slices.Sorted(maps.Keys(r.Config)) {
		if value := r.Config[name]; value != "" && value != "false" && value != "0" && value != "[]" {
			settings = append(settings, "--"+name+"="+value)
		}
	}
	return settings
}

// ReadRuns reads the runs in the directories, oldest first as they are given. All
// but the last must be complete: each domain that a run did not come to would look
// as if it had joined or left.
func ReadRuns(dirs []string) ([]Run, error) {
	var runs []Run
	for i, dir := range dirs {
		run, err := ReadRun(filepath.Clean(dir))
		if err != nil {
			return nil, err
		}
		if parts, _ := filepath.Glob(filepath.Join(globEscape(run.Dir), "part-*.parquet")); len(parts) == 0 {
			return nil, fmt.Errorf("%s: no part-*.parquet: %w", dir, fs.ErrNotExist)
		}
		if !run.Finished() && i < len(dirs)-1 {
			why := run.Status
			if len(run.Reasons) > 0 {
				why += ": " + strings.Join(run.Reasons, "; ")
			}
			return nil, fmt.Errorf("%w: %s is not complete (%s): run its scan again until it is", ErrNoBaseline, dir, why)
		}
		if i > 0 && run.Started.Before(runs[i-1].Started) {
			return nil, fmt.Errorf("%w: %s was begun before %s: name the oldest run first", ErrNoBaseline, dir, runs[i-1].Dir)
		}
		if slices.ContainsFunc(runs, func(other Run) bool { return other.Dir == run.Dir }) {
			return nil, fmt.Errorf("%w: %s is named twice", ErrNoBaseline, dir)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// globEscape makes a pattern that matches a path as it is written.
func globEscape(path string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}
