package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"stsscan/internal/output"
)

// chunksIn are the chunks in a run directory; nil: there is no directory for them.
func chunksIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "chunks"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// contentsOf are the files of a run directory without the manifests, by name.
func contentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	contents := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := output.ManifestShard(e.Name()); ok || e.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[e.Name()] = string(data)
	}
	return contents
}

// The prepared names go once a run is complete. Where a part is damaged later, those of that part are prepared again
// from the same list, from a file or standard input. Without it the scan says what to do, run.json says that the run
// is not complete, and nothing else changes.
func TestDamagedAfterCompletion(t *testing.T) {
	world, list := smallWorld(t, 10)
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	moved, changed := write("moved.txt", string(text)), write("changed.txt", string(text)+"more.example.com\n")
	gone := filepath.Join(t.TempDir(), "gone.txt")
	for _, tt := range []struct {
		name, list, stdin string
		says              string // "": the part is scanned again
		untouched         bool   // run.json, too
	}{
		{name: "the same list", list: list},
		{name: "moved", list: moved},
		{name: "standard input", list: "-", stdin: string(text)},
		{name: "changed", list: changed, says: "list " + changed + " has SHA-256"},
		{name: "gone", list: gone, untouched: true, says: "open " + gone + ": no such file: the run in "},
		{name: "standard input is at its end", list: "-", says: "standard input is not kept: give it the same list again, " +
			"or name a file with that list instead"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			scan := func(list, stdin string) (int, string) {
				return commandWithInput(t.Context(), stdin, "scan", "-o", dir, "--sim", world, "--progress", "off",
					"--part-size", "4", "--preflight=false", list)
			}
			if status, said := scan(list, ""); status != 0 || chunksIn(t, dir) != nil {
				t.Fatalf("status %d, chunks %q: %s", status, chunksIn(t, dir), said)
			}
			part := filepath.Join(dir, output.PartName(1))
			if err := os.Truncate(part, 100); err != nil {
				t.Fatal(err)
			}
			before, manifest := contentsOf(t, dir), readManifest(t, dir)
			status, said := scan(tt.list, tt.stdin)
			after := readManifest(t, dir)
			if tt.says == "" {
				if status != 0 || chunksIn(t, dir) != nil || after.Status != output.StatusComplete {
					t.Fatalf("status %d, chunks %q, %s: %s", status, chunksIn(t, dir), after.Status, said)
				}
				if want := part + ": not a whole part file"; len(after.Damaged) != 1 || !strings.Contains(after.Damaged[0], want) {
					t.Errorf("damaged: %q", after.Damaged)
				}
			} else {
				if status != exitFailed || !strings.Contains(said, tt.says) || chunksIn(t, dir) != nil {
					t.Errorf("status %d, chunks %q: %s", status, chunksIn(t, dir), said)
				}
				for name, data := range contentsOf(t, dir) {
					if data != before[name] && !strings.HasPrefix(name, ".") { // the part's log says that its policies wait
						t.Errorf("%s has changed", name)
					}
				}
				if tt.untouched != (after.Status == manifest.Status) || len(after.Parts) != len(manifest.Parts) ||
					len(after.Resolvers) != len(manifest.Resolvers) {
					t.Errorf("%s: %q, %d parts", after.Status, after.Reasons, len(after.Parts))
				}
				if !tt.untouched && (after.Status != output.StatusIncomplete || !strings.Contains(after.Reasons[0], tt.says)) {
					t.Errorf("%s: %q", after.Status, after.Reasons)
				}
				if status, said := scan(list, ""); status != 0 || chunksIn(t, dir) != nil {
					t.Fatalf("in the end: status %d, chunks %q: %s", status, chunksIn(t, dir), said)
				}
			}
			if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
				t.Errorf("verify: status %d: %s", status, said)
			}
		})
	}
}

func readManifest(t *testing.T, dir string) *output.Manifest {
	t.Helper()
	m, err := output.ReadManifest(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The last shard to be complete removes the prepared names, also where several are at the same moment. None does while
// another is not complete, or begins again. Where the last one was killed before it came to that, the same command does
// it.
func TestChunksOfShards(t *testing.T) {
	world, list := smallWorld(t, 10)
	scan := func(t *testing.T, dir, shard string) {
		t.Helper()
		status, said := command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--part-size", "4", "--preflight=false",
			"--shard", shard, list)
		if status != 0 {
			t.Errorf("shard %s: status %d: %s", shard, status, said)
		}
	}
	all := []string{"chunk-000000.names", "chunk-000001.names", "chunk-000002.names"}

	t.Run("one after the other", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "run")
		scan(t, dir, "1/2")
		if left := chunksIn(t, dir); !slices.Equal(left, all) {
			t.Fatalf("after the first: %q", left)
		}
		kept := filepath.Join(t.TempDir(), "chunks")
		if err := os.CopyFS(kept, os.DirFS(filepath.Join(dir, "chunks"))); err != nil {
			t.Fatal(err)
		}
		scan(t, dir, "0/2")
		if left := chunksIn(t, dir); left != nil {
			t.Fatalf("after the last: %q", left)
		}
		restore := func() {
			t.Helper()
			if err := os.CopyFS(filepath.Join(dir, "chunks"), os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
		}
		restore() // as if it had been killed before
		scan(t, dir, "1/2")
		if left := chunksIn(t, dir); left != nil {
			t.Fatalf("after a kill: %q", left)
		}

		restore()
		path := filepath.Join(dir, "run-0-of-2.json")
		m, err := output.ReadManifest(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range output.Statuses() {
			m.Status = status
			if err := m.Write(dir); err != nil {
				t.Fatal(err)
			}
			if status.Finished() {
				continue
			}
			scan(t, dir, "1/2")
			if left := chunksIn(t, dir); !slices.Equal(left, all) {
				t.Errorf("while the other is %s: %q", status, left)
			}
		}
		if err := os.Remove(filepath.Join(dir, output.PartName(1))); err != nil {
			t.Fatal(err)
		}
		scan(t, dir, "1/2")
		if left := chunksIn(t, dir); left == nil {
			t.Error("the other is not complete, and the names are gone")
		}
		scan(t, dir, "0/2")
		if left := chunksIn(t, dir); left != nil {
			t.Errorf("after all: %q", left)
		}
	})

	t.Run("at the same moment", func(t *testing.T) {
		for range 5 {
			dir := filepath.Join(t.TempDir(), "run")
			var shards sync.WaitGroup
			for _, shard := range []string{"0/3", "1/3", "2/3"} {
				shards.Go(func() { scan(t, dir, shard) })
			}
			shards.Wait()
			if left := chunksIn(t, dir); left != nil {
				t.Fatalf("%q", left)
			}
			for k := range 2 { // two shards need names once more, and the third one sees that nothing is left to do
				if err := os.Remove(filepath.Join(dir, output.PartName(k))); err != nil {
					t.Fatal(err)
				}
			}
			for _, shard := range []string{"0/3", "1/3", "2/3"} {
				shards.Go(func() { scan(t, dir, shard) })
			}
			shards.Wait()
			if left := chunksIn(t, dir); left != nil {
				t.Fatalf("after a repair: %q", left)
			}
			manifests, err := output.ReadManifests(dir)
			if err != nil {
				t.Fatal(err)
			}
			for k, m := range manifests { // that names were removed is no damage
				if len(m.Damaged) != 1 && k < 2 || len(m.Damaged) > 0 && !strings.Contains(m.Damaged[0], output.PartName(k)) {
					t.Errorf("shard %d: damaged %q", k, m.Damaged)
				}
			}
			if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
				t.Fatalf("verify: status %d: %s", status, said)
			}
		}
	})
}
