package domains

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stsscan/internal/durable"
)

// follows opens a file for a run that was prepared with it, and follows it.
func follows(t *testing.T, path string) (*ExclusionFile, *Plan, PrepareConfig) {
	t.Helper()
	f, err := OpenExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", "a.com\nb.com\nc.com\n")}},
		Exclude: f.Exclusions()}
	plan, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Follow(plan, "run", durable.Disk{}, time.Now, unharmed(t)); err != nil {
		t.Fatal(err)
	}
	return f, plan, cfg
}

// unharmed fails on a damaged history.
func unharmed(t *testing.T) func(error) { return func(err error) { t.Error(err) } }

func rewrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// While a run lasts, a file of exclusions may only grow.
func TestExclusionFileGrows(t *testing.T) {
	const before = "a.com\n=exact.net\n192.0.2.0/24\n"
	for _, tt := range []struct {
		name, text string // "": the file is removed
		late       bool   // b.com is excluded since
		sentinel   error
		words      string // of the error
	}{
		{"the same", before, false, nil, ""},
		{"another order, and comments", "# thanks\n192.0.2.0/24\n=exact.net\na.com # by mail\n", false, nil, ""},
		{"more", before + "b.com\n", true, nil, ""},
		{"a slip of the pen", before + "b.com\nnot a name\n", false, ErrExclusions, `5: "not a name": a character that no domain name has`},
		{"gone", "a.com\n=exact.net\n", false, ErrEntryGone, "gone from the exclusions: 192.0.2.0/24; while a run lasts, entries may only be added"},
		{"gone, and another instead", "a.com\nexact.net\n192.0.2.0/24\n", false, ErrEntryGone, "=exact.net"},
		{"all gone", "# none\n", false, ErrEntryGone, "192.0.2.0/24, and 2 more; "},
		{"removed", "", false, ErrExclusions, "no such file"},
	} {
		path := writeList(t, "exclude", before)
		f, _, _ := follows(t, path)
		if late, err := f.Refresh(); late != nil || err != nil {
			t.Fatalf("%s: as it was: %v, %v", tt.name, late, err)
		}
		if tt.text == "" {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		} else {
			rewrite(t, path, tt.text)
		}
		late, err := f.Refresh()
		if !errors.Is(err, tt.sentinel) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && (!strings.Contains(err.Error(), tt.words) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if late.Domain("b.com") != tt.late || late.Domain("a.com") || f.Domain("b.com") != tt.late || !f.Domain("a.com") {
			t.Errorf("%s: late %q, all %q", tt.name, late.entries(), f.Exclusions().entries())
		}
		versions := 1
		if tt.late {
			versions++
		}
		if got := f.Versions(); len(got) != versions || got[versions-1].SHA256 != f.Exclusions().SHA256() ||
			got[0].Entries != 3 {
			t.Errorf("%s: versions %+v", tt.name, got)
		}
		if again, err := f.Refresh(); err == nil && again != late {
			t.Errorf("%s: other exclusions, and the file has not changed", tt.name)
		}
	}
}

// Without a file nothing is excluded, now or later.
func TestNoExclusionFile(t *testing.T) {
	f, plan, _ := follows(t, "")
	if late, err := f.Refresh(); late != nil || err != nil || f.Domain("a.com") || len(f.Versions()) != 0 {
		t.Errorf("%v, %v, %v", late, err, f.Versions())
	}
	if x, err := ReadExclusionHistory(plan.dir); x != nil || err != nil {
		t.Errorf("history %v, %v", x, err)
	}
}

// A run is resumed with everything that any shard ever excluded in it, or not at all. Each shard keeps the times
// of what it has read.
func TestExclusionsAreKept(t *testing.T) {
	path := writeList(t, "exclude", "a.com\n")
	first, plan, cfg := follows(t, path)
	rewrite(t, path, "a.com\nb.com\n")
	if late, err := first.Refresh(); err != nil || !late.Domain("b.com") {
		t.Fatal(late, err)
	}
	took := func(text, shard string) (*ExclusionFile, error) {
		t.Helper()
		rewrite(t, path, text)
		f, err := OpenExclusions(path)
		if err != nil {
			t.Fatal(err)
		}
		again := cfg
		again.Exclude = f.Exclusions()
		p, err := Prepare(t.Context(), again)
		if err != nil {
			return nil, err
		}
		if p.SHA256() != plan.SHA256() || p.Names != plan.Names {
			t.Error("another plan")
		}
		return f, f.Follow(p, shard, durable.Disk{}, time.Now, unharmed(t))
	}
	for text, gone := range map[string]string{"b.com\n": "a.com", "# none\n": "a.com", "a.com\n": "b.com",
		"a.com\nc.com\n": "b.com"} {
		for _, shard := range []string{"run", "run-1-of-2"} {
			if _, err := took(text, shard); !errors.Is(err, ErrEntryGone) || !strings.Contains(err.Error(), gone) {
				t.Errorf("%q, %s: %v, want that %s is gone", text, shard, err, gone)
			}
		}
	}
	second, err := took("b.com\na.com\nc.com\n", "run-1-of-2")
	if err != nil {
		t.Fatal(err)
	}
	if late, err := second.Refresh(); err != nil || late.Domain("a.com") || !late.Domain("b.com") ||
		!late.Domain("c.com") {
		t.Errorf("late %q, %v", late.entries(), err)
	}
	if v := second.Versions(); len(v) != 1 || v[0].Entries != 3 {
		t.Errorf("versions %+v", v)
	}
	if _, err := took("b.com\na.com\n", "run"); !errors.Is(err, ErrEntryGone) {
		t.Errorf("what another shard has seen is gone: %v", err)
	}
	third, err := took("b.com\na.com\nc.com\n", "run")
	if err != nil {
		t.Fatal(err)
	}
	was, now := first.Versions(), third.Versions()
	if len(was) != 2 || len(now) != 3 || now[2].Entries != 3 ||
		!now[0].FirstSeen.Equal(was[0].FirstSeen) || !now[1].FirstSeen.Equal(was[1].FirstSeen) {
		t.Errorf("versions %+v, then %+v", was, now)
	}
	if x, err := ReadExclusionHistory(plan.dir); err != nil || strings.Join(x.entries(), " ") != "b.com c.com" {
		t.Errorf("history %q, %v", x.entries(), err)
	}
}

// A run whose kept exclusions are gone is prepared again with the same ones, and with no others.
func TestExclusionsAreGone(t *testing.T) {
	path := writeList(t, "exclude", "a.com\n")
	f, plan, cfg := follows(t, path)
	kept := filepath.Join(plan.dir, EntriesFile)
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, "a.com\nb.com\n")
	more, err := ReadExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	grown := cfg
	grown.Exclude = more
	if _, err := Prepare(t.Context(), grown); !errors.Is(err, ErrOtherInput) ||
		!strings.Contains(err.Error(), "with the original ones") {
		t.Errorf("%v", err)
	}
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(kept); string(data) != "a.com\n" {
		t.Errorf("%q, %v", data, err)
	}
	if err := f.Follow(plan, "run", durable.Disk{}, time.Now, unharmed(t)); err != nil {
		t.Error(err)
	}
}

// A damaged history is reported and written anew from the file. An entry that came from the damage is not missed,
// and added entries are there again.
func TestExclusionHistoryDamaged(t *testing.T) {
	for _, tt := range []struct{ name, from, to string }{
		{"an entry", "b.com", "d.com"},
		{"a key", `"late"`, `"lave"`},
		{"no JSON", `"versions"`, `versions`},
		{"a time", `"first_seen": "2`, `"first_seen": "1`},
		{"no checksum", `"checksum"`, `"chequesum"`},
	} {
		path := writeList(t, "exclude", "a.com\n")
		f, plan, _ := follows(t, path)
		rewrite(t, path, "a.com\nb.com\n")
		if _, err := f.Refresh(); err != nil {
			t.Fatal(err)
		}
		kept := filepath.Join(plan.dir, HistoryName("run"))
		text, err := os.ReadFile(kept)
		if err != nil || !strings.Contains(string(text), tt.from) {
			t.Fatalf("%s, %v", text, err)
		}
		rewrite(t, kept, strings.Replace(string(text), tt.from, tt.to, 1))
		if x, err := ReadExclusionHistory(plan.dir); err == nil {
			t.Errorf("%s: read as %q", tt.name, x.entries())
		}
		reported := 0
		if err := f.Follow(plan, "run", durable.Disk{}, time.Now, func(error) { reported++ }); err != nil || reported != 1 {
			t.Errorf("%s: reported %d times, %v", tt.name, reported, err)
		}
		if x, err := ReadExclusionHistory(plan.dir); err != nil || strings.Join(x.entries(), " ") != "b.com" {
			t.Errorf("%s: kept anew: %q, %v", tt.name, x.entries(), err)
		}
	}
}
