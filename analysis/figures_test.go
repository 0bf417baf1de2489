package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// testFigures draws the figures of a report: a file for each chart, which needs
// nothing from elsewhere and says what it shows.
func testFigures(t *testing.T, r *Report, charts []string) {
	browser, err := findBrowser()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for _, background := range []string{"none", "white"} {
		config := figuresConfig{dir: dir, background: background, timeout: patience, browser: browser}
		if err := r.WriteFigures(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		var names []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			name, _ := strings.CutSuffix(entry.Name(), ".svg")
			names = append(names, name)
			data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				t.Fatal(err)
			}
			text := string(data)
			for _, never := range []string{"var(", "currentColor", "transparent", "href", "<script", "url(", "system-ui"} {
				if strings.Contains(text, never) {
					t.Errorf("%s: has %q", name, never)
				}
			}
			for _, want := range []string{"<title>", "<desc>", "Liberation Sans", `xmlns="http://www.w3.org/2000/svg"`} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: has no %q", name, want)
				}
			}
			if strings.Contains(text, `fill="#ffffff"`) != (background == "white") {
				t.Errorf("%s: the background is not %s", name, background)
			}
		}
		if !slices.Equal(names, charts) {
			t.Errorf("figures %q, want %q", names, charts)
		}
	}
}

// Names of colours become colours, and what strangers wrote stays text.
func TestSelfContained(t *testing.T) {
	q := Query{Question: "Is a < b & c?", Numerator: "n.", Denominator: "d.", Caveat: "c."}
	chart := &Chart{Spec: map[string]any{"description": "Bars."}}
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><text fill="currentColor">&lt;b&gt;</text><path fill="var(--bad)"/></svg>`
	got, err := selfContained([]byte(svg), q, chart, "white")
	want := `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" role="img"><title>Is a &lt; b &amp; c?</title><desc>Bars. Counted: n. Out of: d. Mind: c.</desc>` +
		`<rect width="100%" height="100%" fill="#ffffff"/><text fill="` + paperColours()["text"] + `">&lt;b&gt;</text><path fill="` +
		paperColours()["bad"] + `"/></svg>` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
	for _, broken := range []string{"", "<p>none</p>", `<svg xmlns="http://www.w3.org/2000/svg"><text>a & b</text></svg>`, "<svg><g></svg>"} {
		if got, err := selfContained([]byte(broken), q, chart, "none"); err == nil {
			t.Errorf("%q became %q", broken, got)
		}
	}
}

// The browser is looked for before anything is read or written.
func TestFiguresWithoutBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, test := range []struct {
		name, chrome string
		args         []string
		stderr       string
	}{
		{"none", "", nil, "no Chromium in PATH"},
		{"not where it is said to be", filepath.Join(t.TempDir(), "chromium"), nil, "CHROME"},
		{"a colour", "", []string{"--figures-background", "mauve"}, "none or white"},
		{"no time", "", []string{"--figures-timeout", "0s"}, "must be positive"},
	} {
		t.Setenv(browserVariable, test.chrome)
		dir := filepath.Join(t.TempDir(), "figures")
		var stdout, stderr bytes.Buffer
		args := append([]string{"--figures", dir}, append(test.args, filepath.Join(t.TempDir(), "missing"))...)
		status := run(t.Context(), args, &stdout, &stderr)
		if status != exitUsage || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, %s", test.name, status, stderr.String())
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: %s was made", test.name, dir)
		}
	}
}

// A browser that does not end, fails or draws nothing is an error that says so.
func TestBrowserFails(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	r := &Report{
		Sections: []Section{{Queries: []string{"modes"}}},
		Tables: map[string]*Table{"modes": {
			Query:   Query{Name: "modes", Question: "Which?"},
			Columns: []Column{{"mode", KindText}, {"domains", KindCount}, {"share", KindShare}},
			Rows:    [][]any{{"enforce", int64(1), 1.0}},
		}},
	}
	svg := base64.StdEncoding.EncodeToString([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`))
	for _, test := range []struct {
		name, script string
		timeout      time.Duration
		want         string
	}{
		{"draws", `echo '<pre id="figure-modes">` + svg + `</pre>'`, patience, "<nil>"},
		{"does not end", "exec sleep 600", time.Millisecond, "--figures-timeout"},
		{"fails", "echo 'no display' >&2; exit 3", patience, "exit status 3: no display"},
		{"draws nothing", "echo '<p>nothing</p>'", patience, "drew nothing"},
	} {
		browser := filepath.Join(t.TempDir(), "browser")
		if err := os.WriteFile(browser, []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		config := figuresConfig{dir: dir, background: "none", timeout: test.timeout, browser: browser}
		err := r.WriteFigures(t.Context(), config)
		if !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if _, statErr := os.Stat(filepath.Join(dir, "modes.svg")); (statErr == nil) != (err == nil) {
			t.Errorf("%s: modes.svg: %v", test.name, statErr)
		}
	}
}
