package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"stsscan/internal/store"
)

// errFault is the cause of the errors of a Faulty.
var errFault = errors.New("as the test wants it")

// A Faulty is a store that fails: each call, told apart by its kind and name, fails once before and once after its
// effect, and then succeeds. Its errors wrap [store.ErrUnavailable].
type Faulty struct {
	store store.Store
	mu    sync.Mutex
	calls map[string]int
}

var _ store.Store = (*Faulty)(nil)

// NewFaulty is a store that fails in front of one that does not.
func NewFaulty(s store.Store) *Faulty { return &Faulty{store: s, calls: make(map[string]int)} }

// String is the location.
func (f *Faulty) String() string { return f.store.String() }

// fail counts a call, and says how it fails.
func (f *Faulty) fail(kind, name string) (before, after error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := kind + " " + name
	f.calls[call]++
	err := fmt.Errorf("%s in %s: %w: %w", call, f.store, store.ErrUnavailable, errFault)
	switch f.calls[call] {
	case 1:
		return err, nil
	case 2:
		return nil, err
	}
	return nil, nil
}

// Put writes an object.
func (f *Faulty) Put(ctx context.Context, name string, content []byte, was store.Version) (store.Version, error) {
	before, after := f.fail("put", name)
	if before != nil {
		return store.Absent, before
	}
	version, err := f.store.Put(ctx, name, content, was)
	if err == nil && after != nil {
		return store.Absent, after
	}
	return version, err
}

// Get reads an object.
func (f *Faulty) Get(ctx context.Context, name string) ([]byte, store.Object, error) {
	before, after := f.fail("get", name)
	if err := errors.Join(before, after); err != nil {
		return nil, store.Object{}, err
	}
	return f.store.Get(ctx, name)
}

// Stat says what Get would read.
func (f *Faulty) Stat(ctx context.Context, name string) (store.Object, error) {
	before, after := f.fail("look at", name)
	if err := errors.Join(before, after); err != nil {
		return store.Object{}, err
	}
	return f.store.Stat(ctx, name)
}

// List lists objects.
func (f *Faulty) List(ctx context.Context, prefix string) ([]store.Object, error) {
	before, after := f.fail("list", prefix+"*")
	if err := errors.Join(before, after); err != nil {
		return nil, err
	}
	return f.store.List(ctx, prefix)
}

// Remove removes an object.
func (f *Faulty) Remove(ctx context.Context, name string, was store.Version) error {
	before, after := f.fail("remove", name)
	if before != nil {
		return before
	}
	if err := f.store.Remove(ctx, name, was); err != nil {
		return err
	}
	return after
}
