package domains

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever file of a prepared run directory is changed, cut, emptied or gone, it is reported, and everything is
// prepared again as it was, from the same lists under any name. Other lists are refused, and the files are left
// alone.
func TestRepair(t *testing.T) {
	text := "no name\n" + noise(300) + "a b\n"
	list := writeList(t, "list", text)
	another := writeList(t, "another", strings.Replace(text, "no name", "any name", 1))
	base := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, PartSize: 100, Disk: quick(),
		Exclude: mustExclude(t, "a.org\n")}
	grown := mustExclude(t, "a.org\nb.org\n")
	plan, err := Prepare(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	type file struct{ path, was string }
	var good []file
	chunk := func(k int) string { return ChunksDir + "/" + ChunkName(k) }
	for _, path := range []string{PlanFile, RejectsFile, chunk(0), chunk(3), EntriesFile} {
		path = filepath.Join(base.Dir, filepath.FromSlash(path))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, file{path, string(data)})
	}
	check := func(what string, except string) {
		t.Helper()
		for _, f := range good {
			if data, err := os.ReadFile(f.path); (err != nil || string(data) != f.was) && f.path != except {
				t.Errorf("%s: %s is not as it was: %v", what, f.path, err)
			}
		}
	}
	names := files(t, base.Dir)
	for _, f := range good {
		states := map[string][]byte{"cut": []byte(f.was[:len(f.was)/2]), "empty": {}, "gone": nil}
		for n := 0; n < len(f.was); n += 1 + len(f.was)/5 {
			changed := []byte(f.was)
			changed[n] ^= 4
			states["changed at "+string(rune('0'+len(states)))] = changed
		}
		for state, data := range states {
			what := filepath.Base(f.path) + " " + state
			damage := func() {
				t.Helper()
				err := os.WriteFile(f.path, data, 0o600)
				if data == nil {
					err = os.Remove(f.path)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var reported []error
			cfg := base
			cfg.PartSize, cfg.Begun = 0, begunWith(plan)
			if filepath.Base(f.path) != EntriesFile {
				cfg.Exclude = grown // what is prepared again is still what it was
			}
			cfg.Damaged = func(err error) { reported = append(reported, err) }
			damage()
			cfg.Lists = []List{{another}}
			if _, err := Prepare(t.Context(), cfg); !errors.Is(err, ErrOtherInput) {
				t.Errorf("%s, another list: %v", what, err)
			}
			check(what+", another list", f.path)
			damage()
			reported = nil
			cfg.PartSize, cfg.Lists = 100, []List{{list}}
			if strings.HasSuffix(f.path, ".names") || strings.HasSuffix(f.path, ".jsonl") {
				cfg.PartSize = 0 // the plan has it
				cfg.Lists = []List{{"-"}}
				cfg.Stdin = strings.NewReader(text)
			}
			again, err := Prepare(t.Context(), cfg)
			if err != nil || again.SHA256() != plan.SHA256() || len(reported) != 1 ||
				!strings.Contains(reported[0].Error(), f.path) {
				t.Errorf("%s: %v, reported %v", what, err, reported)
			}
			check(what, "")
		}
	}
	if now := files(t, base.Dir); !slices.Equal(now, names) {
		t.Errorf("files %q, were %q", now, names)
	}

	// A shard reads only the chunks of its own parts.
	if err := os.WriteFile(good[2].path, bytes.Repeat([]byte("x"), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := base
	cfg.Needs = func(k int) bool { return k != 0 }
	cfg.Damaged = func(err error) { t.Errorf("another shard's: %v", err) }
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Error(err)
	}
}

func begunWith(plan *Plan) func() (string, string) {
	return func() (string, string) { return plan.SHA256(), plan.Exclusions }
}

// A run whose exclusions have grown is prepared again as it was, even if the kept ones are gone: the manifest, or
// the history, says what they were.
func TestRepairGrownExclusions(t *testing.T) {
	for _, before := range []string{"a.com\n", "# none yet\n"} {
		for _, gone := range []string{"", EntriesFile, PlanFile} { // "": all of it
			for _, grown := range []bool{false, true} {
				if gone == "" && grown && before == "a.com\n" {
					continue // nothing is left that could tell what was added
				}
				path := writeList(t, "exclude", before)
				f, plan, cfg := follows(t, path)
				if grown {
					rewrite(t, path, before+"b.com\n")
					if _, err := f.Refresh(); err != nil {
						t.Fatal(err)
					}
				}
				lost := []string{gone}
				if gone == "" {
					lost = []string{ChunksDir, PlanFile, EntriesFile, HistoryName("run")}
				}
				for _, name := range lost {
					if err := os.RemoveAll(filepath.Join(plan.dir, name)); err != nil {
						t.Fatal(err)
					}
				}
				cfg.Exclude, cfg.Begun = f.Exclusions(), begunWith(plan)
				again, err := Prepare(t.Context(), cfg)
				if err != nil || again.SHA256() != plan.SHA256() {
					t.Errorf("%q, %q gone, grown %v: %v", before, gone, grown, err)
				}
			}
		}
	}
}

func mustExclude(t *testing.T, text string) *Exclusions {
	t.Helper()
	x, err := parseExclusions("exclude", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return x
}
