package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// ErrLocked says that another process, or another LockFile of this one, holds the lock.
var ErrLocked = errors.New("in use by another process")

// A LockFile holds a lock. The operating system releases it when the process dies.
type LockFile struct {
	flock *flock.Flock
}

// Lock locks the file path, which is made if it is not there. Its error wraps [ErrLocked] if the lock is held.
// The file stays empty and is never removed: a lock on a removed file excludes no process.
func Lock(path string) (*LockFile, error) {
	// Network file systems grant an exclusive lock only on a file that is open for writing.
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, cause(err))
	}
	if !ok {
		return nil, fmt.Errorf("lock %s: %w", path, ErrLocked)
	}
	return &LockFile{flock: l}, nil
}

// lockPoll is the time between two attempts of [WaitLock].
const lockPoll = 100 * time.Millisecond

// WaitLock waits for the lock that [Lock] takes. If ctx ends first, its error wraps [ErrLocked] and the cause of
// ctx.
func WaitLock(ctx context.Context, path string) (*LockFile, error) {
	for {
		lock, err := Lock(path)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// Unlock releases the lock. A second Unlock does nothing.
func (l *LockFile) Unlock() error {
	if err := l.flock.Unlock(); err != nil {
		return fmt.Errorf("unlock %s: %w", l.flock.Path(), cause(err))
	}
	return nil
}
