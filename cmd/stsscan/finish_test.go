package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// A run in shards is finished when all of them are. What a shard writes after that takes it back until it is finished
// anew, and a shard that has nothing to do leaves it as it is.
func TestFinishRun(t *testing.T) {
	world, list := smallWorld(t, 10)
	dir := filepath.Join(t.TempDir(), "run")
	scan := func(shard, list string) (int, string) {
		return command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--part-size", "4", "--preflight=false",
			"--shard", shard, list)
	}
	must := func(want int, says string, status int, said string) {
		t.Helper()
		if status != want || !strings.Contains(said, says) {
			t.Fatalf("status %d, want %d and %q:\n%s", status, want, says, said)
		}
	}
	run := func(want int, says string, args ...string) {
		t.Helper()
		status, said := command(t.Context(), args...)
		must(want, says, status, said)
	}
	merged := func() bool {
		t.Helper()
		m, err := output.ReadManifest(filepath.Join(dir, "run.json"))
		if errors.Is(err, fs.ErrNotExist) {
			return false
		}
		if err != nil || m.Merged == nil {
			t.Fatalf("%+v, %v", m, err)
		}
		return true
	}

	for _, shard := range []string{"0/3", "2/3"} {
		status, said := scan(shard, list)
		must(0, "", status, said)
	}
	run(exitIncomplete, "shard 1/3: never begun\n", "finish", dir)
	run(exitIncomplete, "stsscan scan -o "+dir+" --shard 1/3; all of them: 1", "finish", dir)
	if merged() || chunksIn(t, dir) == nil {
		t.Fatal("it is taken for finished")
	}
	status, said := scan("1/3", list)
	must(0, "", status, said)
	run(0, "shards", "finish", dir)
	run(0, "nothing is left to do", "finish", "-q", dir)
	if !merged() || chunksIn(t, dir) != nil {
		t.Fatal("it is not taken for finished")
	}
	run(0, "10 rows compared, 0 differ", "verify", dir, "--truth", world)
	run(0, "d00.example.com", "list", dir, "--columns", "domain")

	status, said = scan("1/3", list)
	must(0, "", status, said)
	if !merged() {
		t.Fatal("a shard with nothing to do took it back")
	}
	status, said = scan("0/2", list)
	must(exitFailed, "was begun in 3 shards, not 2", status, said)

	damage := func() {
		t.Helper()
		if err := os.Truncate(filepath.Join(dir, output.PartName(1)), 100); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	run(exitIncomplete, "shard 1/3: part-000001.parquet is damaged", "finish", dir)
	status, said = scan("1/3", filepath.Join(t.TempDir(), "gone.txt"))
	must(exitFailed, "no such file", status, said) // before anything is written
	status, said = command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--part-size", "4", "--preflight=false",
		"--shard", "1/3", "-") // standard input is at its end
	must(exitFailed, "standard input is not kept", status, said)
	if merged() {
		t.Fatal("a shard is not finished, and run.json says that all are")
	}
	run(exitIncomplete, "shard 1/3: incomplete: run directory ", "finish", dir)
	status, said = scan("1/3", list)
	must(0, "", status, said)
	run(0, "", "finish", "-q", dir)

	if err := os.Remove(filepath.Join(dir, "run-1-of-3.json")); err != nil {
		t.Fatal(err)
	}
	run(0, "run.json stands for them", "verify", dir, "--truth", world)
	status, said = scan("1/3", list)
	must(0, "", status, said)
	if merged() {
		t.Fatal("a shard has written another manifest, and run.json is there")
	}
	run(0, "10 rows compared, 0 differ", "verify", dir, "--truth", world)
	run(0, "", "finish", "-q", dir)
	run(0, "problems  0", "verify", dir)
}

// What finish says of a run that is none, or has no shards.
func TestFinishOther(t *testing.T) {
	world, list := smallWorld(t, 4)
	dir := filepath.Join(t.TempDir(), "run")
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"finish"}, exitUsage, "finish takes one run directory"},
		{[]string{"finish", filepath.Join(dir, "none")}, exitFailed, "name a directory that a scan wrote"},
		{[]string{"finish", filepath.Dir(list)}, exitFailed, "no run.json"},
		{[]string{"scan", "-o", dir, "--sim", world, "-q", "--preflight=false", list}, exitDone, ""},
		{[]string{"finish", dir}, exitDone, "nothing is left to do"},
	} {
		if status, said := command(t.Context(), tt.args...); status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("%q: status %d, want %d and %q:\n%s", tt.args, status, tt.status, tt.says, said)
		}
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(list), ".*")); names != nil {
		t.Errorf("files were made beside a list: %q", names)
	}
}
