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

// A LockFile keeps others out for as long as it is held. The operating system
// lets go of it when the process dies, however it dies.
type LockFile struct {
	flock *flock.Flock
}

// Lock locks the file path, making it if need be, or says at once with [ErrLocked] that somebody else has it. The
// file itself holds nothing and is never removed: a lock on a file that was removed keeps nobody out.
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

// lockPoll is how often [WaitLock] looks whether a lock is free.
const lockPoll = 100 * time.Millisecond

// WaitLock is as [Lock], and waits until the lock is free. Its error wraps
// [ErrLocked] and the cause of ctx where ctx ends before.
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

// Unlock lets go of the lock. A second Unlock does nothing.
func (l *LockFile) Unlock() error {
	if err := l.flock.Unlock(); err != nil {
		return fmt.Errorf("unlock %s: %w", l.flock.Path(), cause(err))
	}
	return nil
}
