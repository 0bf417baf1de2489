package claim_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"testing/synctest"

	"stsscan/internal/store"
)

// A memory is a store that can be out of reach, or say that a write failed which did not.
type memory struct {
	mu        sync.Mutex
	texts     map[string][]byte
	versions  map[string]int
	last      int
	puts      int
	unreached bool
	lostReply bool // of the next Put
}

var _ store.Store = (*memory)(nil)

func newMemory() *memory {
	return &memory{texts: make(map[string][]byte), versions: make(map[string]int)}
}

func (m *memory) String() string { return "memory" }

func (m *memory) set(unreached bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unreached = unreached
}

// putRaw replaces the text past the versions that others know.
func (m *memory) putRaw(name, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.texts[name], m.versions[name] = []byte(text), m.last
}

func (m *memory) reach(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if m.unreached {
		return fmt.Errorf("memory: %w", store.ErrUnavailable)
	}
	return nil
}

func (m *memory) version(name string) store.Version {
	if _, ok := m.texts[name]; !ok {
		return store.Absent
	}
	return store.Version(fmt.Sprint(m.versions[name]))
}

func (m *memory) Put(ctx context.Context, name string, content []byte, was store.Version) (store.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.reach(ctx); err != nil {
		return store.Absent, err
	}
	if m.version(name) != was {
		return store.Absent, fmt.Errorf("memory: %w", store.ErrChanged)
	}
	m.last++
	m.puts++
	m.texts[name], m.versions[name] = content, m.last
	if m.lostReply {
		m.lostReply = false
		return store.Absent, fmt.Errorf("memory: %w", store.ErrUnavailable)
	}
	return m.version(name), nil
}

func (m *memory) Get(ctx context.Context, name string) ([]byte, store.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.reach(ctx); err != nil {
		return nil, store.Object{}, err
	}
	text, ok := m.texts[name]
	if !ok {
		return nil, store.Object{}, fmt.Errorf("memory: %w", fs.ErrNotExist)
	}
	if string(text) == damaged {
		return nil, store.Object{}, fmt.Errorf("memory: %w", store.ErrDamaged)
	}
	return text, store.Object{Name: name, Size: int64(len(text)), Version: m.version(name)}, nil
}

// damaged is a text that Get refuses.
const damaged = "damaged"

func (m *memory) Stat(ctx context.Context, name string) (store.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return store.Object{Name: name, Version: m.version(name)}, m.reach(ctx)
}

func (m *memory) List(context.Context, string) ([]store.Object, error) {
	return nil, errors.ErrUnsupported
}

func (m *memory) Remove(ctx context.Context, name string, was store.Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.reach(ctx); err != nil {
		return err
	}
	if now := m.version(name); now != was && now != store.Absent {
		return fmt.Errorf("memory: %w", store.ErrChanged)
	}
	delete(m.texts, name)
	return nil
}

// eachStore runs a test in a bubble, with a store in memory and with a directory.
func eachStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	for _, kind := range []struct {
		name string
		make func(t *testing.T) store.Store
	}{
		{"memory", func(*testing.T) store.Store { return newMemory() }},
		{"directory", func(t *testing.T) store.Store { return store.NewDir(t.TempDir()) }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			s := kind.make(t)
			synctest.Test(t, func(t *testing.T) { test(t, s) })
		})
	}
}
