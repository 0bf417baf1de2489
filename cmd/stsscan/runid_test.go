package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// Each part of a run says of which run it is, however it was written: by one process or several, in shards, in a later
// pass, or in place of one that was damaged. Two runs of one list are two runs.
func TestRunOfEachPart(t *testing.T) {
	world, list := smallWorld(t, 10)
	scan := func(dir, world string, more ...string) {
		t.Helper()
		args := []string{"scan", "-o", dir, "--sim", world, "-q", "--part-size", "4", "--preflight=false", list}
		args = append(args, more...)
		if status, said := command(t.Context(), args...); status != 0 {
			t.Fatalf("status %d: %s", status, said)
		}
	}
	remove := func(dir string, names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	refusing, _ := smallWorld(t, 10) // one host refuses, and so its part is written anew in the second pass
	fault := []byte("mta-sts.d03.example.com tcp refuse\n")
	if err := os.WriteFile(filepath.Join(refusing, "faults"), fault, 0o644); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	for name, make := range map[string]func(dir string){
		"plain": func(dir string) { scan(dir, world) },
		"again": func(dir string) { scan(dir, world) },
		"sharded": func(dir string) {
			scan(dir, world, "--shard", "1/2")
			scan(dir, world, "--shard", "0/2")
		},
		"rewritten": func(dir string) { scan(dir, refusing) },
		"a part is scanned again": func(dir string) {
			scan(dir, world)
			remove(dir, output.PartName(1))
			scan(dir, world)
		},
		"only parts say which": func(dir string) {
			scan(dir, world)
			remove(dir, output.PartName(1), output.ShardsFile, "run.json")
			scan(dir, world)
		},
		"only the manifest says which": func(dir string) {
			scan(dir, world)
			remove(dir, output.PartName(0), output.PartName(1), output.PartName(2), output.ShardsFile)
			scan(dir, world)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			make(dir)
			manifests, err := output.ReadManifests(dir)
			if err != nil {
				t.Fatal(err)
			}
			run := manifests[0].Run
			if !regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{8}$`).MatchString(run) {
				t.Errorf("the manifest says run %q", run)
			}
			if other := seen[run]; other != "" {
				t.Errorf("%q and %q are one run, %s", name, other, run)
			}
			seen[run] = name
			paths, err := output.PartPaths(dir)
			if err != nil || len(paths) != 3 {
				t.Fatalf("parts %q, %v", paths, err)
			}
			var rewrites int64
			for _, path := range paths {
				info, err := output.ReadPartInfo(path)
				if err != nil || info.Run != run {
					t.Errorf("%s is of run %q, not %q: %v", path, info.Run, run, err)
				}
				rewrites += info.Rewrite
			}
			if (rewrites > 0) != (name == "rewritten") {
				t.Errorf("parts were rewritten %d times", rewrites)
			}
			if status, said := command(t.Context(), "verify", dir); status != 0 {
				t.Errorf("verify: status %d: %s", status, said)
			}
		})
	}
}

// A manifest that was copied from another run of the list does not have the parts of this one scanned again.
func TestManifestOfAnotherRun(t *testing.T) {
	world, list := smallWorld(t, 10)
	for _, tt := range []struct{ name, shard, copied string }{
		{"one process", "", "run.json"},
		{"this shard", "0/2", "run-0-of-2.json"},
		{"another shard", "0/2", "run-1-of-2.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			scanned := func(run, shard string) (int, string) {
				args := []string{
					"scan", "-o", filepath.Join(dir, run), "--sim", world, "-q", "--part-size", "4", "--preflight=false",
				}
				if shard != "" {
					args = append(args, "--shard", shard)
				}
				return command(t.Context(), append(args, list)...)
			}
			shards := []string{""}
			if tt.shard != "" {
				shards = []string{"0/2", "1/2"}
			}
			for _, run := range []string{"run", "other"} {
				for _, shard := range shards {
					if status, said := scanned(run, shard); status != exitDone {
						t.Fatalf("status %d: %s", status, said)
					}
				}
			}
			data, err := os.ReadFile(filepath.Join(dir, "other", tt.copied))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "run", tt.copied), data, 0o644); err != nil {
				t.Fatal(err)
			}
			before := filesIn(t, filepath.Join(dir, "run"))
			status, said := scanned("run", tt.shard)
			if status != exitFailed || !strings.Contains(said, "remove the one that is not of this directory") {
				t.Errorf("status %d: %s", status, said)
			}
			if !maps.Equal(filesIn(t, filepath.Join(dir, "run")), before) {
				t.Error("the directory was changed")
			}
		})
	}
}
