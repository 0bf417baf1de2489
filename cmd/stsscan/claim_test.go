package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// A run directory has one run in one number of shards: that of the claim, else that of its manifests. A claim
// without parts and manifests stops no other run.
func TestClaim(t *testing.T) {
	world, list := smallWorld(t, 10)
	scan := func(dir string, shard string) (int, string) {
		args := []string{"scan", "-o", dir, "--sim", world, "-q", "--part-size", "6", "--preflight=false", list}
		if shard != "" {
			args = append(args, "--shard", shard)
		}
		return command(t.Context(), args...)
	}
	manifests := func(t *testing.T, dir string) (names []string) {
		here, err := output.ManifestsIn(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range here {
			names = append(names, of...)
		}
		slices.Sort(names)
		return names
	}
	must := func(t *testing.T, dir, shard string) {
		t.Helper()
		if status, said := scan(dir, shard); status != 0 {
			t.Fatalf("shard %q: status %d: %s", shard, status, said)
		}
	}
	unclaimed := func(t *testing.T, dir string) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, output.ShardsFile)); err != nil {
			t.Fatal(err)
		}
	}
	// Scans in one shard and in two, by a program that claims nothing.
	both := func(t *testing.T, dir string) {
		must(t, dir, "0/2")
		alone := filepath.Join(t.TempDir(), "alone")
		must(t, alone, "")
		for _, name := range []string{"run.json", "part-000000.parquet"} {
			data, err := os.ReadFile(filepath.Join(alone, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		before func(t *testing.T, dir string)
		shards []string // that are scanned, in order
		says   string   // by the last of them; "": it is done
		left   []string // manifests
	}{
		{name: "nothing", shards: []string{""}, left: []string{"run.json"}},
		{name: "a claim that led to nothing", before: func(t *testing.T, dir string) {
			if err := output.WriteShards(durable.Disk{}, dir, output.Shards{Number: 2}); err != nil {
				t.Fatal(err)
			}
			lock, err := durable.Lock(filepath.Join(dir, ".run-1-of-2.lock"))
			if err != nil {
				t.Fatal(err)
			}
			if err := lock.Unlock(); err != nil {
				t.Fatal(err)
			}
		}, shards: []string{""}, left: []string{"run.json"}},
		{name: "a claim whose process is at it", before: func(t *testing.T, dir string) {
			if err := output.WriteShards(durable.Disk{}, dir, output.Shards{Number: 2}); err != nil {
				t.Fatal(err)
			}
			lock, err := durable.Lock(filepath.Join(dir, ".run-1-of-2.lock"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = lock.Unlock() })
		}, shards: []string{""}, says: "the run was begun in 2 shards, not 1: see shards.json"},
		{name: "a claim, and parts", before: func(t *testing.T, dir string) {
			must(t, dir, "0/2")
			if err := os.Remove(filepath.Join(dir, "run-0-of-2.json")); err != nil {
				t.Fatal(err)
			}
		}, shards: []string{""}, says: "the run was begun in 2 shards, not 1: see shards.json"},
		{name: "another shard", shards: []string{"0/2", "1/2"}, left: []string{"run-0-of-2.json", "run-1-of-2.json"}},
		{name: "more shards", shards: []string{"0/2", "2/3"},
			says: "the run was begun in 2 shards, not 3: see run-0-of-2.json", left: []string{"run-0-of-2.json"}},
		{name: "the claim is gone", before: func(t *testing.T, dir string) {
			must(t, dir, "1/2")
			unclaimed(t, dir)
		}, shards: []string{"0/2"}, left: []string{"run-0-of-2.json", "run-1-of-2.json"}},
		{name: "no claim, and other shards", before: func(t *testing.T, dir string) {
			must(t, dir, "1/2")
			unclaimed(t, dir)
		}, shards: []string{""},
			says: "the run was begun in 2 shards, not 1: see run-1-of-2.json", left: []string{"run-1-of-2.json"}},
		{name: "two of them, and the claim of one", before: both, shards: []string{""},
			says: "the run was begun in 2 shards, not 1: see run-0-of-2.json", left: []string{"run-0-of-2.json", "run.json"}},
		{name: "two of them, mended by the one that has the claim", before: both, shards: []string{"0/2", "1/2"},
			left: []string{"run-0-of-2.json", "run-1-of-2.json"}},
		{name: "two of them without a claim", before: func(t *testing.T, dir string) { both(t, dir); unclaimed(t, dir) },
			shards: []string{""}, left: []string{"run.json"}},
		{name: "two of them without a claim, and a third", before: func(t *testing.T, dir string) {
			both(t, dir)
			unclaimed(t, dir)
		}, shards: []string{"0/3"}, says: "the run was begun in 1 shards, not 3: see run.json",
			left: []string{"run-0-of-2.json", "run.json"}},
		{name: "two of them, and one is at it", before: func(t *testing.T, dir string) {
			both(t, dir)
			lock, err := durable.Lock(filepath.Join(dir, ".run.lock"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = lock.Unlock() })
		}, shards: []string{"0/2"}, says: "is in use by another process: it scans in 1 shards",
			left: []string{"run-0-of-2.json", "run.json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.before != nil {
				tt.before(t, dir)
			}
			for i, shard := range tt.shards {
				status, said := scan(dir, shard)
				refused := tt.says != "" && i == len(tt.shards)-1
				if refused != (status != 0) || refused && !strings.Contains(said, tt.says) {
					t.Fatalf("shard %q: status %d, %s", shard, status, said)
				}
			}
			if left := manifests(t, dir); !slices.Equal(left, tt.left) {
				t.Errorf("manifests %q, want %q", left, tt.left)
			}
			if tt.says != "" {
				return
			}
			if status, said := command(t.Context(), "verify", dir, "--truth", world); status != 0 {
				t.Errorf("verify: status %d: %s", status, said)
			}
		})
	}
}

// Of two scans that would divide a run in different ways and begin at the same
// moment, one is refused, and the other is not disturbed.
func TestClaimAtOnce(t *testing.T) {
	world, list := smallWorld(t, 10)
	for range 5 {
		dir := filepath.Join(t.TempDir(), "run")
		type result struct {
			status int
			said   string
		}
		results := make(chan result)
		for _, shard := range []string{"0/1", "0/2"} {
			go func() {
				status, said := command(t.Context(), "scan", "-o", dir, "--sim", world, "-q", "--part-size", "6",
					"--shard", shard, list)
				results <- result{status, said}
			}()
		}
		a, b := <-results, <-results
		if a.status == 0 {
			a, b = b, a
		}
		if a.status != exitFailed || !strings.Contains(a.said, "the run was begun in ") || b.status != 0 {
			t.Fatalf("status %d: %s, and status %d: %s", a.status, a.said, b.status, b.said)
		}
		if status, said := command(t.Context(), "verify", dir, "--truth", world); status == exitFailed {
			t.Errorf("verify: status %d: %s", status, said)
		}
	}
}

// A shard that a process on another machine has begun is taken over, and what says so is gone then. The claim of a
// process that died here stops nobody, and none is left.
func TestTakenOver(t *testing.T) {
	world, list := smallWorld(t, 10)
	dir := filepath.Join(t.TempDir(), "run")
	scan := []string{
		"scan", "-o", dir, "--sim", world, "-q", "--part-size", "6", "--preflight=false", "--shard", "1/2", list,
	}
	marker := filepath.Join(dir, ".run-1-of-2.taken-over")
	if err := durable.MakeDir(dir); err != nil {
		t.Fatal(err)
	}
	for _, before := range []bool{true, false} { // of the first question
		if err := os.WriteFile(marker, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if status, said := command(t.Context(), scan...); status != 0 {
			t.Fatalf("first %v: status %d: %s", before, status, said)
		}
		if _, err := os.Stat(marker); err == nil {
			t.Errorf("first %v: the mark is left", before)
		}
		for _, name := range []string{"claim-1-of-2.json", ".surveys-000001.log"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				t.Errorf("first %v: %s is left", before, name)
			}
		}
	}
}
