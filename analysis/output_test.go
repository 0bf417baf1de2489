package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A path given for output is written to where it is no file, and a symbolic link
// is followed.
func TestWriteTo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no pipes with a name, and no right to make links")
	}
	write := func(name string) error {
		return writeTo(name, nil, func(w io.Writer) error {
			_, err := io.WriteString(w, "content")
			return err
		})
	}
	const none = os.ModeIrregular // kind of what is not there
	for _, tt := range []struct {
		name string
		make func(dir string) error // makes dir/x, or a link to it, dir/link
		path string
		kind os.FileMode // of dir/x afterwards, 0 for a file
		fail bool
	}{
		{name: "nothing", path: "x"},
		{name: "file", make: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "x"), []byte("a longer text"), 0o600)
		}, path: "x"},
		{name: "link", make: func(dir string) error {
			err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600)
			return errors.Join(err, os.Symlink("x", filepath.Join(dir, "link")))
		}, path: "link"},
		{name: "link to nothing", make: func(dir string) error {
			return os.Symlink("x", filepath.Join(dir, "link"))
		}, path: "link"},
		{name: "directory", make: func(dir string) error {
			return os.Mkdir(filepath.Join(dir, "x"), 0o755)
		}, path: "x", kind: os.ModeDir, fail: true},
		{name: "no directory", path: "missing/x", kind: none, fail: true},
		{name: "pipe", make: makePipe, path: "x", kind: os.ModeNamedPipe},
		{name: "link to a pipe", make: func(dir string) error {
			return errors.Join(makePipe(dir), os.Symlink("x", filepath.Join(dir, "link")))
		}, path: "link", kind: os.ModeNamedPipe},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.make != nil {
				if err := tt.make(dir); err != nil {
					t.Skip(err)
				}
			}
			path, target := filepath.Join(dir, tt.path), filepath.Join(dir, "x")
			if err := checkOutput(path); (err != nil) != tt.fail {
				t.Errorf("beforehand: %v", err)
			}
			read := make(chan string, 1)
			if tt.kind == os.ModeNamedPipe {
				go func() { data, _ := os.ReadFile(target); read <- string(data) }()
			}
			if err := write(path); (err != nil) != tt.fail {
				t.Fatal(err)
			}
			if tt.kind == none {
				return // nothing is there
			}
			if info, err := os.Lstat(target); err != nil || info.Mode().Type() != tt.kind {
				t.Fatalf("%v, %v", info, err)
			}
			if info, err := os.Lstat(path); err != nil || (info.Mode().Type() == os.ModeSymlink) != (path != target) {
				t.Fatalf("%v, %v", info, err)
			}
			if tt.kind == 0 {
				data, _ := os.ReadFile(target)
				read <- string(data)
			}
			if !tt.fail {
				if got := <-read; got != "content" {
					t.Errorf("%q", got)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".x-*")); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	t.Run("socket", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Skip(err)
		}
		defer listener.Close()
		read := make(chan string, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				read <- err.Error()
				return
			}
			data, _ := io.ReadAll(conn)
			_ = conn.Close()
			read <- string(data)
		}()
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
			t.Fatalf("%v, %v", info, err)
		}
		if got := <-read; got != "content" {
			t.Errorf("%q", got)
		}
	})
}

// A device that takes everything is still one after a report was written to it:
// another than that of the machine.
func TestWriteToDevice(t *testing.T) {
	device := filepath.Join(t.TempDir(), "null")
	if out, err := exec.Command("mknod", device, "c", "1", "3").CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out) // only root may
	}
	err := writeTo(device, nil, func(w io.Writer) error { _, err := io.WriteString(w, "content"); return err })
	info, statErr := os.Stat(device)
	if statErr != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("it is %v, %v", info, statErr)
	}
	if err != nil {
		t.Skip(err) // a file system without devices
	}
}

// makePipe makes a pipe named x.
func makePipe(dir string) error { return exec.Command("mkfifo", filepath.Join(dir, "x")).Run() }

// A directory for output that is something else is refused before anything is read;
// a symbolic link leads to one, whether it is there or not.
func TestOutputDirectories(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--csv", "--figures"} {
		t.Setenv(browserVariable, os.Args[0])
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), []string{flag, file, filepath.Join(dir, "missing")}, &stdout, &stderr)
		if status != exitFailed || !strings.Contains(stderr.String(), "is not a directory") {
			t.Errorf("%s: status %d, %s", flag, status, stderr.String())
		}
	}
	r := &Report{Tables: map[string]*Table{"modes": {Columns: []Column{{"mode", KindText}}}}}
	for _, target := range []string{"there", "not yet"} {
		link, real := filepath.Join(dir, "link to "+target), filepath.Join(dir, target)
		if target == "there" {
			if err := os.Mkdir(real, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(real, link); err != nil {
			t.Skip(err)
		}
		if err := errors.Join(checkDir(link), r.WriteTables(link)); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		if _, err := os.Stat(filepath.Join(real, "modes.csv")); err != nil {
			t.Error(err)
		}
	}
}
