package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What differs each time in the README's session: dates, durations, ports.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\d|in \d+ ms|127\.0\.0\.1:\d+`)

var logLine = regexp.MustCompile(`(?m)^time=.*\n`)

// The README's session is what the program prints, word for word but for times
// and ports. Log lines, where a terminal shows progress, are left out.
func TestReadmeSession(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if most := 10 << 10; len(readme) > most {
		t.Errorf("README.md has %d octets, more than %d: details belong in docs/", len(readme), most)
	}
	_, session, _ := strings.Cut(string(readme), "```\n$ ")
	session, _, ok := strings.Cut(session, "```\n")
	if !ok {
		t.Fatal("README.md has no session: a block that begins with \"$ \"")
	}

	t.Chdir(t.TempDir())
	if err := os.Symlink(filepath.Join(root, "inputs"), "inputs"); err != nil {
		t.Fatal(err)
	}
	for step := range strings.SplitSeq(session, "\n$ ") {
		command, want, _ := strings.Cut(step, "\n")
		args := strings.Fields(command)
		var stdout, stderr bytes.Buffer
		std := streams{in: strings.NewReader(""), out: &stdout, err: &stderr}
		if status := run(t.Context(), std, args[1:]); status != exitDone {
			t.Fatalf("%s: status %d\n%s", command, status, stderr.String())
		}
		text := logLine.ReplaceAllString(stderr.String(), "") + stdout.String()
		got := changing.ReplaceAllString(strings.TrimSpace(text), "…")
		if want := changing.ReplaceAllString(strings.TrimSpace(want), "…"); got != want {
			t.Errorf("README.md says of %s\n%s\nand it prints\n%s", command, want, text)
		}
	}
}
