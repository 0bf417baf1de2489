package store_test

import (
	"os"
	"path/filepath"
	"testing"

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
