package verify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/merge"
	"stsscan/internal/output"
)

// A manifest that was merged from shards has their sums, names them as they are, and counts each part once.
func TestMerged(t *testing.T) {
	rewriteShard := func(t *testing.T, dir string, change func(m *output.Manifest)) {
		m, err := output.ReadManifest(filepath.Join(dir, "run-1-of-2.json"))
		if err == nil {
			change(m)
			err = m.Write(dir)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		edit  func(m *output.Manifest) // before the merged manifest is written
		after func(t *testing.T, dir string)
		want  []string
		notes []string
		open  bool // the run is incomplete
	}{
		{name: "as it was merged"},
		{name: "all manifests of shards are gone", after: func(t *testing.T, dir string) {
			for _, name := range []string{"run-0-of-2.json", "run-1-of-2.json"} {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}, notes: []string{"the manifests of 2 of 2 shards are gone: run.json stands for them"}},
		{name: "one of them is gone", after: func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "run-0-of-2.json")); err != nil {
				t.Fatal(err)
			}
		}, notes: []string{"the manifests of 1 of 2 shards are gone: run.json stands for them"}},
		{name: "a shard was written anew", after: func(t *testing.T, dir string) {
			rewriteShard(t, dir, func(m *output.Manifest) { m.Contact = "somebody@example.org" })
		}, want: []string{"run.json: was merged from another run-1-of-2.json: run stsscan finish again"}},
		{name: "a shard goes on", after: func(t *testing.T, dir string) {
			rewriteShard(t, dir, func(m *output.Manifest) { m.Status = output.StatusRunning })
		}, want: []string{"run.json: was merged from another run-1-of-2.json"}, open: true},
		{name: "rows", edit: func(m *output.Manifest) { m.Counts.Rows++ },
			want: []string{
				"run.json: counts rows: 198, not 197 as in the shards together", "run.json: says that adoption is",
			}},
		{name: "late", edit: func(m *output.Manifest) { m.ExcludedLate++ },
			want: []string{"run.json: counts 1 names excluded late, the shards 0"}},
		{name: "a part twice", edit: func(m *output.Manifest) { m.Parts = append(m.Parts, m.Parts[0]) },
			want: []string{"run.json: lists other parts than the shards together"}},
		{name: "another plan", edit: func(m *output.Manifest) { m.Plan.PartSize++ },
			want: []string{"run.json: is of another run or plan than the shards"}},
		{name: "status", edit: func(m *output.Manifest) { m.Status = output.StatusIncomplete },
			want: []string{"run.json: says that the run is incomplete, and by the shards it is complete"}},
		{name: "one shard alone", edit: func(m *output.Manifest) { m.Merged.Manifests = m.Merged.Manifests[:1] },
			want: []string{
				"run.json: was merged from 1 manifests of 2 shards", "run.json: was merged without run-1-of-2.json",
			}},
		{name: "mail servers", edit: func(m *output.Manifest) { m.Merged.ProbedBySeveral = 7 },
			want: []string{"run.json: says that several shards probed 7 mail servers; by the rows they are 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSurvey(t)
			s.shards = 2
			s.write(t)
			shards, _, err := output.ReadShardManifests(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			var hashes []output.ManifestHash
			for _, m := range shards {
				hash, err := output.HashManifest(s.dir, m.Name())
				if err != nil {
					t.Fatal(err)
				}
				hashes = append(hashes, hash)
			}
			m := merge.Manifests(shards, hashes)
			if tt.edit != nil {
				tt.edit(m)
			}
			if err := m.Write(s.dir); err != nil {
				t.Fatal(err)
			}
			if tt.after != nil {
				tt.after(t, s.dir)
			}
			report := run(t, s.dir, Options{})
			var got []string
			for _, p := range report.Examples {
				got = append(got, p.String())
			}
			begins := func(text, with string) bool { return strings.HasPrefix(text, with) }
			if !slices.EqualFunc(got, tt.want, begins) || !slices.EqualFunc(report.Notes, tt.notes, begins) ||
				report.Incomplete != tt.open || report.Rows != 197 {
				t.Errorf("want %q, notes %q\n%s", tt.want, tt.notes, text(t, report))
			}
		})
	}
}
