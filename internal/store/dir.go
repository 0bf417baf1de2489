package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"stsscan/internal/durable"
)

// lockFile is the lock of a directory, which a process holds while it replaces or removes an object.
const lockFile = ".store.lock"

// A Dir is a directory as a store, also one that many machines mount. Its objects are plain files, so the directory
// of a run is a store. The version of an object is the SHA-256 of its content.
//
// What is not there is put by a link, which is atomic on network file systems, too; what is there is replaced and
// removed under a lock. A file that is replaced past the store is one that another process has changed.
type Dir struct {
	path string
	turn chan struct{} // taken by the caller that waits for the lock, or holds it
}

var _ Store = (*Dir)(nil)

// NewDir is the store in a directory, which is made by the first Put.
func NewDir(path string) *Dir { return &Dir{path: path, turn: make(chan struct{}, 1)} }

// String is the path.
func (d *Dir) String() string { return d.path }

// Put writes an object. See [Store].
func (d *Dir) Put(ctx context.Context, name string, content []byte, was Version) (Version, error) {
	err := d.put(ctx, name, content, was)
	if err != nil {
		return Absent, d.failed(ctx, "put", name, err)
	}
	return versionOf(content), nil
}

func (d *Dir) put(ctx context.Context, name string, content []byte, was Version) error {
	if err := d.check(ctx, name); err != nil {
		return err
	}
	if was != Absent {
		return d.locked(ctx, func() error {
			if err := d.compare(name, was); err != nil {
				return err
			}
			return durable.WriteFile(d.file(name), content)
		})
	}
	if err := d.makeParent(name); err != nil {
		return err
	}
	err := putNew(d.file(name), content)
	if !noLinks(err) {
		return err
	}
	return d.locked(ctx, func() error {
		if err := d.compare(name, Absent); err != nil {
			return err
		}
		return durable.WriteFile(d.file(name), content)
	})
}

// Get reads an object. See [Store].
func (d *Dir) Get(ctx context.Context, name string) ([]byte, Object, error) {
	var content []byte
	err := d.check(ctx, name)
	if err == nil {
		content, err = os.ReadFile(d.file(name))
	}
	if err != nil {
		return nil, Object{}, d.failed(ctx, "get", name, err)
	}
	return content, Object{Name: name, Size: int64(len(content)), Version: versionOf(content)}, nil
}

// Stat reads an object for its version. See [Store].
func (d *Dir) Stat(ctx context.Context, name string) (Object, error) {
	object := Object{Name: name}
	err := d.check(ctx, name)
	if err == nil {
		object.Size, object.Version, err = hashFile(d.file(name))
	}
	if err != nil {
		return Object{}, d.failed(ctx, "look at", name, err)
	}
	return object, nil
}

// List lists objects. See [Store]. Files whose names no object can have are not among them, nor are links.
func (d *Dir) List(ctx context.Context, prefix string) ([]Object, error) {
	if !canBegin(prefix) {
		return nil, nil
	}
	var objects []Object
	top, _ := path.Split(prefix)
	err := fs.WalkDir(os.DirFS(d.path), path.Clean(top), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case absent(err):
			return nil // never there, or removed meanwhile
		case err != nil:
			return err
		case name == "." || entry.IsDir() && strings.HasPrefix(prefix, name+"/"):
			return nil
		case checkName(name) != nil || entry.IsDir() && !strings.HasPrefix(name+"/", prefix):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !strings.HasPrefix(name, prefix) || !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if absent(err) {
			return nil
		}
		if err != nil {
			return err
		}
		objects = append(objects, Object{Name: name, Size: info.Size()})
		return nil
	})
	if err != nil {
		return nil, d.failed(ctx, "list", prefix+"*", err)
	}
	sortByName(objects) // a walk has a/b before a.b
	return objects, nil
}

// Remove removes an object. See [Store].
func (d *Dir) Remove(ctx context.Context, name string, was Version) error {
	err := d.check(ctx, name)
	if err == nil {
		_, err = os.Stat(d.file(name))
	}
	if err == nil {
		err = d.locked(ctx, func() error {
			if err := d.compare(name, was); err != nil {
				if _, gone := os.Stat(d.file(name)); absent(gone) {
					return gone
				}
				return err
			}
			if err := os.Remove(d.file(name)); err != nil {
				return err
			}
			return durable.OS{}.SyncDir(filepath.Dir(d.file(name)))
		})
	}
	if err == nil || absent(err) {
		return nil
	}
	return d.failed(ctx, "remove", name, err)
}

// compare returns ErrChanged if the version of an object is not was. The lock must be held.
func (d *Dir) compare(name string, was Version) error {
	_, now, err := hashFile(d.file(name))
	if err != nil && !absent(err) {
		return err
	}
	if now != was {
		return ErrChanged
	}
	return nil
}

// locked calls do while it holds the lock of the directory.
func (d *Dir) locked(ctx context.Context, do func() error) (err error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-d.turn }()
	if err := os.MkdirAll(d.path, 0o755); err != nil {
		return err
	}
	lock, err := durable.WaitLock(ctx, filepath.Join(d.path, lockFile))
	if err != nil {
		return err
	}
	defer func() { err = durable.JoinErrors(err, lock.Unlock()) }()
	return do()
}

// makeParent makes the directory of an object's file, which is on the disk when it returns.
func (d *Dir) makeParent(name string) error {
	dir := filepath.Dir(d.file(name))
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for {
		dir = filepath.Dir(dir)
		if err := (durable.OS{}).SyncDir(dir); err != nil {
			return err
		}
		if rest, err := filepath.Rel(d.path, dir); err != nil || !filepath.IsLocal(rest) {
			return nil
		}
	}
}

// file is the path of an object's file.
func (d *Dir) file(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// check says why nothing can be done with this name.
func (d *Dir) check(ctx context.Context, name string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return checkName(name)
}

// failed is the error for what the operating system says.
func (d *Dir) failed(ctx context.Context, action, name string, err error) error {
	switch {
	case errors.Is(err, ErrChanged), errors.Is(err, ErrRefused):
		return failed(ctx, d, action, name, err, nil)
	case action != "put" && absent(err):
		return failed(ctx, d, action, name, fs.ErrNotExist, nil)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return failed(ctx, d, action, name, ErrRefused, fmt.Errorf("%w: let this user read and write there", err))
	}
	return failed(ctx, d, action, name, ErrUnavailable, err)
}
