package domains

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/durable"
)

var (
	// ErrEntryGone says that an entry was removed from a file of exclusions: while a run lasts, entries may only
	// be added.
	ErrEntryGone = errors.New("an entry is gone from the exclusions")

	// ErrExclusions says that a file of exclusions that was read before cannot be read any more: who opted out is
	// not known.
	ErrExclusions = errors.New("the exclusions cannot be read again")
)

// An ExclusionFile is a file of exclusions that may grow while a run lasts. It is safe for concurrent use. Follow
// comes before Refresh.
type ExclusionFile struct {
	path     string // "": there is no file
	readOnce bool   // no regular file: it cannot be read again
	current  atomic.Pointer[Exclusions]

	mu      sync.Mutex
	sum     [sha256.Size]byte // of the file, when it was last read
	planned *Exclusions       // those of the plan
	late    *Exclusions       // the others; nil: none
	history *exclusionHistory // nil: not kept
}

// OpenExclusions reads a file of exclusions as [ReadExclusions] does. If path is empty, nothing is excluded. What
// is no regular file, such as a pipe, does not grow.
func OpenExclusions(path string) (*ExclusionFile, error) {
	f := &ExclusionFile{path: path}
	if path == "" {
		return f, nil
	}
	stat, err := os.Stat(path)
	if err != nil {
		return nil, openError(err)
	}
	f.readOnce = !stat.Mode().IsRegular()
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	x, err := parseExclusions(path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f.sum = sha256.Sum256(data)
	f.current.Store(x)
	return f, nil
}

// Exclusions returns those that were last read.
func (f *ExclusionFile) Exclusions() *Exclusions { return f.current.Load() }

// Domain says whether a name opted out, as [Exclusions.Domain] does.
func (f *ExclusionFile) Domain(name string) bool { return f.current.Load().Domain(name) }

// Addr says whether an address is in a network that opted out.
func (f *ExclusionFile) Addr(addr netip.Addr) bool { return f.current.Load().Addr(addr) }

// Follow compares the file with everything that any process of the run has read from it, and keeps its present
// contents. Name tells the processes of the run apart that work at the same time. A damaged history is reported
// to damaged, and removed: its process writes a new one from the file. The error wraps [ErrEntryGone] if an entry
// is missing.
func (f *ExclusionFile) Follow(
	plan *Plan, name string, disk durable.Disk, now func() time.Time, damaged func(error),
) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.current.Load()
	f.planned = x
	if x.SHA256() != plan.Exclusions {
		var err error
		if f.planned, err = plan.ReadExclusions(); err != nil {
			return err
		}
	}
	before, err := readHistories(plan.dir, func(path string, err error) error {
		damaged(err)
		return disk.Remove(path)
	})
	if err != nil {
		return err
	}
	if err := x.checkContains(before); err != nil {
		return err
	}
	if f.history, err = openExclusionHistory(disk, plan.dir, name, now); err != nil {
		return err
	}
	f.late = x.without(f.planned)
	return f.history.add(x, f.late)
}

// Refresh reads the file again if it has changed, and returns the entries that the plan does not have; nil: none.
// If its error wraps [ErrExclusions] or [ErrEntryGone], the Exclusions stay as they were. Any other error is
// about a file of the run.
func (f *ExclusionFile) Refresh() (late *Exclusions, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" || f.readOnce {
		return f.late, nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return nil, unreadable(err)
	}
	sum := sha256.Sum256(data)
	if sum == f.sum {
		return f.late, nil
	}
	x, err := parseExclusions(f.path, bytes.NewReader(data))
	if err != nil {
		return nil, unreadable(err)
	}
	if err := x.checkContains(f.current.Load()); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	more := x.without(f.planned)
	if f.history != nil {
		if err := f.history.add(x, more); err != nil {
			return nil, err
		}
	}
	if more.SHA256() != f.late.SHA256() {
		f.late = more
	}
	f.sum = sum
	f.current.Store(x)
	return f.late, nil
}

// unreadable is the error of a file that was read before, with the cause.
func unreadable(err error) error {
	return fmt.Errorf("%w: %w: correct the file, and run the same command again to go on", ErrExclusions, err)
}

// Versions returns the versions of the file in the order of reading.
func (f *ExclusionFile) Versions() []ExclusionVersion {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.history == nil {
		return nil
	}
	return slices.Clone(f.history.Versions)
}

// checkContains returns an error, which wraps [ErrEntryGone], unless x has all entries of before.
func (x *Exclusions) checkContains(before *Exclusions) error {
	gone := missing(x.entries(), before.entries())
	switch len(gone) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s; while a run lasts, entries may only be added: put it back, or use another -o",
			ErrEntryGone, gone[0])
	}
	return fmt.Errorf("%w: %s, and %d more; while a run lasts, entries may only be added: put them back, "+
		"or use another -o", ErrEntryGone, gone[0], len(gone)-1)
}

// without returns the entries of x that y does not have; nil: none.
func (x *Exclusions) without(y *Exclusions) *Exclusions {
	left := missing(y.entries(), x.entries())
	if len(left) == 0 {
		return nil
	}
	others, _ := newExclusions(left) // they were entries before
	return others
}

// missing returns the entries of want that have does not have. Both are in order.
func missing(have, want []string) (left []string) {
	for _, entry := range want {
		if _, ok := slices.BinarySearch(have, entry); !ok {
			left = append(left, entry)
		}
	}
	return left
}
