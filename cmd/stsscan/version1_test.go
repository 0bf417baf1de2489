package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// version1 is a complete run of two shards of version 1 of the table, with records and denials of every kind; its rows
// as cat printed them then are beside it.
const version1 = "../../internal/output/testdata/version1"

// Runs of version 1 of the table are read as they were: by cat, verify, and as what is asked again.
func TestVersion1(t *testing.T) {
	packed, err := os.Open(version1 + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	std := streams{in: strings.NewReader(""), out: &out, err: &said}
	if got := run(t.Context(), std, []string{"cat", version1}); got != exitDone || !bytes.Equal(out.Bytes(), want) {
		t.Errorf("cat: exit status %d, %d octets where there were %d, %s", got, out.Len(), len(want), said.String())
	}
	out.Reset()
	got := run(t.Context(), std, []string{"verify", "--truth", "errors", "--seed", "1", version1})
	if got != exitDone || !strings.Contains(out.String(), "140 rows compared, 0 differ") {
		t.Errorf("verify: exit status %d, %s%s", got, out.String(), said.String())
	}

	dir := filepath.Join(t.TempDir(), "again")
	scan(t, exitDone, "--sim", "errors", "--timeout", "200ms", "--retries", "0", "--passes", "1", "-q", "-o", dir,
		"--from", version1, "--only", "absent")
	before := rowsOf(t, version1)
	again := rowsOf(t, dir)
	if len(again) != strings.Count(string(want), `"record":"absent"`) {
		t.Errorf("%d rows are asked again", len(again))
	}
	for domain, row := range again {
		was := before[domain]
		if row.RegisteredDomain() != was.RegisteredDomain() || row.ZoneName() != was.ZoneName() || row.Record != "absent" {
			t.Errorf("%s: registered domain %q, zone %q; they were %q and %q",
				domain, row.RegisteredDomain(), row.ZoneName(), was.RegisteredDomain(), was.ZoneName())
		}
	}
}

// A run of version 1 is not continued, whatever is left of it, and stays as it is.
func TestVersion1Continued(t *testing.T) {
	const other = "the run was begun by another version of the program, which can resume it"
	table := ": " + other + ": table of version 1, this program writes version 2"
	for _, tt := range []struct {
		name    string
		shard   string
		removed []string
		says    string
	}{
		{"complete", "0/2", nil, "run-0-of-2.json" + table},
		{"in another number of shards", "0/3", nil, "run-0-of-2.json" + table},
		{"another shard alone", "0/2", []string{"run-0-of-2.json", "part-000000.parquet"}, "run-1-of-2.json" + table},
		{"parts alone", "0/2", []string{"run-0-of-2.json", "run-1-of-2.json", "chunks"}, "part-000000.parquet" + table},
		{"prepared names alone", "0/2", []string{
			"run-0-of-2.json", "run-1-of-2.json", "part-000000.parquet", "part-000001.parquet",
		}, filepath.Join("chunks", "plan.json") + ": " + other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(version1)); err != nil {
				t.Fatal(err)
			}
			for _, name := range tt.removed {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			list := filepath.Join(t.TempDir(), "list.txt")
			if err := os.WriteFile(list, []byte("example.com\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			before := filesIn(t, dir)
			said := scan(t, exitFailed, "--sim", "errors", "--shard", tt.shard, "-q", "-o", dir, list)
			if !strings.Contains(said, tt.says) {
				t.Errorf("said %q, want %q", said, tt.says)
			}
			if after := filesIn(t, dir); !maps.Equal(after, before) {
				t.Errorf("the directory was changed: now it has %v", slices.Sorted(maps.Keys(after)))
			}
		})
	}
}

// filesIn are the files below a directory but for locks, by their paths.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".lock" {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
