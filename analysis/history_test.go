package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The script of the nights is what the questions find, and nothing else.
func TestScriptedNights(t *testing.T) {
	runs, events := scanNights(t, t.TempDir())
	store := openRuns(t, runs...)
	var got, want []string
	each(t, store.db, "SELECT night, domain, kind FROM changed", func(scan func(...any)) {
		var e event
		scan(&e.night, &e.domain, &e.kind)
		got = append(got, fmt.Sprintf("%d %s: %s", e.night, e.domain, e.kind))
	})
	for _, e := range events {
		want = append(want, fmt.Sprintf("%d %s: %s", e.night, e.domain, e.kind))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d changes, want %d: not scripted %q, not found %q", len(got), len(want), less(got, want), less(want, got))
	}

	incidents := make(map[string]int64)
	each(t, store.db, query(t, "incidents"), func(scan func(...any)) {
		var night, domains, of int64
		var date time.Time
		var kind, cluster string
		var after *string
		var share float64
		scan(&night, &date, &kind, &after, &cluster, &domains, &of, &share)
		incidents[fmt.Sprintf("%d %s %s", night, kind, cluster)] = domains
	})
	expected := map[string]int64{
		"2 adopted unit.org":                        int64(incidentSize(461)),
		"2 policy broken provider.net":              int64(incidentSize(1385)),
		"3 policy mended provider.net":              int64(incidentSize(1385)),
		"3 adopted addresses 22.1.202.1":            int64(incidentSize(246)),
		"3 adopted addresses 22.1.203.1 22.1.203.2": int64(incidentSize(900)),
	}
	for name, domains := range expected {
		if incidents[name] != domains {
			t.Errorf("incident %q: %d domains, want %d", name, incidents[name], domains)
		}
	}
	if len(incidents) != len(expected) {
		t.Errorf("incidents %v, want %v", incidents, expected)
	}

	goldens(t, store)
	t.Run("duckdb", func(t *testing.T) { testDuckDB(t, runs) })
	t.Run("limits", func(t *testing.T) { testLimits(t, store) })
	t.Run("report", func(t *testing.T) { testReport(t, runs) })
	t.Run("command", func(t *testing.T) { testCommand(t, runs) })
	t.Run("baselines", func(t *testing.T) { testBaselines(t, runs) })
	t.Run("diff", func(t *testing.T) { testDiffs(t, runs) })
}

// less is what a has and b has not, at most ten of it.
func less(a, b []string) []string {
	var only []string
	for _, s := range a {
		if !slices.Contains(b, s) && len(only) < 10 {
			only = append(only, s)
		}
	}
	return only
}

// A run that is not complete is no baseline, neither for the program nor for those
// who paste.
func testBaselines(t *testing.T, runs []string) {
	unfinished := filepath.Join(t.TempDir(), "unfinished")
	if err := os.CopyFS(unfinished, os.DirFS(runs[1])); err != nil {
		t.Fatal(err)
	}
	setStatus(t, unfinished, "incomplete")
	suspect := filepath.Join(t.TempDir(), "suspect")
	if err := os.CopyFS(suspect, os.DirFS(runs[1])); err != nil {
		t.Fatal(err)
	}
	setStatus(t, suspect, "suspect")
	for _, test := range []struct {
		name string
		dirs []string
		want string // in the error; "": none
	}{
		{"all complete", runs, ""},
		{"the last is not", []string{runs[0], unfinished}, ""},
		{"one between came to every domain, and is in doubt", []string{runs[0], suspect, runs[2]}, ""},
		{"the first is not", []string{unfinished, runs[2]}, "is not complete (incomplete"},
		{"one between is not", []string{runs[0], unfinished, runs[2]}, "is not complete (incomplete"},
		{"the newest first", []string{runs[2], runs[0]}, "name the oldest run first"},
		{"the same twice", []string{runs[0], runs[0]}, "named twice"},
	} {
		_, err := ReadRuns(test.dirs)
		says := err == nil
		if test.want != "" {
			says = errors.Is(err, ErrNoBaseline) && strings.Contains(err.Error(), test.want)
		}
		if !says {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := ReadRuns([]string{t.TempDir()}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory: %v", err)
	}

	_, err := OpenStore(t.Context(), StoreConfig{}, unfinished, runs[2])
	if err == nil || !strings.Contains(err.Error(), "a run that is not complete is no baseline: "+unfinished) {
		t.Errorf("pasted: %v", err)
	}
}

// setStatus changes what a run says of its state.
func setStatus(t *testing.T, dir, status string) {
	t.Helper()
	editManifest(t, dir, `(?m)^  "status": "[a-z]+"`, `  "status": "`+status+`"`)
}

// editManifest changes what a run says of itself.
func editManifest(t *testing.T, dir, pattern, replacement string) {
	t.Helper()
	name := filepath.Join(dir, "run.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(pattern).ReplaceAllString(string(data), replacement)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
