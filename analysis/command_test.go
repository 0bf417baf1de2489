package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What nightly jobs go by: the exit status, and whole files or none.
func testCommand(t *testing.T, runs []string) {
	same := filepath.Join(t.TempDir(), "same")
	if err := os.CopyFS(same, os.DirFS(runs[0])); err != nil {
		t.Fatal(err)
	}
	part, late := filepath.Join(t.TempDir(), "part"), filepath.Join(t.TempDir(), "late")
	for unfinished, of := range map[string]string{part: runs[0], late: runs[1]} {
		if err := os.CopyFS(unfinished, os.DirFS(of)); err != nil {
			t.Fatal(err)
		}
		setStatus(t, unfinished, "incomplete")
	}
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		name   string
		args   []string
		status int
		stderr string
	}{
		{"nothing changed", []string{"-q", "--fail-on", "regression", runs[0], same}, exitDone, ""},
		{"something was lost", []string{"-q", "--fail-on", "regression", runs[0], runs[1]}, exitRegression, "regressions since the run before"},
		{"nothing was lost so far", []string{"-q", "--fail-on", "regression", runs[0], part}, exitIncomplete, "no regression so far"},
		{"something was lost before the end", []string{"-q", "--fail-on", "regression", runs[0], late}, exitRegression, "regressions since"},
		{"nobody asked whether it is complete", []string{"-q", "--json", filepath.Join(t.TempDir(), "r.json"), runs[0], part}, exitDone, "incomplete"},
		{"nobody asked", []string{"-q", "--json", filepath.Join(t.TempDir(), "r.json"), runs[0], runs[1]}, exitDone, ""},
		{"no run", nil, exitUsage, "name a run"},
		{"nothing to write", []string{runs[0]}, exitUsage, "say what to write"},
		{"no baseline", []string{"--fail-on", "regression", runs[0]}, exitUsage, "needs a baseline"},
		{"another word", []string{"--fail-on", "rain", runs[0], runs[1]}, exitUsage, "the only word is regression"},
		{"another reader", []string{"-o", "-", "--for", "manager", runs[0]}, exitUsage, "the words are team and paper"},
		{"tags for a team only", []string{"-o", "-", "--group-by", "owner", runs[0]}, exitUsage, "goes with --for team"},
		{"no page", []string{"--json", "-", "--title", "Monday", runs[0]}, exitUsage, "say -o FILE"},
		{"one file for two", []string{"-o", "both", "--json", "both", runs[0]}, exitUsage, "cannot both write to both"},
		{"no such tag", []string{"-q", "-o", filepath.Join(t.TempDir(), "r.html"), "--for", "team", "--group-by", "team", runs[0]}, exitFailed, "the lists carried owner"},
		{"not a flag", []string{"--colour", runs[0]}, exitUsage, "colour"},
		{"no such run", []string{"-o", "-", missing}, exitFailed, missing},
		{"no such directory", []string{"-q", "-o", filepath.Join(missing, "r.html"), runs[0]}, exitFailed, missing},
		{"newest first", []string{"-q", "-o", "-", runs[1], runs[0]}, exitFailed, "name the oldest run first"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), test.args, &stdout, &stderr)
		if status != test.status || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, want %d: %s", test.name, status, test.status, stderr.String())
		}
	}

	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := []string{"-q", "-o", filepath.Join(dir, "r.html"), "--json", "-", "--csv", filepath.Join(dir, "csv"), runs[0]}
	if status := run(t.Context(), args, &stdout, &stderr); status != exitDone {
		t.Fatal(stderr.String())
	}
	if !json.Valid(stdout.Bytes()) {
		t.Error("no JSON on standard output")
	}
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		_, err := os.Stat(filepath.Join(dir, "csv", q.Name+".csv"))
		if q.History() == (err == nil) {
			t.Errorf("%s.csv: %v", q.Name, err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left in the directory: %v, %v", entries, err)
	}
}
