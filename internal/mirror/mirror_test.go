package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stsscan/internal/mirror"
	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// open is the mirror of a directory that has looked at its store.
func open(t *testing.T, s store.Store, dir string) *mirror.Mirror {
	t.Helper()
	m := mirror.New(s, dir, slog.New(slog.DiscardHandler))
	if err := m.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// contents are the objects of a store.
func contents(t *testing.T, s store.Store) map[string]string {
	t.Helper()
	objects, err := s.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, object := range objects {
		content, _, err := s.Get(t.Context(), object.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[object.Name] = string(content)
	}
	return all
}

func want(t *testing.T, s store.Store, objects map[string]string) {
	t.Helper()
	if now := contents(t, s); !maps.Equal(now, objects) {
		t.Errorf("the store has %q, want %q", now, objects)
	}
}

// What one directory puts, another one brings; files that the store has replace others.
func TestBring(t *testing.T) {
	s, here, there := store.NewDir(t.TempDir()), t.TempDir(), t.TempDir()
	write(t, here, "chunks/chunk-000000.names", "a.example")
	write(t, here, "plan.json", "plan")
	m := open(t, s, here)
	for _, name := range []string{"chunks/chunk-000000.names", "plan.json", "none"} {
		if err := m.PutFileOnce(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	write(t, there, "plan.json", "another")
	m = open(t, s, there)
	names := m.Names(func(string) bool { return true })
	if !slices.Equal(names, []string{"chunks/chunk-000000.names", "plan.json"}) {
		t.Errorf("it has %q", names)
	}
	for _, name := range []string{"chunks/chunk-000000.names", "plan.json", "none"} {
		differs, err := m.Differs(t.Context(), name)
		if err != nil || differs != (name != "none") {
			t.Errorf("%s differs: %v, %v", name, differs, err)
		}
		if err := m.Bring(t.Context(), name); err != nil {
			t.Error(err)
		}
		if differs, err := m.Differs(t.Context(), name); err != nil || differs {
			t.Errorf("%s differs: %v, %v", name, differs, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(there, "plan.json")); err != nil || string(text) != "plan" {
		t.Errorf("%q, %v", text, err)
	}
	if err := m.RemoveAll(t.Context(), "chunks/"); err != nil {
		t.Error(err)
	}
	want(t, s, map[string]string{"plan.json": "plan"})
}

// Of two processes that write the same object one is told so; what never changes may be put by both.
func TestOvertaken(t *testing.T) {
	s := store.NewDir(t.TempDir())
	one, two := open(t, s, t.TempDir()), open(t, s, t.TempDir())
	put := func(m *mirror.Mirror, content string) error { return m.Put(t.Context(), "run.json", []byte(content)) }
	if err := errors.Join(put(one, "1"), put(one, "2"), put(one, "2")); err != nil {
		t.Error(err)
	}
	if err := put(two, "3"); !errors.Is(err, mirror.ErrOvertaken) {
		t.Errorf("overtaken: %v", err)
	}
	third := open(t, s, t.TempDir())
	if _, err := third.Read(t.Context(), "run.json"); err != nil {
		t.Fatal(err)
	}
	if changed, err := one.Changed(t.Context(), "run.json"); err != nil || changed {
		t.Errorf("changed: %v, %v", changed, err)
	}
	if err := put(third, "4"); err != nil {
		t.Error(err)
	}
	if changed, err := one.Changed(t.Context(), "run.json"); err != nil || !changed {
		t.Errorf("changed: %v, %v", changed, err)
	}
	if err := put(one, "5"); !errors.Is(err, mirror.ErrOvertaken) {
		t.Errorf("overtaken: %v", err)
	}
	once := func(m *mirror.Mirror, content string) error {
		return m.PutOnce(t.Context(), "plan.json", []byte(content))
	}
	if err := errors.Join(once(one, "plan"), once(one, "plan"), once(two, "plan")); err != nil {
		t.Error(err)
	}
	for _, m := range []*mirror.Mirror{one, third} {
		if err := once(m, "another"); !errors.Is(err, mirror.ErrOther) {
			t.Errorf("another one: %v", err)
		}
	}
	want(t, s, map[string]string{"run.json": "4", "plan.json": "plan"})
}

// A damaged object is put anew.
func TestDamaged(t *testing.T) {
	server := storetest.NewServer()
	s, err := store.Open("s3://surveys/run", storetest.Config(server.Start(t)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	m := open(t, s, dir)
	if err := m.Put(t.Context(), "part-000000.parquet", []byte("rows")); err != nil {
		t.Fatal(err)
	}
	server.Fault = func(request storetest.Request) storetest.Fault {
		if request.Kind == "get" {
			return storetest.Damage()
		}
		return storetest.Fault{}
	}
	m = open(t, s, dir)
	if err := m.Bring(t.Context(), "part-000000.parquet"); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}
	if err := m.Put(t.Context(), "part-000000.parquet", []byte("rows again")); err != nil {
		t.Error(err)
	}
	server.Fault = nil
	want(t, s, map[string]string{"part-000000.parquet": "rows again"})
}

// A store whose calls fail, each once before and once after its effect, has in the end what it has to have. Each
// process begins with an empty directory.
func TestFaulty(t *testing.T) {
	behind := store.NewDir(t.TempDir())
	s := storetest.NewFaulty(behind)
	process := func() error {
		dir := t.TempDir()
		m := mirror.New(s, dir, slog.New(slog.DiscardHandler))
		if err := m.Look(t.Context()); err != nil {
			return err
		}
		for _, name := range []string{"plan.json", "part-000000.parquet", "part-000001.parquet", "run.json"} {
			if err := m.Bring(t.Context(), name); err != nil {
				return err
			}
		}
		write(t, dir, "plan.json", "plan")
		if err := m.PutFileOnce(t.Context(), "plan.json"); err != nil {
			return err
		}
		_, u := m.Start(t.Context(), nil)
		for k := range 2 {
			name := fmt.Sprintf("part-%06d.parquet", k)
			write(t, dir, name, "rows")
			u.File(name)
			write(t, dir, "run.json", fmt.Sprint(k))
			if err := u.Now("run.json"); err != nil {
				t.Fatal(err)
			}
		}
		return u.Close()
	}
	failures := 0
	for err := process(); err != nil; err = process() {
		if failures++; !errors.Is(err, store.ErrUnavailable) || failures > 100 {
			t.Fatalf("after %d failures: %v", failures, err)
		}
	}
	if failures < 10 {
		t.Errorf("%d failures", failures)
	}
	want(t, behind, map[string]string{
		"plan.json": "plan", "part-000000.parquet": "rows", "part-000001.parquet": "rows", "run.json": "1",
	})
}

// A gate lets puts pass when it is told to, and keeps their order.
type gate struct {
	store.Store
	pass chan error
	puts []string
}

func (g *gate) Put(ctx context.Context, name string, content []byte, was store.Version) (store.Version, error) {
	if err := <-g.pass; err != nil {
		return store.Absent, err
	}
	g.puts = append(g.puts, name+"="+string(content))
	return g.Store.Put(ctx, name, content, was)
}
