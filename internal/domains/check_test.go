package domains

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Check refuses what follows from the options and the beginnings of lists; what can be read only once is left to
// Prepare.
func TestCheck(t *testing.T) {
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	member, err := z.Create("list.csv")
	if err != nil {
		t.Fatal(err)
	}
	member.Write([]byte("domain\na.com\n"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := exec.Command("mkfifo", pipe).Run(); err != nil {
		pipe = "-" // a system without
	}
	csv, plain := writeList(t, "csv", "domain,owner\na.com,x\n"), writeList(t, "plain", "a.com\n")
	for _, tt := range []struct {
		name   string
		lists  []string
		format Format
		tags   []string
		want   error // nil: none
	}{
		{"columns", []string{csv}, "", []string{"owner"}, nil},
		{"columns of one list", []string{plain, csv}, "", []string{"owner"}, nil},
		{"no such column", []string{csv}, "", []string{"colour"}, ErrOptions},
		{"no columns", []string{plain, plain}, "", []string{"owner"}, ErrOptions},
		{"no columns by format", []string{csv}, FormatPlain, []string{"owner"}, ErrOptions},
		{"the same twice", []string{csv}, "", []string{"owner", "Owner"}, ErrOptions},
		{"not UTF-8", []string{csv}, "", []string{"\xff"}, ErrOptions},
		{"no list", nil, "", nil, ErrOptions},
		{"missing", []string{filepath.Join(t.TempDir(), "x")}, "", nil, fs.ErrNotExist},
		{"standard input", []string{"-"}, "", []string{"owner"}, nil},
		{"standard input twice", []string{"-", "-"}, "", nil, ErrOptions},
		{"archive", []string{writeList(t, "zip", archive.String())}, "", []string{"owner"}, nil},
		{"pipe", []string{pipe}, "", []string{"owner"}, nil},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		cfg := PrepareConfig{Dir: dir, Format: tt.format, Tags: tt.tags}
		for _, path := range tt.lists {
			cfg.Lists = append(cfg.Lists, List{path})
		}
		done := make(chan error, 1)
		go func() { done <- cfg.Check() }()
		select {
		case err := <-done:
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: it waits for a writer", tt.name)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the run directory is made", tt.name)
		}
	}
}
