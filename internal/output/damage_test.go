package output

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/durable"
)

// A file that was cut anywhere is refused, and so is one with any byte of its
// footer changed, or it still says the same; nothing panics.
func TestCutAndChangedFiles(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, identity())
	rows := []*Row{every("a.example.com", 1), least("b.example.com", 2), negative("c.example.com", 3)}
	write(t, d, 0, rows...)
	path := filepath.Join(dir, PartName(0))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	attempt := func(data []byte) error {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Whole(0); err != nil {
			return err
		}
		for _, err := range ReadPart(path) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := attempt(good); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(good); n += 1 + len(good)/60 {
		if err := attempt(good[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d of %d: %v", n, len(good), err)
		}
	}
	if err := attempt(good[:len(good)-1]); !errors.Is(err, ErrDamaged) {
		t.Errorf("the last byte cut: %v", err)
	}
	for n := 0; n < len(good); n += 1 + len(good)/120 {
		changed := bytes.Clone(good)
		changed[n] ^= 0x15
		_ = attempt(changed) // the change may not matter, or be an error
	}
}

// A disk that fails at any step leaves no file that was not there before.
func TestFailingDisk(t *testing.T) {
	for _, step := range []string{"create", "write", "late write", "sync", "close", "rename", "corrupt"} {
		t.Run(step, func(t *testing.T) {
			d := open(t, t.TempDir(), identity())
			d.Disk.FS = failing{step: step}
			err := func() error {
				p, err := d.Create(0, 1, 1_000_000)
				if err != nil {
					return err
				}
				rows := make([]*Row, 0, 2_000) // more than the buffers hold
				for rank := range int64(cap(rows)) {
					r := every(fmt.Sprintf("%d.example.com", rank), rank+1)
					r.CertSHA256 = strings.Repeat(r.Domain, 20)
					rows = append(rows, r)
				}
				if err := p.Write(values(rows...)); err != nil {
					return errors.Join(err, p.Abort())
				}
				_, err = p.Commit()
				return err
			}()
			if step == "corrupt" && !errors.Is(err, ErrDamaged) || step != "corrupt" && !errors.Is(err, errDisk) {
				t.Error(err)
			}
			wantFiles(t, d.dir)
		})
	}
}

var errDisk = errors.New("disk failed")

// failing is a file system on which one step fails.
type failing struct {
	durable.OS
	step string
}

func (f failing) Create(name string) (durable.Handle, error) {
	if f.step == "create" {
		return nil, errDisk
	}
	h, err := f.OS.Create(name)
	return &failingHandle{Handle: h, step: f.step}, err
}

func (f failing) Rename(from, to string) error {
	if f.step == "rename" {
		return errDisk
	}
	return f.OS.Rename(from, to)
}

type failingHandle struct {
	durable.Handle
	step   string
	writes int
}

func (h *failingHandle) Write(b []byte) (int, error) {
	h.writes++
	switch {
	case h.step == "write", h.step == "late write" && h.writes == 2:
		return 0, errDisk
	case h.step == "corrupt" && h.writes == 2:
		b = bytes.Clone(b)
		b[len(b)/2] ^= 1
	}
	return h.Handle.Write(b)
}

func (h *failingHandle) Sync() error {
	if h.step == "sync" {
		return errDisk
	}
	return h.Handle.Sync()
}

func (h *failingHandle) Close() error {
	if err := h.Handle.Close(); err != nil || h.step != "close" {
		return err
	}
	return errDisk
}
