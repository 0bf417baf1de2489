package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var errFault = errors.New("no space left on device")

// faulty is a file system on which one operation fails.
type faulty struct {
	OS
	op  string   // operation that fails
	log []string // operations that were tried
}

func (f *faulty) try(op string) error {
	f.log = append(f.log, op)
	if op == f.op {
		return &fs.PathError{Op: op, Path: "secret-temporary-name", Err: errFault}
	}
	return nil
}

func (f *faulty) Create(name string) (Handle, error) {
	if err := f.try("create"); err != nil {
		return nil, err
	}
	h, err := f.OS.Create(name)
	return &faultyHandle{h, f}, err
}

func (f *faulty) Rename(from, to string) error {
	return errors.Join(f.try("rename"), f.unless("rename", func() error { return f.OS.Rename(from, to) }))
}

func (f *faulty) SyncDir(dir string) error {
	return errors.Join(f.try("syncdir"), f.OS.SyncDir(dir))
}

func (f *faulty) unless(op string, do func() error) error {
	if f.op == op {
		return nil
	}
	return do()
}

type faultyHandle struct {
	Handle
	f *faulty
}

func (h *faultyHandle) Write(p []byte) (int, error) {
	if err := h.f.try("write"); err != nil {
		n, _ := h.Handle.Write(p[:len(p)/2]) // a full disk takes what fits
		return n, err
	}
	return h.Handle.Write(p)
}

func (h *faultyHandle) Sync() error { return errors.Join(h.f.try("sync"), h.Handle.Sync()) }

func (h *faultyHandle) Close() error { return errors.Join(h.f.try("close"), h.Handle.Close()) }

// Every failing step is an error that names the file by its own name, and leaves what was there before.
func TestFaults(t *testing.T) {
	tests := []struct {
		op      string
		replace bool // the new content is in place all the same
	}{
		{op: "create"},
		{op: "write"},
		{op: "sync"},
		{op: "close"},
		{op: "rename"},
		{op: "syncdir", replace: true}, // whole, but its name may not survive a loss of power
	}
	for _, tt := range tests {
		t.Run(tt.op, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "part.parquet")
			if err := WriteFile(name, []byte("old")); err != nil {
				t.Fatal(err)
			}
			fsys := &faulty{op: tt.op}
			err := Disk{FS: fsys}.WriteFile(name, []byte("newer"))
			if !errors.Is(err, errFault) {
				t.Errorf("error %v does not wrap the fault", err)
			} else if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q must name the file, on one line", err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q names the temporary file", err)
			}
			want := "old"
			if tt.replace {
				want = "newer"
			}
			checkDir(t, dir, map[string]string{"part.parquet": want})
		})
	}
}

func TestOrder(t *testing.T) {
	fsys := &faulty{}
	name := filepath.Join(t.TempDir(), "x")
	f, err := Disk{FS: fsys}.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there before it is whole: %v", err)
	}
	err = f.Commit(func(path string) error {
		fsys.log = append(fsys.log, "check")
		if data, err := os.ReadFile(path); err != nil || string(data) != "x" {
			t.Errorf("check sees %q, %v", data, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"create", "write", "sync", "close", "check", "rename", "syncdir"}
	if !slices.Equal(fsys.log, want) {
		t.Errorf("steps %v, want %v", fsys.log, want)
	}
}

func TestCheckRefuses(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(func(string) error { return errFault }); !errors.Is(err, errFault) {
		t.Errorf("commit: %v", err)
	}
	checkDir(t, dir, nil)
}

// A failed write, even one whose error the caller dropped, is never followed by a commit.
func TestNoCommitAfterFailedWrite(t *testing.T) {
	dir := t.TempDir()
	fsys := &faulty{op: "write"}
	f, err := Disk{FS: fsys}.Create(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("first"))
	fsys.op = "" // there is space again, but a hole in the file
	f.Write([]byte("second"))
	if err := f.Commit(nil); !errors.Is(err, errFault) {
		t.Errorf("commit: %v", err)
	}
	checkDir(t, dir, nil)
}

func TestFileAfterItsEnd(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := f.Abort(); err != nil {
		t.Errorf("second abort: %v", err)
	}
	if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write after abort: %v", err)
	}
	if err := f.Commit(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("commit after abort: %v", err)
	}
	checkDir(t, dir, nil)
}

func TestMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permission bits")
	}
	dir := t.TempDir()
	plain, whole := filepath.Join(dir, "plain"), filepath.Join(dir, "whole")
	if f, err := os.OpenFile(plain, os.O_CREATE, 0o644); err != nil {
		t.Fatal(err)
	} else if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(whole, nil); err != nil {
		t.Fatal(err)
	}
	want, _ := os.Stat(plain)
	got, _ := os.Stat(whole)
	if got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v as umask makes of 0644", got.Mode(), want.Mode())
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".tmp-part-000001.parquet-0123456789abcdef",
		".tmp-part-000002.parquet-0123456789abcdef", ".tmp-", "part-000003.parquet", "x.tmp-"} {
		write(name)
	}
	if err := os.Mkdir(filepath.Join(dir, ".tmp-directory-0"), 0o755); err != nil {
		t.Fatal(err)
	}
	mine := func(name string) bool { return name == "part-000002.parquet" }
	if err := (Disk{}).Sweep(dir, mine); err != nil {
		t.Fatal(err)
	}
	checkDir(t, dir, map[string]string{".tmp-part-000001.parquet-0123456789abcdef": "x", ".tmp-": "x",
		"part-000003.parquet": "x", "x.tmp-": "x"})
	if err := (Disk{}).Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	checkDir(t, dir, map[string]string{"part-000003.parquet": "x", "x.tmp-": "x"})
	if err := (Disk{}).Sweep(filepath.Join(dir, "missing"), nil); err != nil {
		t.Errorf("a directory that is not there: %v", err)
	}
}

// Sweep removes what Create makes.
func TestSweepOfUnfinished(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "run-1-of-2.json"))
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" { // which removes no open file
		f.handle.Close()
	}
	var names []string
	if err := (Disk{}).Sweep(dir, func(name string) bool { names = append(names, name); return true }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"run-1-of-2.json"}) {
		t.Errorf("intended names %q", names)
	}
	checkDir(t, dir, nil)
	if err := f.Commit(nil); err == nil {
		t.Error("commit of a file that was swept away succeeds")
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := first.Unlock(); err != nil {
		t.Errorf("second unlock: %v", err)
	}
	again, err := Lock(path)
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
	_, err = Lock(filepath.Join(path, "below", "a file"))
	if err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("lock where no file can be: %v", err)
	}
}

// checkDir compares the regular files of dir with their contents.
func checkDir(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if content, ok := want[e.Name()]; !ok || content != string(data) {
			t.Errorf("left in the directory: %s with %q", e.Name(), data)
		}
		delete(want, e.Name())
	}
	for name := range want {
		t.Errorf("gone from the directory: %s", name)
	}
}
