package domains

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/durable"
)

var (
	// ErrEntryGone says that somebody is not excluded any more who was: entries may
	// be added to a file of exclusions while a run lasts, and none taken away.
	ErrEntryGone = errors.New("an entry is gone from the exclusions")

	// ErrExclusions says that a file of exclusions, which was read before, cannot be
	// read or understood any more: who opted out is not known.
	ErrExclusions = errors.New("the exclusions cannot be read again")
)

// An ExclusionFile is a file of exclusions that may grow while a run lasts. It is
// safe for concurrent use; Follow goes before Refresh.
type ExclusionFile struct {
	path     string // "": none
	readOnce bool   // it is no regular file, and cannot be read again
	current  atomic.Pointer[Exclusions]

	mu      sync.Mutex
	sum     [sha256.Size]byte // of the file as it was read last
	planned *Exclusions       // that the names were prepared with
	late    *Exclusions       // the others; nil: none
	history *exclusionHistory // nil: none is kept
}

// OpenExclusions reads a file of exclusions as [ReadExclusions] does. An empty
// path is that of no file: none is excluded. What is no regular file, such as a
// pipe, does not grow.
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

// Exclusions are those that were read last.
func (f *ExclusionFile) Exclusions() *Exclusions { return f.current.Load() }

// Domain says whether a name opted out, as [Exclusions.Domain] does.
func (f *ExclusionFile) Domain(name string) bool { return f.current.Load().Domain(name) }

// Addr says whether an address is in a network that opted out.
func (f *ExclusionFile) Addr(addr netip.Addr) bool { return f.current.Load().Addr(addr) }

// Follow holds the file against all that was read for the run so far, by any
// process, and keeps what it has now. Name tells the processes of the run apart
// that work at a time. What a process has kept and is damaged is told to damaged, and
// removed: that process keeps it anew from the file when it comes to it. The error
// wraps [ErrEntryGone] where an entry is missing.
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
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) { // another process may have been quicker
			return err
		}
		return nil
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

// Refresh reads the file anew, where it has changed, and gives those that are
// excluded now and were not when the names were prepared; nil: none. Its error
// wraps [ErrExclusions] or [ErrEntryGone], and the Exclusions stay those that were
// read before; or it is that of a file of the run.
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

// unreadable is the error of a file that was read before, and why it cannot be now.
func unreadable(err error) error {
	return fmt.Errorf("%w: %w: mend it, and run the same command again to go on", ErrExclusions, err)
}

// Versions are what the file had in it, in the order in which it was seen.
func (f *ExclusionFile) Versions() []ExclusionVersion {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.history == nil {
		return nil
	}
	return slices.Clone(f.history.Versions)
}

// checkContains reports an error, which wraps [ErrEntryGone], unless x has every entry
// that it had before.
func (x *Exclusions) checkContains(before *Exclusions) error {
	gone := missing(x.entries(), before.entries())
	switch len(gone) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s; entries may be added while a run lasts, and none taken away", ErrEntryGone, gone[0])
	}
	return fmt.Errorf("%w: %s, and %d more; entries may be added while a run lasts, and none taken away",
		ErrEntryGone, gone[0], len(gone)-1)
}

// without are the entries of x that y does not have; nil: none.
func (x *Exclusions) without(y *Exclusions) *Exclusions {
	left := missing(y.entries(), x.entries())
	if len(left) == 0 {
		return nil
	}
	others, _ := newExclusions(left) // they were entries before
	return others
}

// missing are the entries of want that have does not have. Both are in order.
func missing(have, want []string) (left []string) {
	for _, entry := range want {
		if _, ok := slices.BinarySearch(have, entry); !ok {
			left = append(left, entry)
		}
	}
	return left
}
