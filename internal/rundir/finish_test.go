package rundir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/queue"
)

const (
	runOfTest = "20261201T020000Z-1d0fb2c4"
	names     = 10 // in parts of two
	shardsOf  = 3
)

// newRun is a run in three shards that have finished.
func newRun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	var list strings.Builder
	for i := range names {
		fmt.Fprintf(&list, "name%d.example.com\n", i)
	}
	path := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	config := domains.PrepareConfig{Dir: dir, Lists: []domains.List{{Path: path}}, PartSize: 2}
	plan, err := domains.Prepare(t.Context(), config)
	if err == nil {
		err = output.WriteShards(durable.Disk{}, dir, output.Shards{Number: shardsOf, Run: runOfTest})
	}
	if err != nil {
		t.Fatal(err)
	}
	for index := range shardsOf {
		writeShard(t, dir, plan, index, "")
	}
	return dir
}

// writeShard writes the parts and the manifest of a shard that was asked in some way.
func writeShard(t *testing.T, dir string, plan *domains.Plan, index int, asked string) {
	t.Helper()
	id := output.Identity{Input: plan.SHA256(), Config: asked, Run: runOfTest}
	dataset, err := output.Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 2, index, 0, 0, time.UTC)
	m := &output.Manifest{
		Run: runOfTest, Status: output.StatusComplete, StartedAt: at, EndedAt: new(at.Add(time.Hour)),
		Shard:  &output.Shard{Index: index, Of: shardsOf},
		Config: map[string]string{"rate": fmt.Sprint(index / 2), "shard": fmt.Sprintf("%d/%d", index, shardsOf)},
		Plan:   output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	for k := index; k < plan.Parts; k += shardsOf {
		first, last := plan.Ranks(k)
		part, err := dataset.Create(k, first, last)
		if err != nil {
			t.Fatal(err)
		}
		for rank := first; rank <= last; rank++ {
			row := output.Row{
				Domain: fmt.Sprintf("name%d.example.com", rank-1), Rank: rank, List: "names.txt", TLD: "com",
				Record: "absent", Policy: "not_fetched", ObservedAt: at, Pass: 1,
			}
			if err := part.Write([]output.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		info, err := part.Commit()
		if err != nil {
			t.Fatal(err)
		}
		m.Parts = append(m.Parts, info)
		m.Counts.Merge(info.Counts)
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// finish calls Finish.
func finish(t *testing.T, dir string) (Ending, error) {
	t.Helper()
	return Finish(t.Context(), dir, "devel", slog.New(slog.DiscardHandler))
}

// filesIn are the files of a run directory, but for empty locks and prepared names.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() || strings.HasSuffix(entry.Name(), ".lock") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}

func hasChunks(t *testing.T, dir string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(dir, "chunks"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// wantMerged fails unless the run is finished.
func wantMerged(t *testing.T, dir string) {
	t.Helper()
	manifests, err := output.ReadManifests(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := manifests[0]
	if len(manifests) != 1 || m.Merged == nil || m.Status != output.StatusComplete || m.Counts.Rows != names ||
		len(m.Parts) != 5 || hasChunks(t, dir) {
		t.Errorf("%d manifests, the first %s of %d rows; prepared names: %v", len(manifests), m.Status, m.Counts.Rows,
			hasChunks(t, dir))
	}
}

// A run whose shards have all finished has one manifest, beside theirs. The second time nothing changes.
func TestFinish(t *testing.T) {
	dir := newRun(t)
	before := filesIn(t, dir)
	ending, err := finish(t, dir)
	if err != nil || ending.Open != nil || ending.Already || ending.Shards != shardsOf {
		t.Fatalf("%+v, %v", ending, err)
	}
	wantMerged(t, dir)
	after := filesIn(t, dir)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s has changed", name)
		}
	}
	if want := "--rate: 0 (shards 0-1), 1 (shard 2)"; !slices.Equal(ending.Manifest.Merged.Differs, []string{want}) {
		t.Errorf("differs: %q", ending.Manifest.Merged.Differs)
	}
	ending, err = finish(t, dir)
	if err != nil || !ending.Already || ending.Manifest == nil {
		t.Errorf("again: %+v, %v", ending, err)
	}
	if again := filesIn(t, dir); fmt.Sprint(again) != fmt.Sprint(after) {
		t.Error("the second time changed files")
	}
}

// Shards that are missing or incomplete are named with the reason. Nothing changes, and when they are there, the run
// ends.
func TestFinishOpen(t *testing.T) {
	edit := func(index int, change func(m *output.Manifest)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			shard := &output.Shard{Index: index, Of: shardsOf}
			m, err := output.ReadManifest(filepath.Join(dir, output.ManifestName(shard)))
			if err != nil {
				t.Fatal(err)
			}
			change(m)
			if err := m.Write(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(names ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, name := range names {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	write := func(name string, change func(data []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, change(data), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	altered := func(data []byte) []byte { return bytes.Replace(data, []byte("2026"), []byte("2025"), 1) }
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want string
	}{
		{"never begun", remove("run-2-of-3.json", output.PartName(2)), "[{2 never begun}]"},
		{"no manifest", remove("run-2-of-3.json"), "[{2 its manifest is gone}]"},
		{"several", remove("run-0-of-3.json", "run-2-of-3.json"), "[{0 its manifest is gone} {2 its manifest is gone}]"},
		{"half a manifest", write("run-1-of-3.json", cut), "[{1 its manifest is damaged}]"},
		{"a changed manifest", write("run-1-of-3.json", altered), "[{1 its manifest is damaged}]"},
		{"killed", edit(1, func(m *output.Manifest) { m.Status, m.Parts = output.StatusRunning, m.Parts[:1] }),
			"[{1 incomplete: 2 of 4 names have no row}]"},
		{"provisional", edit(0, func(m *output.Manifest) {
			m.Status, m.Counts.Pending = output.StatusIncomplete, map[codes.Pending]int64{codes.PendingLocal: 1}
		}), "[{0 incomplete: 1 domain waits to be asked again: local 1}]"},
		{"a part is gone", remove(output.PartName(4)), "[{1 part-000004.parquet is gone}]"},
		{"a part is cut", write(output.PartName(3), cut), "[{0 part-000003.parquet is damaged}]"},
		{"a part is not listed", edit(0, func(m *output.Manifest) { m.Parts = m.Parts[:1] }),
			"[{0 part-000003.parquet is not in its manifest}]"},
		{"another part", func(t *testing.T, dir string) {
			plan, err := domains.ReadPlan(dir)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "run-2-of-3.json")
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			writeShard(t, dir, plan, 2, "other")
			if err := os.WriteFile(path, kept, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "[{2 part-000002.parquet is not the one in its manifest}]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRun(t)
			plan, err := domains.ReadPlan(dir)
			if err != nil {
				t.Fatal(err)
			}
			tt.do(t, dir)
			before := filesIn(t, dir)
			ending, err := finish(t, dir)
			if got := fmt.Sprint(ending.Open); err != nil || got != tt.want || ending.Manifest != nil {
				t.Errorf("%s, %v, want %s", got, err, tt.want)
			}
			if after := filesIn(t, dir); fmt.Sprint(after) != fmt.Sprint(before) || !hasChunks(t, dir) {
				t.Error("something has changed")
			}
			for index := range shardsOf {
				writeShard(t, dir, plan, index, "")
			}
			if _, err := finish(t, dir); err != nil {
				t.Fatal(err)
			}
			wantMerged(t, dir)
		})
	}
}

// What contradicts itself is an error, which names the file, and nothing changes.
func TestFinishContradiction(t *testing.T) {
	edit := func(change func(m *output.Manifest)) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			m, err := output.ReadManifest(filepath.Join(dir, "run-1-of-3.json"))
			if err == nil {
				change(m)
				err = m.Write(dir)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want string
	}{
		{"a part twice", edit(func(m *output.Manifest) { m.Parts = append(m.Parts, m.Parts[0]) }), "or is there twice"},
		{"a part of another shard", edit(func(m *output.Manifest) { m.Parts[0].Part = 2 }), "which is not its own"},
		{"another plan", edit(func(m *output.Manifest) { m.Plan.Parts++ }), "run-1-of-3.json is of another plan"},
		{"another run", edit(func(m *output.Manifest) { m.Run = "tonight" }), "run-1-of-3.json is of run tonight"},
		{"counts", edit(func(m *output.Manifest) { m.Counts.Rows++ }), "counts rows: 5, not 4 as in its parts"},
		{"too many parts", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, output.PartName(5)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "part-000005.parquet: the run has 5 parts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := newRun(t)
			tt.do(t, dir)
			before := filesIn(t, dir)
			_, err := finish(t, dir)
			if !errors.Is(err, ErrConservation) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if after := filesIn(t, dir); fmt.Sprint(after) != fmt.Sprint(before) || !hasChunks(t, dir) {
				t.Error("something has changed")
			}
		})
	}
}

// Shards that were asked in different ways leave the run suspect.
func TestFinishAskedDifferently(t *testing.T) {
	dir := newRun(t)
	plan, err := domains.ReadPlan(dir)
	if err != nil {
		t.Fatal(err)
	}
	writeShard(t, dir, plan, 2, "--mx all")
	ending, err := finish(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := `the shards were asked in different ways: "" (4 parts), "--mx all" (1 parts)`
	if m := ending.Manifest; m.Status != output.StatusSuspect || !slices.Equal(m.Reasons, []string{want}) {
		t.Errorf("%s: %q", m.Status, m.Reasons)
	}
}

// No shard is scanned while the run is finished, and none begins.
func TestFinishInUse(t *testing.T) {
	dir := newRun(t)
	log := slog.New(slog.DiscardHandler)
	scan := Open(dir, queue.Shard{Index: 2, Of: shardsOf}, "devel", log)
	_, release, err := scan.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, dir)
	_, err = finish(t, dir)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "of its 3 shards, these are being scanned: 2") {
		t.Errorf("while a shard is scanned: %v", err)
	}
	if after := filesIn(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("something has changed")
	}
	release()

	claiming, err := durable.Lock(filepath.Join(dir, claimLock))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Finish(ctx, dir, "devel", log); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("while a shard begins: %v", err)
	}
	if err := claiming.Unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := finish(t, dir); err != nil {
		t.Fatal(err)
	}
	wantMerged(t, dir)
}

// A run without shards is finished by its scan. One that was only prepared is not.
func TestFinishAlone(t *testing.T) {
	dir := newRun(t)
	for index := range shardsOf {
		if err := os.Remove(filepath.Join(dir, output.ManifestName(&output.Shard{Index: index, Of: shardsOf}))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, output.ShardsFile)); err != nil {
		t.Fatal(err)
	}
	plan, err := domains.ReadPlan(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := func(open string, already bool) {
		t.Helper()
		ending, err := finish(t, dir)
		if got := fmt.Sprint(ending.Open); err != nil || got != open || ending.Already != already || ending.Shards != 1 {
			t.Errorf("%+v, %v, want %s", ending, err, open)
		}
	}
	want("[{0 never begun}]", false)
	m := &output.Manifest{
		Run: runOfTest, Status: output.StatusRunning,
		Plan: output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	want("[{0 incomplete: 10 of 10 names have no row}]", false)
	m.Status = output.StatusComplete
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	want("[]", true)
	if hasChunks(t, dir) {
		t.Error("the prepared names are there")
	}
	if _, err := finish(t, t.TempDir()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no run.json") {
		t.Errorf("no run: %v", err)
	}
	if _, err := finish(t, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// A faultyDisk does as many steps as it is told, and none after them, as if the process had been killed.
type faultyDisk struct {
	durable.OS
	left *int
}

var errKilled = errors.New("killed")

func (f faultyDisk) step(do func() error) error {
	if *f.left--; *f.left < 0 {
		return errKilled
	}
	return do()
}

func (f faultyDisk) Create(name string) (h durable.Handle, err error) {
	err = f.step(func() error { h, err = f.OS.Create(name); return err })
	if err != nil {
		return nil, err
	}
	return faultyHandle{h, f}, nil
}

func (f faultyDisk) Rename(from, to string) error {
	return f.step(func() error { return f.OS.Rename(from, to) })
}
func (f faultyDisk) Remove(name string) error {
	return f.step(func() error { return f.OS.Remove(name) })
}
func (f faultyDisk) SyncDir(dir string) error {
	return f.step(func() error { return f.OS.SyncDir(dir) })
}

type faultyHandle struct {
	durable.Handle
	disk faultyDisk
}

func (h faultyHandle) Write(p []byte) (n int, err error) {
	err = h.disk.step(func() error { n, err = h.Handle.Write(p); return err })
	return n, err
}
func (h faultyHandle) Sync() error { return h.disk.step(h.Handle.Sync) }

// Killed after any step, it ends the run when it is called again, and what is there meanwhile says what is true.
func TestFinishKilled(t *testing.T) {
	for steps := 0; ; steps++ {
		dir := newRun(t)
		d := Open(dir, queue.Shard{}, "devel", slog.New(slog.DiscardHandler))
		left := steps
		d.disk.FS = faultyDisk{left: &left}
		_, err := d.finish(t.Context())
		if left >= 0 {
			if err != nil || steps < 4 {
				t.Fatalf("%d steps: %v", steps, err)
			}
			break
		}
		if !errors.Is(err, errKilled) || !hasChunks(t, dir) {
			t.Errorf("after %d steps: %v, prepared names: %v", steps, err, hasChunks(t, dir))
		}
		manifests, err := output.ReadManifests(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range manifests {
			if m.Altered || m.Status != output.StatusComplete {
				t.Errorf("after %d steps: %s is %s, altered: %v", steps, m.Name(), m.Status, m.Altered)
			}
		}
		// Or it was killed while it removed them.
		if err := os.RemoveAll(filepath.Join(dir, "chunks", "chunk-000001.names")); err != nil {
			t.Fatal(err)
		}
		if _, err := finish(t, dir); err != nil {
			t.Fatal(err)
		}
		wantMerged(t, dir)
		if left, _ := filepath.Glob(filepath.Join(dir, durable.TemporaryPrefix+"*")); left != nil {
			t.Errorf("after %d steps: %q are left", steps, left)
		}
	}
}
