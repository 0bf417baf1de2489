package output

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/filesum"
)

// edited is a part file with something else in its footer, and the checksum that
// the program would have written then.
func edited(t *testing.T, file []byte, from, to string) []byte {
	t.Helper()
	changed := bytes.Replace(file, []byte(from), []byte(to), 1)
	if bytes.Equal(changed, file) || len(changed) != len(file) {
		t.Fatalf("%q is not in the file, or longer", from)
	}
	start, err := filesum.FooterStart(bytes.NewReader(changed), int64(len(changed)))
	if err != nil {
		t.Fatal(err)
	}
	before := sha256.New()
	before.Write(changed[:start])
	end := changed[start:]
	at, ok := filesum.At(end)
	if !ok {
		t.Fatal("no checksum")
	}
	copy(end[at:], filesum.None)
	if err := filesum.Put(end, before); err != nil {
		t.Fatal(err)
	}
	return changed
}

// A part in which one octet was changed, anywhere, is not accepted, and neither
// is one that was cut: not in place of the one that the manifest lists, and not
// where the manifest does not list it yet.
func TestAcceptDamaged(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, identity())
	listed := write(t, d, 0, every("a.example.com", 1), least("b.example.com", 2), negative("c.example.com", 3))
	path := filepath.Join(dir, PartName(0))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	earlier := listed // as the manifest has it, of a process that wrote the part anew and was killed
	earlier.SHA256, earlier.Rewrite = strings.Repeat("ab", 32), -1
	attempt := func(what string, n int, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		for name, manifest := range map[string]*PartInfo{"listed": &listed, "not listed": nil, "listed before": &earlier} {
			_, ok, err := d.Accept(0, manifest)
			if n < 0 != ok || n >= 0 && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s at %d of %d, %s: %v, %v", what, n, len(good), name, ok, err)
			}
		}
	}
	attempt("whole", -1, good)
	footer, err := filesum.FooterStart(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(good); n++ {
		if n%97 != 0 && n < int(footer) || n%11 != 0 && n < len(good)-64 {
			continue
		}
		changed := bytes.Clone(good)
		changed[n] ^= 1 << (n % 8)
		attempt("changed", n, changed)
		attempt("cut", n, good[:n])
	}
}

// What the manifest does not list as it is must be a later rewrite, of this run.
func TestAccept(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, identity())
	first := write(t, d, 0, pending("a.example.com", 1, "transient", 0), negative("b.example.com", 2))
	path := filepath.Join(dir, PartName(0))
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again := func(info PartInfo, row *Row) PartInfo {
		p, err := d.Create(0, info.FirstRank, info.LastRank)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Write(values(row)); err != nil {
			t.Fatal(err)
		}
		if err := p.Keep(d, info, func(r *Row) bool { return r.Rank != 1 }); err != nil {
			t.Fatal(err)
		}
		if info, err = p.Commit(); err != nil {
			t.Fatal(err)
		}
		return info
	}
	second := again(first, pending("a.example.com", 1, "transient", 1))
	third := again(second, valid("a.example.com", 1))
	if first.Rewrite != 0 || second.Rewrite != 1 || third.Rewrite != 2 {
		t.Errorf("rewrites %d, %d and %d", first.Rewrite, second.Rewrite, third.Rewrite)
	}
	other := third
	other.SHA256 = first.SHA256
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	none := bytes.Replace(now, []byte(keyChecksum), []byte("stsscan.checksul"), 1)
	foreign := identity()
	foreign.Input = "cd"
	for _, tt := range []struct {
		name   string
		file   []byte
		id     Identity
		listed *PartInfo
		want   error
	}{
		{"the one that is listed", now, identity(), &third, nil},
		{"not listed", now, identity(), nil, nil},
		{"written anew since", now, identity(), &second, nil},
		{"written anew twice since", now, identity(), &first, nil},
		{"as often, and another", now, identity(), &other, ErrDamaged},
		{"one of before", old, identity(), &third, ErrDamaged},
		{"no checksum, not listed", none, identity(), nil, ErrDamaged},
		{"no checksum, written anew since", none, identity(), &second, ErrDamaged},
		{"of another run", now, foreign, &third, ErrForeign},
		{"of another run, not listed", now, foreign, nil, ErrForeign},
	} {
		if err := os.WriteFile(path, tt.file, 0o644); err != nil {
			t.Fatal(err)
		}
		_, ok, err := open(t, dir, tt.id).Accept(0, tt.listed)
		if ok != (tt.want == nil) || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, ok, err)
		}
	}
	info, err := ReadPartInfo(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, none, 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err = ReadPartInfo(path); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := d.Accept(0, &info); !ok || err != nil { // as an older program wrote it
		t.Errorf("no checksum, listed: %v, %v", ok, err)
	}
}
