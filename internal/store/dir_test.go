package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"stsscan/internal/durable"
	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

func TestDir(t *testing.T) {
	storetest.Conform(t, func(t *testing.T) store.Store { return store.NewDir(filepath.Join(t.TempDir(), "a", "run")) })
}

func TestDirRace(t *testing.T) {
	dir := t.TempDir()
	var racers []store.Store
	for range 8 {
		racers = append(racers, store.NewDir(dir))
	}
	same := racers[0]
	racers = append(racers, same, same)
	storetest.Race(t, racers, 10)
	storetest.RaceRemove(t, racers, 10)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name[0] == '.' && name != ".store.lock" {
			t.Errorf("%s is left", name)
		}
	}
}

// TestDirFiles has files in a directory that are no objects, and one that is replaced past the store.
func TestDirFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		file := filepath.Join(dir, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".run.lock", ".tmp-run.json-0123456789abcdef", "a/.hidden", ".dir/file", "run.json"} {
		write(name, "one")
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, store.Config{})
	objects, err := s.List(t.Context(), "")
	if err != nil || len(objects) != 1 || objects[0] != (store.Object{Name: "run.json", Size: 3}) {
		t.Errorf("there is %+v, %v", objects, err)
	}
	for _, name := range []string{"empty", "run.json/below", "a"} {
		if _, _, err := s.Get(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %s: %v", name, err)
		}
		if _, err := s.Stat(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("look at %s: %v", name, err)
		}
	}
	before, err := s.Stat(t.Context(), "run.json")
	if err != nil {
		t.Fatal(err)
	}
	write("run.json", "two")
	if _, err := s.Put(t.Context(), "run.json", []byte("three"), before.Version); !errors.Is(err, store.ErrChanged) {
		t.Errorf("put: %v", err)
	}
	if err := s.Remove(t.Context(), "run.json", before.Version); !errors.Is(err, store.ErrChanged) {
		t.Errorf("remove: %v", err)
	}
}

// TestDirInTheWay has a file where a directory is needed.
func TestDirInTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := store.NewDir(file)
	if _, err := s.Put(t.Context(), "run.json", nil, store.Absent); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("put: %v", err)
	}
	if _, _, err := s.Get(t.Context(), "run.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: %v", err)
	}
}

// TestDirRefused has a directory in which this user may not write.
func TestDirRefused(t *testing.T) {
	if os.Getuid() <= 0 {
		t.Skip("this user may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := store.NewDir(dir).Put(t.Context(), "run.json", nil, store.Absent)
	wantRefused(t, "put", err, "let this user read and write there")
}

// TestDirDisputed has another process hold the lock of the directory: what replaces an object waits for it until its
// context ends, and what only puts or reads does not.
func TestDirDisputed(t *testing.T) {
	dir := t.TempDir()
	s := store.NewDir(dir)
	was, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := durable.Lock(filepath.Join(dir, ".store.lock"))
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped by the test")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, stopped)
	defer cancel()
	if _, err := s.Put(ctx, "run.json", []byte("two"), was); !errors.Is(err, stopped) {
		t.Errorf("put: %v", err)
	}
	if _, err := s.Put(t.Context(), "part.parquet", []byte("one"), store.Absent); err != nil {
		t.Error(err)
	}
	if content, _, err := s.Get(t.Context(), "run.json"); err != nil || string(content) != "one" {
		t.Errorf("there is %q, %v", content, err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "run.json", []byte("two"), was); err != nil {
		t.Error(err)
	}
}
