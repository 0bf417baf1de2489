package domains

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// After RemoveChunks the same lists are still told from others, without any names. Where names are needed once more,
// they are made again from the same lists, wherever these are now, and no others are.
func TestRemoveChunks(t *testing.T) {
	text := noise(300)
	list := writeList(t, "list", text)
	moved := writeList(t, "moved", text)
	another := writeList(t, "another", noise(301))
	base := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, PartSize: 100, Disk: quick(),
		Damaged: func(err error) { t.Errorf("damaged: %v", err) }}
	plan, err := Prepare(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	var want []string // of part 1
	for name, err := range plan.Chunk(1) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, name.Domain)
	}
	for _, tt := range []struct {
		name  string
		path  string
		stdin string
		kept  bool // the directory of the chunks: another shard needs names, too
		needs []int
		left  []string // chunks
		words string   // of the error
	}{
		{name: "no names are needed", path: list},
		{name: "some are", path: list, needs: []int{1}, left: []string{"chunk-000001.names"}},
		{name: "some are, and another shard is at it", path: list, kept: true, needs: []int{1}, left: []string{"chunk-000001.names"}},
		{name: "the list has moved", path: moved, needs: []int{1, 2}, left: []string{"chunk-000001.names", "chunk-000002.names"}},
		{name: "standard input", path: "-", stdin: text, needs: []int{1}, left: []string{"chunk-000001.names"}},
		{name: "another list, and no names are needed", path: another,
			words: "belongs to another input: list " + another + " has SHA-256"},
		{name: "another list", path: another, needs: []int{1},
			words: "its names must be prepared again (" + filepath.Join(base.Dir, ChunksDir) + ": the prepared names were removed " +
				"when the run was complete), and list " + another + " has SHA-256"},
		{name: "standard input is at its end", path: "-", needs: []int{1},
			words: "standard input is not kept: give it the same list again, or name a file with that list instead"},
	} {
		if err := Locked(t.Context(), base.Dir, func() error { return RemoveChunks(base.Dir) }); err != nil {
			t.Fatal(err)
		}
		if tt.kept {
			if err := os.Mkdir(filepath.Join(base.Dir, ChunksDir), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		before := files(t, base.Dir)
		cfg := base
		cfg.Lists, cfg.Stdin = []List{{tt.path}}, strings.NewReader(tt.stdin)
		cfg.Removed = tt.kept
		cfg.Needs = func(k int) bool { return slices.Contains(tt.needs, k) }
		again, err := Prepare(t.Context(), cfg)
		if tt.words != "" {
			if !errors.Is(err, ErrOtherInput) || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.words)
			}
			if after := files(t, base.Dir); !slices.Equal(after, before) || exists(filepath.Join(base.Dir, ChunksDir)) {
				t.Errorf("%s: files %q, were %q", tt.name, after, before)
			}
			continue
		}
		if err != nil || again.SHA256() != plan.SHA256() || !slices.Equal(again.Chunks, plan.Chunks) {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var left []string
		entries, _ := os.ReadDir(filepath.Join(base.Dir, ChunksDir))
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if !slices.Equal(left, tt.left) {
			t.Errorf("%s: chunks %q, want %q", tt.name, left, tt.left)
		}
		var got []string
		for name, err := range again.Chunk(1) {
			if err != nil && tt.needs != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			got = append(got, name.Domain)
		}
		if tt.needs != nil && !slices.Equal(got, want) {
			t.Errorf("%s: names %q", tt.name, got)
		}
	}
}

// A run whose plan is among its chunks was begun by an older program.
func TestPlanOfAnOlderProgram(t *testing.T) {
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", "a.com\n")}}}
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(cfg.Dir, ChunksDir, PlanFile)
	if err := os.Rename(filepath.Join(cfg.Dir, PlanFile), old); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := Prepare(t.Context(), cfg); !errors.Is(err, ErrOtherProgram) || !strings.Contains(err.Error(), old) {
			t.Error(err)
		}
	}
}
