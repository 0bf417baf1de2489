package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/output"
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
	for _, tt := range []struct {
		name    string
		removed []string
		says    string
	}{
		{"complete", nil, "run-0-of-2.json: the run was begun by another version of the program, which can resume it: " +
			"table of version 1, this program writes version 2"},
		{"another shard alone", []string{"run-0-of-2.json", "part-000000.parquet"}, "run-1-of-2.json: the run was begun by"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(version1)); err != nil {
				t.Fatal(err)
			}
			for _, name := range tt.removed {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			list := filepath.Join(t.TempDir(), "list.txt")
			if err := os.WriteFile(list, []byte("example.com\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			said := scan(t, exitFailed, "--sim", "errors", "--shard", "0/2", "-q", "-o", dir, list)
			if !strings.Contains(said, tt.says) {
				t.Errorf("said %q, want %q", said, tt.says)
			}
			parts, err := output.PartPaths(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range parts {
				was, err := os.ReadFile(filepath.Join(version1, filepath.Base(part)))
				if err != nil {
					t.Fatal(err)
				}
				if now, err := os.ReadFile(part); err != nil || !bytes.Equal(now, was) {
					t.Errorf("%s was changed: %v", part, err)
				}
			}
		})
	}
}
