package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// An FS is what this package needs of a file system. Its errors are those of package os.
type FS interface {
	Create(name string) (Handle, error) // a new file, mode 0644 before the umask; an error when it exists
	Rename(from, to string) error       // replaces to, atomically
	Remove(name string) error
	ReadDir(dir string) ([]fs.DirEntry, error)
	SyncDir(dir string) error // makes sure that the names in dir have reached the disk
}

// A Handle is a file that is open for writing.
type Handle interface {
	io.Writer
	Sync() error
	Close() error
}

// OS is the file system of the operating system.
type OS struct{}

// Create makes a new file.
func (OS) Create(name string) (Handle, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// Rename renames a file.
func (OS) Rename(from, to string) error {
	err := os.Rename(from, to)
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: le.Op, Path: le.New, Err: le.Err}
	}
	return err
}

// Remove removes a file.
func (OS) Remove(name string) error { return os.Remove(name) }

// ReadDir lists a directory.
func (OS) ReadDir(dir string) ([]fs.DirEntry, error) { return os.ReadDir(dir) }

// SyncDir does nothing if directories cannot be synced, as on Windows and some network file systems.
func (OS) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
