// Package durable writes files that are whole or not there, at whatever moment the process or the machine dies.
// It also seals texts with a checksum, and locks a directory against a second process.
//
// A file is written under a temporary name beside its own, synced, checked and renamed, and its directory is
// synced too. The package does not append, edit in place or read: a durable file is replaced as a whole or left
// alone. A path that a user named may not be a regular file: [WriteOutput] is for those.
package durable

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
)

// TemporaryPrefix begins the name of each file that is not whole yet.
const TemporaryPrefix = ".tmp-"

// A Disk makes durable files on a file system. The zero Disk uses that of the operating system; tests use one
// that fails.
type Disk struct {
	FS FS // nil: OS{}

	// Permit is asked before a file appears under its name, and before one is renamed or removed. Its error is that
	// of the call, and nothing has changed. It may be called from several goroutines. Nil: all is permitted.
	Permit func() error
}

// Create is [Disk.Create] on the file system of the operating system.
func Create(name string) (*File, error) { return Disk{}.Create(name) }

// WriteFile is [Disk.WriteFile] on the file system of the operating system.
func WriteFile(name string, data []byte) error { return Disk{}.WriteFile(name, data) }

// WriteFile replaces the contents of the file name by data. On error the file is as it was before, or not there.
// Only if the last step fails, the sync of the directory, is the new file in place.
func (d Disk) WriteFile(name string, data []byte) error {
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return JoinErrors(err, f.Abort())
	}
	return f.Commit(nil)
}

// Create begins the file name, with mode 0644 before the umask. Nothing appears under that name until
// [File.Commit]. A File that is not committed must be aborted.
func (d Disk) Create(name string) (*File, error) {
	dir, base := filepath.Split(name)
	temp := filepath.Join(dir, fmt.Sprintf("%s%s-%016x", TemporaryPrefix, base, rand.Uint64()))
	h, err := d.fs().Create(temp)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, cause(err))
	}
	return &File{disk: d, handle: h, name: name, temp: temp}, nil
}

// Permitted is the error of Permit for a file that the caller changes in a way of its own.
func (d Disk) Permitted() error {
	if d.Permit == nil {
		return nil
	}
	return d.Permit()
}

// Rename renames a file, which may replace another one.
func (d Disk) Rename(from, to string) error {
	if err := d.Permitted(); err != nil {
		return fmt.Errorf("rename %s: %w", from, err)
	}
	if err := d.fs().Rename(from, to); err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, cause(err))
	}
	return nil
}

// Remove removes a file. One that is not there counts as removed.
func (d Disk) Remove(name string) error {
	if err := d.Permitted(); err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	if err := d.fs().Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", name, cause(err))
	}
	return nil
}

// Sweep removes the temporary files that a killed process left in dir. If several processes write to one
// directory, mine says by the intended name of a file whether the caller may remove it; nil: all of them. A
// directory that does not exist has none.
func (d Disk) Sweep(dir string, mine func(name string) bool) error {
	entries, err := d.fs().ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep %s: %w", dir, cause(err))
	}
	var errs []error
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), TemporaryPrefix)
		if !ok || !e.Type().IsRegular() {
			continue
		}
		end := max(strings.LastIndexByte(rest, '-'), 0)
		if mine != nil && !mine(rest[:end]) {
			continue
		}
		if err := d.Remove(filepath.Join(dir, e.Name())); err != nil { // or another process of the same run did
			errs = append(errs, fmt.Errorf("sweep %s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}

func (d Disk) fs() FS {
	if d.FS == nil {
		return OS{}
	}
	return d.FS
}

// A File is being written. It is not safe for concurrent use.
type File struct {
	disk       Disk
	handle     Handle // nil once the file is committed or aborted
	name, temp string
	err        error // of the first failed write, after which nothing may be committed
}

var _ io.Writer = (*File)(nil)

// Name is the name that the file gets.
func (f *File) Name() string { return f.name }

// Write appends p. After an error the file can only be aborted.
func (f *File) Write(p []byte) (int, error) {
	if f.handle == nil {
		return 0, fmt.Errorf("write %s: %w", f.name, fs.ErrClosed)
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.handle.Write(p)
	if err != nil {
		f.err = fmt.Errorf("write %s: %w", f.name, cause(err))
	}
	return n, f.err
}

// Commit makes the file appear under its name, replacing an older one. Unless check is nil, it is given the path
// of the temporary file once the data has reached the disk; its error stops the commit, and so does that of Permit
// of [Disk], which is asked last. On error the temporary file is removed and the name is as it was. The exception
// is a failure to sync the directory: the new file is in place and whole, but may not survive a loss of power.
func (f *File) Commit(check func(path string) error) error {
	if f.handle == nil {
		return fmt.Errorf("commit %s: %w", f.name, fs.ErrClosed)
	}
	if f.err != nil {
		return JoinErrors(f.err, f.Abort())
	}
	// After a failed fsync the pages are marked clean, so a second one would say nothing: the file is given up.
	if err := f.handle.Sync(); err != nil {
		return JoinErrors(fmt.Errorf("sync %s: %w", f.name, cause(err)), f.Abort())
	}
	err := f.handle.Close()
	f.handle = nil
	if err != nil {
		return JoinErrors(fmt.Errorf("close %s: %w", f.name, cause(err)), f.remove())
	}
	if check != nil {
		if err := check(f.temp); err != nil {
			return JoinErrors(fmt.Errorf("check %s: %w", f.name, err), f.remove())
		}
	}
	if err := f.disk.Permitted(); err != nil {
		return JoinErrors(fmt.Errorf("rename to %s: %w", f.name, err), f.remove())
	}
	if err := f.disk.fs().Rename(f.temp, f.name); err != nil {
		return JoinErrors(fmt.Errorf("rename to %s: %w", f.name, cause(err)), f.remove())
	}
	if err := f.disk.fs().SyncDir(filepath.Dir(f.name)); err != nil {
		return fmt.Errorf("sync directory of %s: %w", f.name, cause(err))
	}
	return nil
}

// Abort removes what was written. It does nothing after Commit or Abort, so that it can be deferred.
func (f *File) Abort() error {
	if f.handle == nil {
		return nil
	}
	err := f.handle.Close()
	f.handle = nil
	if err != nil {
		err = fmt.Errorf("close %s: %w", f.name, cause(err))
	}
	return JoinErrors(err, f.remove())
}

func (f *File) remove() error {
	if err := f.disk.fs().Remove(f.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove temporary file: %w", err)
	}
	return nil
}

// cause is err without its path: people know the file by its own name, not by the temporary one.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// JoinErrors is err, followed by what went wrong in the clean-up after it, on one line.
func JoinErrors(err, also error) error {
	if err == nil || also == nil {
		return cmp.Or(err, also)
	}
	return fmt.Errorf("%w (then %w)", err, also)
}
