package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/output"
	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// bucket is where tests keep runs on a server.
const bucket = "s3://surveys/run"

// startServer starts an S3 server, and has stsscan find it.
func startServer(t *testing.T) *storetest.Server {
	t.Helper()
	server := storetest.NewServer()
	for _, variable := range storetest.Environment(server.Start(t)) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return server
}

// storedScan scans a shard of a world with an empty directory; "": the whole run.
func storedScan(t *testing.T, world, list, location, shard string) (status int, said string) {
	t.Helper()
	return scanInto(t, filepath.Join(t.TempDir(), "run"), world, list, location, shard)
}

func scanInto(t *testing.T, dir, world, list, location, shard string) (status int, said string) {
	t.Helper()
	args := []string{"scan", "-o", dir, "--sim", world, "-q", "--preflight=false", "--store", location, "--shard", shard}
	if list != "" {
		args = append(args, "--part-size", "6", list)
	}
	return command(t.Context(), args...)
}

// wipe removes the files of a run, but for the locks: the next process sees from those that the last one is dead, and
// does not wait until its claim is void.
func wipe(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("no process knows that another one on the same machine is dead")
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".lock") {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// wantFetched fails unless the run in a store can be fetched, and tells the truth about the world: each domain has one
// row, as in a run without a store.
func wantFetched(t *testing.T, world, list, location string) {
	t.Helper()
	fetched, alone := filepath.Join(t.TempDir(), "fetched"), filepath.Join(t.TempDir(), "alone")
	for _, args := range [][]string{
		{"fetch", location, fetched}, {"verify", fetched, "--truth", world},
		{"scan", "-o", alone, "--sim", world, "-q", "--part-size", "6", "--preflight=false", list},
	} {
		if status, said := command(t.Context(), args...); status != 0 {
			t.Fatalf("%q: status %d: %s", args, status, said)
		}
	}
	if got, want := verdicts(t, fetched), verdicts(t, alone); !slices.Equal(got, want) {
		t.Errorf("with a store: %q, without: %q", got, want)
	}
}

// verdicts are the rows of a run, without times.
func verdicts(t *testing.T, dir string) (lines []string) {
	t.Helper()
	parts, err := output.PartPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		for row, err := range output.ReadPart(part) {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprintf("%06d %s %v", row.Rank, row.Domain,
				[]any{row.Record, row.Policy, row.Verdict, row.Pending, row.Pass}))
		}
	}
	slices.Sort(lines)
	return lines
}

// Machines that share nothing but a store prepare, scan and finish a run, each in a directory that is
// lost when it ends.
func TestStore(t *testing.T) {
	world, list := smallWorld(t, 40)
	startServer(t)
	for _, location := range []string{filepath.Join(t.TempDir(), "store"), bucket} {
		if status, said := storedScan(t, world, "", location, "0/3"); status != exitUsage ||
			!strings.Contains(said, location+" must have been prepared") {
			t.Errorf("not prepared: status %d: %s", status, said)
		}
		location += "/prepared"
		for _, shards := range []string{"3", "0"} {
			status, said := command(t.Context(), "prepare", "-o", t.TempDir(), "--store", location, "--special-use", "-q",
				"--part-size", "6", "--shards", shards, list)
			if status != 0 {
				t.Fatalf("prepare: status %d: %s", status, said)
			}
		}
		finish := func(want int, words string) {
			t.Helper()
			status, said := command(t.Context(), "finish", "--store", location, filepath.Join(t.TempDir(), "run"))
			if status != want || !strings.Contains(said, words) {
				t.Errorf("finish: status %d: %s", status, said)
			}
		}
		for i, shard := range []string{"2/3", "1/3", "0/3"} {
			if i > 0 {
				finish(exitIncomplete, "--store "+location+" --shard 0/3")
			}
			if status, said := storedScan(t, world, "", location, shard); status != 0 {
				t.Fatalf("%s: status %d: %s", shard, status, said)
			}
		}
		finish(0, "")
		finish(0, "nothing is left to do")
		wantFetched(t, world, list, location)
		s, err := store.Open(location, store.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if chunks, err := s.List(t.Context(), "chunks/"); err != nil || len(chunks) > 0 {
			t.Errorf("left are %v, %v", chunks, err)
		}

		// What is said of all shards is not so any more when one of them is scanned again.
		_, part, err := s.Get(t.Context(), output.PartName(4))
		if err == nil {
			err = s.Remove(t.Context(), output.PartName(4), part.Version)
		}
		if err != nil {
			t.Fatal(err)
		}
		finish(exitIncomplete, "part-000004.parquet is gone")
		if status, said := storedScan(t, world, list, location, "1/3"); status != 0 {
			t.Fatalf("again: status %d: %s", status, said)
		}
		if _, err := s.Stat(t.Context(), "run.json"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the manifest of all shards: %v", err)
		}
		finish(0, "")
		wantFetched(t, world, list, location)
	}
}

// Shards with lists of their own prepare the same names.
func TestStoreWithLists(t *testing.T) {
	world, list := smallWorld(t, 40)
	startServer(t)
	for _, location := range []string{filepath.Join(t.TempDir(), "store"), bucket} {
		for _, shard := range []string{"1/3", "0/3"} {
			if status, said := storedScan(t, world, list, location, shard); status != 0 {
				t.Fatalf("%s: status %d: %s", shard, status, said)
			}
		}
		if status, said := storedScan(t, world, list, location, "0/2"); status != exitFailed ||
			!strings.Contains(said, "the run was begun in 3 shards, not 2: see shards.json") {
			t.Errorf("another number of shards: status %d: %s", status, said)
		}
		status, said := command(t.Context(), "fetch", location, filepath.Join(t.TempDir(), "half"))
		if status != exitIncomplete || !strings.Contains(said, "shard 2/3: never begun") {
			t.Errorf("fetched too early: status %d: %s", status, said)
		}
		status, said = storedScan(t, world, list, location, "2/3")
		if status != 0 {
			t.Fatalf("2/3: status %d: %s", status, said)
		}
		status, said = storedScan(t, world, list, location, "1/3")
		if status != 0 || !strings.Contains(said, "nothing is left to do") {
			t.Errorf("again: status %d: %s", status, said)
		}
		wantFetched(t, world, list, location)
	}
}

// A run without shards leaves no prepared names behind, and its directory is the whole run when it goes on.
func TestStoreWhole(t *testing.T) {
	world, list := smallWorld(t, 20)
	location := filepath.Join(t.TempDir(), "store")
	for range 2 {
		dir := filepath.Join(t.TempDir(), "run")
		if status, said := scanInto(t, dir, world, list, location, ""); status != 0 {
			t.Fatalf("status %d: %s", status, said)
		}
		if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
			t.Errorf("verify: status %d: %s", status, said)
		}
	}
	if left, err := filepath.Glob(filepath.Join(location, "chunks", "*")); err != nil || left != nil {
		t.Errorf("left are %q, %v", left, err)
	}
	wantFetched(t, world, list, location)
}

// A process may die before or after any request to its store, and its directory with it. In the end each domain has
// one row.
func TestStoreDeath(t *testing.T) {
	world, list := smallWorld(t, 14)
	for _, after := range []bool{false, true} {
		server, dir := startServer(t), filepath.Join(t.TempDir(), "run")
		deaths := 0
		for status := -1; status != 0; deaths++ {
			last := deaths + 1 // request of the process
			var n int
			server.Fault = func(storetest.Request) storetest.Fault {
				switch n++; {
				case n == last && after:
					return storetest.Refuse(403, "AccessDenied").After()
				case n >= last:
					return storetest.Refuse(403, "AccessDenied")
				}
				return storetest.Fault{}
			}
			var said string
			wipe(t, dir)
			if status, said = scanInto(t, dir, world, list, bucket, "0/1"); status == exitInUse || deaths > 200 {
				t.Fatalf("after %d deaths: status %d: %s", deaths, status, said)
			}
		}
		if server.Fault = nil; deaths < 15 {
			t.Errorf("%d deaths", deaths)
		}
		wantFetched(t, world, list, bucket)
	}
}

// Each request fails once before and once after its effect. What was put before a failure is not put again.
func TestStoreFaults(t *testing.T) {
	world, list := smallWorld(t, 14)
	server := startServer(t)
	seen := make(map[string]int)
	server.Fault = func(request storetest.Request) storetest.Fault {
		refusal := storetest.Refuse(403, "AccessDenied")
		switch seen[request.Kind+request.Name]++; seen[request.Kind+request.Name] {
		case 1:
			return refusal
		case 2:
			return refusal.After()
		}
		return storetest.Fault{}
	}
	dir := filepath.Join(t.TempDir(), "run")
	for failures := 0; ; failures++ {
		status, said := scanInto(t, dir, world, list, bucket, "0/1")
		if status == 0 {
			break
		}
		if status == exitInUse || failures > 200 {
			t.Fatalf("after %d failures: status %d: %s", failures, status, said)
		}
		if failures%2 == 0 {
			wipe(t, dir)
		}
	}
	server.Fault = nil
	wantFetched(t, world, list, bucket)
}

// A task that finds its manifest changed ends, and puts nothing more, even if it has not lost its claim.
func TestStoreOvertaken(t *testing.T) {
	world, list := smallWorld(t, 40)
	server := startServer(t)
	other, err := store.Open(bucket, store.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server.Fault = func(request storetest.Request) storetest.Fault {
		if request.Kind == "put" && strings.HasSuffix(request.Name, output.PartName(0)) {
			manifest := strings.TrimSuffix(request.Name, output.PartName(0)) + "run-0-of-2.json"
			server.Overwrite(manifest, []byte("{}"))
		}
		return storetest.Fault{}
	}
	status, said := storedScan(t, world, list, bucket, "0/2")
	if status != exitInUse || !strings.Contains(said, "another process scans the same shard") {
		t.Errorf("status %d: %s", status, said)
	}
	if text, _, err := other.Get(t.Context(), "run-0-of-2.json"); err != nil || string(text) != "{}" {
		t.Errorf("%s, %v", text, err)
	}
}

// No question is asked before the store has it that the shard was begun: whoever takes over has to know that.
func TestStoreBeforeQuestions(t *testing.T) {
	world, list := smallWorld(t, 14)
	server, dir := startServer(t), filepath.Join(t.TempDir(), "run")
	claimed := false
	server.Fault = func(request storetest.Request) storetest.Fault {
		switch {
		case request.Kind == "put" && strings.HasSuffix(request.Name, "/claim-run.json"):
			claimed = true
		case request.Kind == "put" && strings.HasSuffix(request.Name, "/run.json"):
			for range 30 { // time enough to do what must not be done
				if parts, err := output.PartPaths(dir); err != nil || len(parts) > 0 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			return storetest.Refuse(403, "AccessDenied")
		}
		return storetest.Fault{}
	}
	status, said := scanInto(t, dir, world, list, bucket, "0/1")
	if status != exitIncomplete || !strings.Contains(said, "the store lacks what is in the run directory") {
		t.Errorf("status %d: %s", status, said)
	}
	if parts, err := output.PartPaths(dir); err != nil || len(parts) > 0 {
		t.Errorf("there are %q, %v", parts, err)
	}
	if !claimed {
		t.Error("the run was not claimed in the store")
	}
}

// What can be told before a store is asked is refused before anything is written.
func TestStoreRefused(t *testing.T) {
	world, list := smallWorld(t, 3)
	dir := filepath.Join(t.TempDir(), "run")
	for location, want := range map[string]string{
		"gs://surveys": "--store: the location gs://...",
		dir:            "it is the run directory",
	} {
		status, said := scanInto(t, dir, world, list, location, "")
		if status != exitUsage || !strings.Contains(said, want) {
			t.Errorf("%s: status %d: %s", location, status, said)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the run directory was made")
	}
	status, said := command(t.Context(), "fetch", t.TempDir(), dir)
	if status != exitFailed || !strings.Contains(said, "no shards.json") {
		t.Errorf("no run: status %d: %s", status, said)
	}
}

// A fetched run goes on where the fetch was stopped, and is not mixed with another one.
func TestFetch(t *testing.T) {
	world, list := smallWorld(t, 20)
	location, another := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "another")
	for _, to := range []string{location, another} {
		if status, said := storedScan(t, world, list, to, ""); status != 0 {
			t.Fatalf("status %d: %s", status, said)
		}
	}
	dir := filepath.Join(t.TempDir(), "run")
	fetch := func(from string) (int, string) { return command(t.Context(), "fetch", from, dir) }
	if status, said := fetch(location); status != 0 || !strings.Contains(said, "run: 4 parts, ") {
		t.Fatalf("status %d: %s", status, said)
	}
	if status, said := fetch(another); status != exitFailed || !strings.Contains(said, "use another -o") {
		t.Errorf("another run: status %d: %s", status, said)
	}
	spoil := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("spoilt"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	spoil(filepath.Join(dir, output.PartName(1)))
	spoil(filepath.Join(dir, "rejects.jsonl"))
	if err := os.Remove(filepath.Join(dir, output.PartName(2))); err != nil {
		t.Fatal(err)
	}
	if status, said := fetch(location); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
		t.Errorf("verify: status %d: %s", status, said)
	}
	spoil(filepath.Join(location, output.PartName(3)))
	dir = filepath.Join(t.TempDir(), "run")
	status, said := fetch(location)
	if status != exitIncomplete || !strings.Contains(said, "part-000003.parquet: it is not") {
		t.Errorf("a spoilt part: status %d: %s", status, said)
	}
	if _, err := os.Stat(filepath.Join(dir, output.PartName(3))); err == nil {
		t.Error("a spoilt part is here")
	}
}
