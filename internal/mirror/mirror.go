// Package mirror keeps the files of a run directory in a store, so that the directory may be scratch space of a
// machine. It brings files from the store, puts what a process writes, in order, and fetches whole runs. An object
// has the name of its file.
//
// The package does not decide which files a process needs, does not read them, and holds no claim on a run.
package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"stsscan/internal/durable"
	"stsscan/internal/store"
)

var (
	// ErrOvertaken says that another process has written an object that only one process writes.
	ErrOvertaken = errors.New("another process scans the same shard")
	// ErrOther says that the store has another file under the same name, which does not change.
	ErrOther = errors.New("the store has another one")
	// ErrNotPut says that a file is in the run directory and not in the store.
	ErrNotPut = errors.New("the store lacks what is in the run directory")
)

// A Mirror is a run directory and its store. Its methods may be called from several goroutines.
type Mirror struct {
	store store.Store
	dir   string
	log   *slog.Logger

	seed maphash.Seed // of the sums of states

	mu    sync.Mutex
	sizes map[string]int64 // of the objects that are there
	known map[string]state // of those that were read or put
}

// A state is what is known about the content of an object.
type state struct {
	version store.Version
	damaged bool   // the octets are not those that were put
	sum     uint64 // of the octets, for this process alone: it costs less than those that tell files of others apart
}

// New is the mirror of the run directory dir.
func New(s store.Store, dir string, log *slog.Logger) *Mirror {
	return &Mirror{store: s, dir: dir, log: log, seed: maphash.MakeSeed(), sizes: make(map[string]int64),
		known: make(map[string]state)}
}

// Store is the store.
func (m *Mirror) Store() store.Store { return m.store }

// String is the location of the store.
func (m *Mirror) String() string { return m.store.String() }

// Look asks the store what is there.
func (m *Mirror) Look(ctx context.Context) error {
	objects, err := m.store.List(ctx, "")
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.sizes)
	for _, object := range objects {
		m.sizes[object.Name] = object.Size
	}
	return nil
}

// Has reports whether an object is there, as far as this process knows.
func (m *Mirror) Has(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.sizes[name]
	return ok
}

// Names are the objects that are there, as far as this process knows, and for which want holds, in order.
func (m *Mirror) Names(want func(name string) bool) (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.sizes {
		if want(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Bring writes the object to its file, unless the file is the same. No object is no error, and leaves the file as it
// is. The error wraps [store.ErrDamaged] where the object is; it can be put anew.
func (m *Mirror) Bring(ctx context.Context, name string) error {
	if !m.Has(name) {
		return nil
	}
	content, err := m.Read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.WriteFile(name, content)
}

// Differs reports whether the object is there, and the file is not the same.
func (m *Mirror) Differs(ctx context.Context, name string) (bool, error) {
	if !m.Has(name) {
		return false, nil
	}
	content, err := m.Read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	has, err := contains(m.path(name), content)
	return !has, err
}

// Read reads the object.
func (m *Mirror) Read(ctx context.Context, name string) ([]byte, error) {
	content, object, err := m.store.Get(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.forget(name)
		return nil, err
	case errors.Is(err, store.ErrDamaged):
		object, statErr := m.store.Stat(ctx, name)
		if statErr != nil {
			return nil, statErr
		}
		m.learn(name, object.Size, state{version: object.Version, damaged: true})
		return nil, err
	case err != nil:
		return nil, err
	}
	m.learn(name, object.Size, state{version: object.Version, sum: m.sum(content)})
	return content, nil
}

// Put puts an object that only this process writes. It replaces none but the one that this process read or put last:
// otherwise the error wraps [ErrOvertaken].
func (m *Mirror) Put(ctx context.Context, name string, content []byte) error {
	there, err := m.put(ctx, name, content)
	if err == nil && there != nil {
		err = fmt.Errorf("%s in %s: %w", name, m.store, ErrOvertaken)
	}
	return err
}

// PutOnce puts an object that several processes may put, and that never changes. If another one is there the error
// wraps [ErrOther].
func (m *Mirror) PutOnce(ctx context.Context, name string, content []byte) error {
	if was := m.state(name); was.isKnown() && was.sum != m.sum(content) {
		return fmt.Errorf("%s in %s: %w", name, m.store, ErrOther)
	}
	there, err := m.put(ctx, name, content)
	if err == nil && there != nil {
		err = fmt.Errorf("%s in %s: %w", name, m.store, ErrOther)
	}
	return err
}

// put puts an object in the place of the one that is known. If another one is there it returns that one.
func (m *Mirror) put(ctx context.Context, name string, content []byte) (there []byte, err error) {
	was, sum := m.state(name), m.sum(content)
	if was.isKnown() && was.sum == sum {
		return nil, nil
	}
	version, err := m.store.Put(ctx, name, content, was.version)
	if err == nil {
		m.learn(name, int64(len(content)), state{version: version, sum: sum})
		return nil, nil
	}
	if !errors.Is(err, store.ErrChanged) {
		return nil, err
	}
	there, getErr := m.Read(ctx, name) // an earlier put may have succeeded and said that it did not
	switch {
	case errors.Is(getErr, fs.ErrNotExist), errors.Is(getErr, store.ErrDamaged):
		return []byte{}, nil
	case getErr != nil:
		return nil, getErr
	case bytes.Equal(there, content):
		return nil, nil
	}
	return there, nil
}

// WriteFile writes content that was read from the object, or put there, to its file, unless the file is the same.
func (m *Mirror) WriteFile(name string, content []byte) error {
	path := m.path(name)
	if has, err := contains(path, content); err != nil || has {
		return err
	}
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	return durable.WriteFile(path, content)
}

// PutFile is [Mirror.Put] for the present content of the file.
func (m *Mirror) PutFile(ctx context.Context, name string) error {
	content, err := os.ReadFile(m.path(name))
	if err != nil {
		return err
	}
	return m.Put(ctx, name, content)
}

// PutFileOnce is [Mirror.PutOnce] for the content of the file. No file is no error.
func (m *Mirror) PutFileOnce(ctx context.Context, name string) error {
	content, err := os.ReadFile(m.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return m.PutOnce(ctx, name, content)
}

// Remove removes an object. One that another process has changed stays, and the error wraps [store.ErrChanged].
func (m *Mirror) Remove(ctx context.Context, name string) error {
	was := m.state(name)
	if was.version == store.Absent {
		object, err := m.store.Stat(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			m.forget(name)
			return nil
		}
		if err != nil {
			return err
		}
		was.version = object.Version
	}
	if err := m.store.Remove(ctx, name, was.version); err != nil {
		return err
	}
	m.forget(name)
	return nil
}

// RemoveAll removes the objects whose names begin with prefix.
func (m *Mirror) RemoveAll(ctx context.Context, prefix string) error {
	for _, name := range m.Names(func(name string) bool { return strings.HasPrefix(name, prefix) }) {
		if err := m.Remove(ctx, name); err != nil && !errors.Is(err, store.ErrChanged) {
			return err
		}
	}
	return nil
}

func (m *Mirror) state(name string) state {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[name]
}

func (m *Mirror) learn(name string, size int64, s state) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sizes[name], m.known[name] = size, s
}

func (m *Mirror) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sizes, name)
	delete(m.known, name)
}

// path is the file of an object.
func (m *Mirror) path(name string) string { return filepath.Join(m.dir, filepath.FromSlash(name)) }

// contains reports whether a file is there with this content.
func contains(path string, content []byte) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || info.Size() != int64(len(content)) {
		return false, err
	}
	now, err := os.ReadFile(path)
	return string(now) == string(content), err
}

// IsBrought reports whether the object was brought to its file, or put from it.
func (m *Mirror) IsBrought(name string) bool { return m.state(name).isKnown() }

// isKnown reports whether the octets are known.
func (s state) isKnown() bool { return s.version != store.Absent && !s.damaged }

func (m *Mirror) sum(content []byte) uint64 { return maphash.Bytes(m.seed, content) }

// Changed reports whether one of the objects is not the one that this process read or put last.
func (m *Mirror) Changed(ctx context.Context, names ...string) (bool, error) {
	for _, name := range names {
		object, err := m.store.Stat(ctx, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if object.Version != m.state(name).version {
			return true, nil
		}
	}
	return false, nil
}
