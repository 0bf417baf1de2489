package durable

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// Where nothing is permitted, each file stays as it is, and no other one appears.
func TestPermit(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	before := map[string]string{"run.json": "old", ".tmp-run.json-0000": "half"}
	for name, text := range before {
		if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	errLost := errors.New("lost")
	asked, permitted := 0, false
	disk := Disk{Permit: func() error {
		if asked++; permitted {
			return nil
		}
		return errLost
	}}
	calls := []struct {
		name string
		do   func() error
	}{
		{"write", func() error { return disk.WriteFile(path("run.json"), []byte("new")) }},
		{"write another", func() error { return disk.WriteSealed(path("another"), map[string]string{}, "") }},
		{"rename", func() error { return disk.Rename(path("run.json"), path("another")) }},
		{"remove", func() error { return disk.Remove(path("run.json")) }},
		{"sweep", func() error { return disk.Sweep(dir, nil) }},
	}
	for _, call := range calls {
		asked = 0
		if err := call.do(); !errors.Is(err, errLost) || asked != 1 {
			t.Errorf("%s: %v, asked %d times", call.name, err, asked)
		}
		checkDir(t, dir, maps.Clone(before))
	}

	file, err := disk.Create(path("run.json")) // before it was lost
	if err != nil {
		t.Fatal(err)
	}
	checked := false
	err = file.Commit(func(string) error { checked, permitted = true, true; return nil })
	if err != nil || !checked {
		t.Errorf("permitted after the check: %v", err)
	}
	if err := errors.Join(disk.Sweep(dir, nil), disk.Rename(path("run.json"), path("b")), disk.Remove(path("b")),
		disk.Remove(path("b"))); err != nil {
		t.Error(err)
	}
	checkDir(t, dir, map[string]string{})
}
