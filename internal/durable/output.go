package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// WriteOutput writes data to a path that a user named. A regular file is made, or replaced as [WriteFile] does
// it; of a symbolic link that is its target, and the link stays. What is not a regular file (a device, a pipe, a
// socket), and the file behind standard output or error, is written to and never replaced. The error for a
// directory wraps [syscall.EISDIR].
//
// A write to a pipe blocks until the other end has read.
func WriteOutput(name string, data []byte) error {
	open, target, err := destination(name)
	if err != nil {
		return err
	}
	if open == nil {
		return WriteFile(target, data)
	}
	w, err := open()
	if err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	return nil
}

// CheckOutput returns the error that [WriteOutput] would meet at once, such as a directory that does not exist or
// cannot be written to. It leaves nothing behind, and opens no device, pipe or socket.
func CheckOutput(name string) error {
	open, target, err := destination(name)
	if err != nil || open != nil {
		return err
	}
	f, err := Create(target)
	if err != nil {
		return err
	}
	return f.Abort()
}

// MakeDir makes the directory that a user named, and those above it. If the name is a symbolic link, it makes the
// target.
func MakeDir(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	target, err := follow(name)
	if err != nil {
		return fmt.Errorf("make directory %s: %w", name, cause(err))
	}
	return os.MkdirAll(target, 0o755)
}

// destination says how to write to a path: either open opens it as it is, or, if open is nil, the file target is
// replaced.
func destination(name string) (open func() (io.WriteCloser, error), target string, err error) {
	info, err := os.Stat(name)
	if err == nil {
		switch std := standard(info); {
		case info.IsDir():
			err = syscall.EISDIR
		case std != nil:
			return func() (io.WriteCloser, error) { return unclosed{std}, nil }, "", nil
		case info.Mode()&fs.ModeSocket != 0:
			return func() (io.WriteCloser, error) { return net.Dial("unix", name) }, "", nil
		case !info.Mode().IsRegular():
			return func() (io.WriteCloser, error) { return os.OpenFile(name, os.O_WRONLY, 0) }, "", nil
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		target, err = follow(name)
	}
	if err != nil {
		return nil, "", fmt.Errorf("write %s: %w", name, cause(err))
	}
	return nil, target, nil
}

// standard is the standard stream that a file is, as with /dev/stdout; nil: none.
func standard(info fs.FileInfo) *os.File {
	for _, std := range []*os.File{os.Stdout, os.Stderr} {
		if here, err := std.Stat(); err == nil && os.SameFile(info, here) {
			return std
		}
	}
	return nil
}

// unclosed is a writer whose Close does nothing.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// maxLinks is the longest chain of symbolic links.
const maxLinks = 40

// follow resolves the symbolic links of a path, whose target need not exist.
func follow(name string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		link, err := os.Readlink(name)
		if err != nil {
			return "", err
		}
		if name, err = filepath.EvalSymlinks(filepath.Dir(name)); err != nil { // a link is relative to its own directory
			return "", err
		}
		if filepath.IsAbs(link) {
			name = link
		} else {
			name = filepath.Join(name, link)
		}
	}
	return "", errors.New("too many symbolic links")
}
