package durable

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// A path that a user named is written to or replaced depending on what it is, and what is no file stays what it
// is. TestOutputSpecial has the paths that are no files.
func TestWriteOutput(t *testing.T) {
	old := map[string]string{"old": "old"}
	for _, tt := range []struct {
		name  string
		links map[string]string // symbolic links: to where
		files map[string]string // content of before
		path  string
		file  string // where the content is then; "": an error
	}{
		{name: "nothing", path: "new", file: "new"},
		{name: "file", files: old, path: "old", file: "old"},
		{name: "link", links: map[string]string{"link": "old"}, files: old, path: "link", file: "old"},
		{name: "link of a link", links: map[string]string{"a": "below/b", "below/b": "../old"}, files: old, path: "a", file: "old"},
		{name: "link to nothing", links: map[string]string{"link": "below/new"}, path: "link", file: "below/new"},
		{
			name: "link by a linked directory", path: "side/link", file: "below/new",
			links: map[string]string{"side": "below/deep", "below/deep/link": "../new"},
		},
		{name: "circle", links: map[string]string{"a": "b", "b": "a"}, path: "a"},
		{name: "directory", path: "below"},
		{name: "link to a directory", links: map[string]string{"link": "below"}, path: "link"},
		{name: "no directory", path: "missing/new"},
		{name: "link to no directory", links: map[string]string{"link": "missing/new"}, path: "link"},
		{name: "below a file", files: old, path: "old/new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "below", "deep"), 0o755); err != nil {
				t.Fatal(err)
			}
			for name, to := range tt.links {
				if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
					t.Skip(err) // Windows without the right to make links
				}
			}
			for name, content := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			before := tree(t, dir)
			checked := CheckOutput(filepath.Join(dir, tt.path))
			if after := tree(t, dir); after != before {
				t.Errorf("the check has made %q of %q", after, before)
			}
			err := WriteOutput(filepath.Join(dir, tt.path), []byte("content"))
			if (err == nil) != (tt.file != "") || (checked == nil) != (err == nil) {
				t.Fatalf("%v, and beforehand %v", err, checked)
			}
			for name, to := range tt.links {
				if now, err := os.Readlink(filepath.Join(dir, name)); err != nil || now != to {
					t.Errorf("link %s: %q, %v", name, now, err)
				}
			}
			if tt.file == "" {
				if after := tree(t, dir); after != before {
					t.Errorf("after %v there is %q, and before %q", err, after, before)
				}
				return
			}
			if data, err := os.ReadFile(filepath.Join(dir, tt.file)); err != nil || string(data) != "content" {
				t.Errorf("%q, %v", data, err)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".tmp-*")); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// tree lists the contents of a directory and those below.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		names = append(names, name+" "+entry.Type().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}

// The file behind standard output is appended to and not replaced: its contents stay.
func TestWriteOutputStandard(t *testing.T) {
	if os.Getenv("WRITE_OUTPUT") != "" {
		if err := WriteOutput(os.Getenv("WRITE_OUTPUT"), []byte("content\n")); err != nil {
			t.Fatal(err)
		}
		os.Exit(0)
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	names := []string{log}
	if runtime.GOOS == "linux" {
		names = append(names, "/dev/stdout", "/proc/self/fd/1")
	}
	want := "before\n"
	for _, name := range names {
		f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteOutputStandard$")
		cmd.Env, cmd.Stdout = append(os.Environ(), "WRITE_OUTPUT="+name), f
		if err := errors.Join(cmd.Run(), f.Close()); err != nil {
			t.Fatal(err)
		}
		want += "content\n"
		if data, err := os.ReadFile(log); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v; want %q", name, data, err, want)
		}
	}
}

func TestWriteOutputDirectory(t *testing.T) {
	if err := WriteOutput(t.TempDir(), nil); !errors.Is(err, syscall.EISDIR) {
		t.Error(err)
	}
}

func TestMakeDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("new", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "link", "new", "other/deep"} {
		if err := MakeDir(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := MakeDir(filepath.Join(dir, "file")); err == nil {
		t.Error("a file is taken for a directory")
	}
}
