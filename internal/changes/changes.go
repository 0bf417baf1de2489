// Package changes compares two runs: what changed of each domain that has or had a record, whose it is, and what to
// do.
//
// [Kinds] is the one list of kinds of change. The analysis reads the same list, as generated in
// analysis/history.sql, and finds the same changes with SQL, for any number of runs; a test of the analysis holds the
// two equal. [Compare] keeps in memory the domains with a record alone, and refuses more than [MostDomains] of them.
package changes

import (
	"errors"
	"time"
)

// MostDomains is how many domains with a record, of two runs together, are compared.
const MostDomains = 1_000_000

// ErrTooMany says that there are more.
var ErrTooMany = errors.New("too many domains with a record")

// A Change is one of a domain. A domain can have several.
type Change struct {
	Domain        string
	Kind          string // Kind.Word
	Regression    bool
	Gain          bool
	Before, After string // empty: nothing
	Broken        bool   // the domain is, in the new run
	NewBroken     bool   // and was not in the old one
	Reason        string // a broken domain is so, in words
	Tags          map[string]string
	Remedy        string // what to do about a regression, and of a domain that is newly broken
	Cached        string // what senders with the old policy in their cache experience, where it is not the new one

	place int // of its kind in Kinds
}

// A Group is the domains with the same value of a tag, as far as they changed or are broken.
type Group struct {
	Value   string   // empty: those without a value, or all domains where there is no tag
	Broken  int      // in the new run
	New     int      // of these, by a change since the old run
	Stays   Reasons  // of these, broken in the old run too
	Unclear Reasons  // of these, it is not known whether they were, or they are new in the lists
	Changes []Change // those of domains that are newly broken first, then regressions, the worst at the top, by domain
}

// A Diff is what changed between two runs.
type Diff struct {
	Old, New Run
	Tag      string   // the groups are by this tag; empty: there is one group
	Notes    []string // about the runs: one sentence each, without a full stop
	Groups   []Group  // those with regressions first
	Total    Group    // of all domains, each once, without the changes
	Arrived  int      // domains with a record that are not in the lists of the old run
	Left     int      // domains that had one and are not in the lists of the new run, or have no row yet
	Missing  int64    // names of the new run, which is not finished, that have no row yet

	Regressions int // domains with one
	Changed     int // domains with a change
}

// Compare compares two runs. The groups are by a tag, in upper or lower case, or there is one.
//
// The error wraps ErrUnfinished, ErrOrder, ErrSame, ErrTag or ErrTooMany where the runs cannot be compared.
func Compare(old, new Run, by string) (*Diff, error) {
	if err := check(old, new); err != nil {
		return nil, err
	}
	by, err := new.tag(by)
	if err != nil {
		return nil, err
	}
	c := newComparison(old, new)
	if err := c.read(); err != nil {
		return nil, err
	}
	others, err := c.others(by)
	if err != nil {
		return nil, err
	}
	missing, err := new.missing()
	if err != nil {
		return nil, err
	}
	d := &Diff{
		Old: old, New: new, Tag: by, Notes: notes(old, new, missing), Arrived: len(c.arrivals), Left: len(c.had),
		Missing: missing,
	}
	d.group(c.results, others)
	return d, nil
}

// timeFormat is that of times in texts, in UTC.
const timeFormat = "2006-01-02 15:04"

func timeText(t time.Time) string { return t.UTC().Format(timeFormat) }
