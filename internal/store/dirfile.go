package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"stsscan/internal/durable"
)

// hashFile reads a file for its version.
func hashFile(file string) (size int64, version Version, err error) {
	handle, err := os.Open(file)
	if err != nil {
		return 0, Absent, err
	}
	sum := sha256.New()
	size, err = io.Copy(sum, handle)
	if err := errors.Join(err, handle.Close()); err != nil {
		return 0, Absent, err
	}
	return size, Version(hex.EncodeToString(sum.Sum(nil))), nil
}

func versionOf(content []byte) Version {
	sum := sha256.Sum256(content)
	return Version(hex.EncodeToString(sum[:]))
}

// putNew makes a file that must not be there: the content goes to the disk under another name, and
// then gets its own.
func putNew(file string, content []byte) error {
	temp := filepath.Join(filepath.Dir(file),
		fmt.Sprintf("%s%s-%016x", durable.TemporaryPrefix, filepath.Base(file), rand.Uint64()))
	handle, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(handle, bytes.NewReader(content))
	if err == nil {
		err = handle.Sync()
	}
	err = errors.Join(err, handle.Close())
	if err == nil {
		err = linkNew(temp, file)
	}
	if err := durable.JoinErrors(err, os.Remove(temp)); err != nil {
		return err
	}
	return durable.OS{}.SyncDir(filepath.Dir(file))
}

// linkNew links a file to a name that must not be there. An NFS client that has lost a reply asks again, and is then
// told that the name exists: the two names are of the same file if it was its own.
func linkNew(temp, file string) error {
	err := os.Link(temp, file)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if ours, errOurs := os.Lstat(temp); errOurs == nil {
		if there, errThere := os.Lstat(file); errThere == nil && os.SameFile(ours, there) {
			return nil
		}
	}
	return ErrChanged
}

// noLinks reports whether a file system refused a link because it has none.
func noLinks(err error) bool {
	_, ok := errors.AsType[*os.LinkError](err)
	return ok && (errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM))
}

// absent reports whether an error says that there is no such file: also where a directory of its path is a file, or
// where its name is that of a directory.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR)
}
