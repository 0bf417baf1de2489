package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// A run that was prepared is scanned without its lists, in any number of shards, and has the rows of one that was
// scanned with them. Each shard reads its own names alone.
func TestPrepared(t *testing.T) {
	world, list := smallWorld(t, 40)
	dir, alone := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "alone")
	must := func(args ...string) string {
		t.Helper()
		status, said := command(t.Context(), args...)
		if status != 0 {
			t.Fatalf("%q: status %d: %s", args, status, said)
		}
		return said
	}
	said := must("prepare", "-o", dir, "--shards", "3", "--special-use", "--part-size", "6", "--limit", "39", list)
	if !strings.Contains(said, "in 7 parts") || !strings.Contains(said, "--shard I/3") {
		t.Errorf("said %s", said)
	}
	for k := range 7 { // of which this shard has three
		path := filepath.Join(dir, "chunks", "chunk-00000"+string(rune('0'+k))+".names")
		if k%3 != 0 {
			if err := os.Rename(path, path+"-away"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Remove(filepath.Join(dir, "rejects.jsonl")); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(list, elsewhere); err != nil {
		t.Fatal(err)
	}
	scan := []string{"scan", "-o", dir, "--sim", world, "-q", "--preflight=false"}
	for _, other := range [][]string{{"--shard", "0/2"}, nil} { // the number of shards is that of prepare
		status, said := command(t.Context(), append(scan, other...)...)
		if status != exitFailed || !strings.Contains(said, "the run was prepared for 3 shards") {
			t.Errorf("%q: status %d: %s", other, status, said)
		}
	}
	must(append(scan, "--shard", "0/3")...)
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--shard", "1/3"}, exitFailed, "is not prepared: what stsscan prepare made is gone"},
		{[]string{"--shard", "1/3", "--limit", "38"}, exitUsage, `--limit 38: it belongs to stsscan prepare`},
		{[]string{"--shard", "1/2"}, exitFailed, "the run was prepared for 3 shards, not 2: scan it with --shard I/3"},
	} {
		status, said := command(t.Context(), append(scan, tt.args...)...)
		if status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("%q: status %d: %s", tt.args, status, said)
		}
	}
	must("prepare", "-o", dir, "-q", "--special-use", "--part-size", "6", "--limit", "39", elsewhere) // mends it
	must(append(scan, "--shard", "1/3", "--limit", "39")...)
	must(append(scan, "--shard", "2/3")...)
	must("scan", "-o", alone, "--sim", world, "-q", "--preflight=false", "--part-size", "6", "--limit", "39", elsewhere)

	m, err := output.ReadManifest(filepath.Join(dir, "run-2-of-3.json"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Config["limit"] != "39" || m.Config["part-size"] != "6" || m.Config["at-a-time"] != "3" || m.Limit() != 39 {
		t.Errorf("run.json has %v", m.Config)
	}
	got, want := rowsOf(t, dir), rowsOf(t, alone)
	if len(got) == 0 || len(got) != len(want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	for name, row := range want {
		now := got[name]
		if now == nil || now.Rank != row.Rank || now.Record != row.Record || now.Policy != row.Policy ||
			now.Verdict != row.Verdict {
			t.Errorf("%s: %+v\nwant %+v", name, now, row)
		}
	}
	must("verify", dir, "--truth", world)

	// A shard that is known to be open takes the end of the run back, though it cannot go on.
	must("finish", "-q", dir)
	for _, name := range []string{"run-1-of-3.json", "part-000001.parquet"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if status, said := command(t.Context(), append(scan, "--shard", "1/3")...); status != exitFailed {
		t.Errorf("status %d: %s", status, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "run.json")); err == nil {
		t.Error("run.json still says that the run is finished")
	}
}

// A directory that is not prepared is refused before it is made, and so is one for a test bed on the real Internet.
func TestNotPrepared(t *testing.T) {
	world, list := smallWorld(t, 5)
	none, bed := filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "bed")
	if status, said := command(t.Context(), "prepare", "-o", bed, "--special-use", list); status != 0 {
		t.Fatal(said)
	}
	real := []string{"--contact", "a@example.org", "--resolvers", "127.0.0.1:9"}
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"scan", "-o", none, "--sim", world}, exitUsage, "scan needs at least one LIST"},
		{append([]string{"scan", "-o", bed}, real...), exitUsage, "was prepared with --special-use"},
		{[]string{"prepare", "-o", none}, exitUsage, "prepare needs at least one LIST"},
		{[]string{"prepare", list}, exitUsage, "prepare needs --output DIR"},
		{[]string{"prepare", "-o", none, "--shards", "-1", list}, exitUsage, "--shards -1: must be from 1"},
		{[]string{"prepare", "-o", none, list + ".gone"}, exitFailed, "no such file"},
		{[]string{"prepare", "-o", none, "--tags", "owner", list}, exitUsage, "no columns"},
	} {
		status, said := command(t.Context(), tt.args...)
		if status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("%q: status %d: %s", tt.args, status, said)
		}
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("the directory was made")
	}
}
