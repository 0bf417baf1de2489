package output

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

func manifest() *Manifest {
	counts := count(
		valid("a.example.com", 1), negative("b.example.com", 2), least("c.example.com", 3), negative("d.example.com", 4),
	)
	return &Manifest{
		SchemaVersion:     SchemaVersion,
		Version:           "v0.1.0",
		Status:            StatusIncomplete,
		Reasons:           []string{"interrupted"},
		StartedAt:         at(),
		EndedAt:           new(at()),
		Config:            map[string]string{"retries": "2", "contact": "mailto:scan@example.org"},
		Contact:           "mailto:scan@example.org",
		Resolvers:         []Resolver{{Addr: "192.0.2.53:53", Asked: 4, Answered: 4, WindowLeast: 16, WindowMedian: 64}},
		Roots:             Roots{Source: "bundle", Date: "2026-10-30"},
		PublicList:        "2026-02-06",
		Plan:              Plan{SHA256: "aa", PartSize: 64, Parts: 2},
		Inputs:            []Input{{Name: "names.txt", SHA256: "bb", Bytes: 60, Format: "plain", Reasons: map[string]int64{"ip_literal": 1}, Taken: map[string]int64{"url": 2}, Entries: 7, Rejected: 1, Excluded: 1, Duplicates: 1, Skipped: 2, Names: 4}},
		Exclusions:        "cc",
		ExclusionVersions: []ExclusionVersion{{SHA256: "cc", Entries: 1, FirstSeen: at()}, {SHA256: "ee", Entries: 2, FirstSeen: at()}},
		ExcludedLate:      1,
		Performance: &Performance{
			Rows: 5, AskingSeconds: 2, RowsPerSecond: 2.5, PeakPerSecond: 2.5, TailSeconds: 0.5, BetweenSeconds: 300,
			Standstill:  map[codes.Standstill]float64{codes.StandstillWindow: 1},
			Connections: ConnectionsInUse{Limit: 256, Most: 1, WaitedSeconds: 0.25},
		},
		Counts:   counts,
		Adoption: Adoption{Domains: 4, Present: 1, Unknown: 1, Low: 0.25, High: 0.5},
		Parts:    []PartInfo{{Name: "part-000000.parquet", Rows: 4, Bytes: 9000, SHA256: "dd", FirstRank: 1, LastRank: 64}},
	}
}

func TestManifestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	alone, third := manifest(), manifest()
	third.Shard = &Shard{Index: 10, Of: 12}
	for _, m := range []*Manifest{alone, third} {
		want := *m
		m.SchemaVersion, m.Adoption = "", Adoption{} // Write fills them in
		if err := m.Write(dir); err != nil {
			t.Fatal(err)
		}
		got, err := ReadManifest(filepath.Join(dir, m.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%+v, want\n%+v", *got, want)
		}
	}
	wantFiles(t, dir, "run-10-of-12.json", "run.json")
}

func TestManifestKeys(t *testing.T) {
	dir := t.TempDir()
	if err := manifest().Write(dir); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"schema_version": "2"`, `"version": "v0.1.0"`, `"status": "incomplete"`, `"started_at": "2026-11-23T21:04:05.678901Z"`,
		`"retries": "2"`, `"roots": {`, `"parts": 2`, `"part_size": 64`, `"duplicates": 1`, `"rows": 4`, `"low": 0.25`, `"first_rank": 1`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in\n%s", want, data)
		}
	}
	if !strings.HasSuffix(string(data), "}\n") {
		t.Error("no final line end")
	}
}

// A manifest in which an octet was changed, or that was cut, is not taken for the
// one that was written; the name of its checksum apart.
func TestManifestAltered(t *testing.T) {
	dir := t.TempDir()
	if err := manifest().Write(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "run.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Index(string(good), `"checksum"`)
	for n := range len(good) - 1 {
		for _, data := range [][]byte{flipped(good, n), good[:n]} {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			m, err := ReadManifest(path)
			cut := len(data) < len(good)
			if !cut && n >= name && n <= name+13 {
				continue
			}
			if !errors.Is(err, ErrManifest) && (err != nil || cut || !m.Altered) {
				t.Errorf("octet %d, cut %v: %v", n, cut, err)
			}
		}
	}
}

func TestReadManifestRefuses(t *testing.T) {
	tests := []struct{ name, data, says string }{
		{"run.json", "", "run.json is not the manifest of a run: line 1: unexpected end of JSON input"},
		{"run.json", "{\n  \"version\": \"v0.1.0\",\n  \"par", "run.json is not the manifest of a run: line 3: unexpected end of JSON input"},
		{"run.json", "{\n\"parts\": 7}", "run.json is not the manifest of a run: line 2: json: cannot unmarshal"},
		{"run.json", `{}`, "run.json is not the manifest of a run: it has no schema_version"},
		{"run.json", `{"schema_version": "3"}`, `run.json: its schema is version "3", and this program knows versions 1 and 2`},
		{"run.json", `{"schema_version": "1", "status": "happy"}`, `run.json: status "happy" is unknown`},
		{"run.json", `{"schema_version": "1", "status": "complete", "shard": {"index": 1, "of": 2}}`, "run.json says that its name is run-1-of-2.json"},
		{"run-2-of-2.json", `{"schema_version": "1", "status": "complete", "shard": {"index": 2, "of": 2}}`, "there is no shard 2 of 2"},
		{"run-0-of-0.json", `{"schema_version": "1", "status": "complete", "shard": {"index": 0, "of": 0}}`, "there is no shard 0 of 0"},
		{"run-0-of-2.json", `{"schema_version": "1", "status": "complete", "a newer key": 1, "shard": {"index": 0, "of": 2}}`, ""},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), tt.name)
		if err := os.WriteFile(path, []byte(tt.data), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadManifest(path)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %s", tt.data, err, tt.says)
		}
	}
}

func TestReadManifests(t *testing.T) {
	dir := t.TempDir()
	for path, says := range map[string]string{
		dir: "no run.json", filepath.Join(dir, "none"): "none: no such file", "manifest_test.go": "not a directory",
	} {
		_, err := ReadManifests(path)
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasSuffix(err.Error(), ": "+nameRun) ||
			errors.Is(err, fs.ErrNotExist) != (path != "manifest_test.go") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, index := range []int{10, 2, 0} {
		m := manifest()
		m.Shard = &Shard{Index: index, Of: 12}
		if err := m.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"run-1-of-12.json.bak", "run-01-of-12.json", "part-000000.parquet"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	manifests, err := ReadManifests(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, m := range manifests {
		got = append(got, m.Shard.Index)
	}
	if !reflect.DeepEqual(got, []int{0, 2, 10}) {
		t.Errorf("shards %v", got)
	}
}

// A manifest that was merged stands for those of the shards, until one of them changes. One that was removed since
// takes nothing back.
func TestReadMergedManifests(t *testing.T) {
	merged := func(t *testing.T, dir string, names ...string) *Manifest {
		m := manifest()
		m.Merged = &Merged{Shards: 3}
		for _, name := range names {
			hash, err := HashManifest(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			m.Merged.Manifests = append(m.Merged.Manifests, hash)
		}
		if err := m.Write(dir); err != nil {
			t.Fatal(err)
		}
		return m
	}
	rewrite := func(index int) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			m := manifest()
			m.Shard, m.Contact = &Shard{Index: index, Of: 3}, "somebody else"
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
	shards := []string{"run-0-of-3.json", "run-1-of-3.json", "run-2-of-3.json"}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string)
		want []string
	}{
		{"as it was merged", nil, []string{"run.json"}},
		{"a shard was written anew", rewrite(1), shards},
		{"a shard was removed", remove(shards[1]), []string{"run.json"}},
		{"all shards were removed", remove(shards...), []string{"run.json"}},
		{"run.json was removed", remove("run.json"), shards},
		{"without one of them", func(t *testing.T, dir string) { merged(t, dir, shards[:2]...) }, shards},
		{"run.json was changed", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "run.json")
			data, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, bytes.Replace(data, []byte("scan@"), []byte("scab@"), 1), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, shards},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for index := range 3 {
				m := manifest()
				m.Shard = &Shard{Index: index, Of: 3}
				if err := m.Write(dir); err != nil {
					t.Fatal(err)
				}
			}
			merged(t, dir, shards...)
			if tt.do != nil {
				tt.do(t, dir)
			}
			manifests, err := ReadManifests(dir)
			var names []string
			for _, m := range manifests {
				names = append(names, m.Name())
			}
			if err != nil || !slices.Equal(names, tt.want) {
				t.Errorf("%q, %v, want %q", names, err, tt.want)
			}
			if in, err := ManifestsIn(dir); err != nil || len(in) != 1 || in[3] == nil {
				t.Errorf("by number of shards: %v, %v", in, err)
			}
		})
	}
}
