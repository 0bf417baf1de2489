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

// WriteOutput writes data to a path that a user named. A file is replaced whole, as [WriteFile] does it, or made;
// so is the one that a symbolic link leads to, and the link stays. What is no regular file (a device, a pipe, a
// socket) and what standard output or error goes to is written to and never replaced. A directory is an error,
// which wraps [syscall.EISDIR].
//
// The write to a pipe lasts until somebody has read.
func WriteOutput(name string, data []byte) error {
	way, target, err := wayTo(name)
	if err != nil {
		return err
	}
	if way == nil {
		return WriteFile(target, data)
	}
	w, err := way()
	if err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	_, err = w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, cause(err))
	}
	return nil
}

// CheckOutput is the error that [WriteOutput] would meet at once, such as a directory that is not there or is not
// ours to write to. It leaves nothing behind, and opens no device, pipe or socket.
func CheckOutput(name string) error {
	way, target, err := wayTo(name)
	if err != nil || way != nil {
		return err
	}
	f, err := Create(target)
	if err != nil {
		return err
	}
	return f.Abort()
}

// MakeDir makes the directory that a user named, with those above it, or the one that a symbolic link leads to.
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

// wayTo says how a path is written to: as it stands, by way, or as the file target, where way is nil.
func wayTo(name string) (way func() (io.WriteCloser, error), target string, err error) {
	info, err := os.Stat(name)
	if err == nil {
		switch std := standard(info); {
		case info.IsDir():
			err = syscall.EISDIR
		case std != nil:
			return func() (io.WriteCloser, error) { return kept{std}, nil }, "", nil
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

// standard is the standard stream that a file is, as /dev/stdout names it; nil: none.
func standard(info fs.FileInfo) *os.File {
	for _, std := range []*os.File{os.Stdout, os.Stderr} {
		if here, err := std.Stat(); err == nil && os.SameFile(info, here) {
			return std
		}
	}
	return nil
}

// kept is a file that stays open.
type kept struct{ *os.File }

func (kept) Close() error { return nil }

// maxLinks is how many symbolic links may follow each other.
const maxLinks = 40

// follow is the path that name leads to by symbolic links, whether something is there or not.
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
		if name, err = filepath.EvalSymlinks(filepath.Dir(name)); err != nil { // a link is relative to where it stands
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
