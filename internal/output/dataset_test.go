package output

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWholeRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, open(t, dir, identity()), 0, every("example.com", 1))
	good, err := os.ReadFile(filepath.Join(dir, PartName(0)))
	if err != nil {
		t.Fatal(err)
	}
	foreign := func(change func(*Identity)) Identity {
		id := identity()
		change(&id)
		return id
	}
	tests := []struct {
		name string
		data []byte
		id   Identity
		want error
		says string
	}{
		{"another input", good, foreign(func(id *Identity) { id.Input = "cd" }), ErrForeign, "its input is"},
		{"another configuration", good, foreign(func(id *Identity) { id.Config = "seed 2" }), ErrForeign, `its configuration is "seed 1", not "seed 2"`},
		{"another run", good, foreign(func(id *Identity) { id.Run = "tonight" }), ErrDamaged, `it is of run "last night", not "tonight"`},
		{"the version may differ", good, foreign(func(id *Identity) { id.Version = "v9" }), nil, ""},
		{"empty", nil, identity(), ErrDamaged, "0 bytes are too few"},
		{"no Parquet", bytes.Repeat([]byte("no"), 100), identity(), ErrDamaged, "does not begin as Parquet"},
		{"another schema", edited(t, good, "schema_version\x18\x012", "schema_version\x18\x013"), identity(),
			ErrForeign, `version "3"`},
		{"the schema before", edited(t, good, "schema_version\x18\x012", "schema_version\x18\x011"), identity(),
			ErrForeign, "its schema is version 1, and this program writes version 2"},
		{"another program's", edited(t, good, "stsscan.schema_version", "whatelse.schema_versio"), identity(),
			ErrForeign, "it has no stsscan.schema_version"},
		{"an impossible footer", append(bytes.Clone(good[:len(good)-8]), "\xff\xff\xff\xffPAR1"...), identity(), ErrDamaged, "a footer of 4294967295 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, PartName(0)), tt.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, ok, err := open(t, dir, tt.id).Whole(0)
			if ok != (tt.want == nil) || !errors.Is(err, tt.want) {
				t.Fatalf("whole: %v, %v", ok, err)
			}
			if err != nil && (!strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), PartName(0))) {
				t.Errorf("%v, want %q in it", err, tt.says)
			}
		})
	}
	if _, ok, err := open(t, dir, identity()).Whole(1); ok || err != nil {
		t.Errorf("a part that is not there: %v, %v", ok, err)
	}
	if err := os.Rename(filepath.Join(dir, PartName(0)), filepath.Join(dir, PartName(1))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := open(t, dir, identity()).Whole(1); !errors.Is(err, ErrForeign) {
		t.Errorf("part 0 under the name of part 1: %v", err)
	}
}

func TestSweep(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	for _, name := range []string{
		".tmp-part-000000.parquet-00", ".tmp-part-000001.parquet-01", ".tmp-run.json-02", "part-000001.parquet",
		".tmp-.surveys-000001.log-03", ".tmp-.surveys-1.log-04", ".surveys-000001.log",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Sweep(func(k int) bool { return k == 1 }); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, d.dir, ".surveys-000001.log", ".tmp-.surveys-1.log-04", ".tmp-part-000000.parquet-00", ".tmp-run.json-02",
		"part-000001.parquet")
	if err := d.Sweep(nil); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, d.dir, ".surveys-000001.log", ".tmp-.surveys-1.log-04", ".tmp-run.json-02", "part-000001.parquet")
}

func TestPartNumber(t *testing.T) {
	for name, want := range map[string]int{
		"part-000000.parquet":  0,
		"part-000123.parquet":  123,
		"part-1234567.parquet": 1234567,
		"part-0000001.parquet": -1, // two names for one part
		"part-00001.parquet":   -1,
		"part--00001.parquet":  -1,
		"part-+00001.parquet":  -1,
		"part-.parquet":        -1,
		"part-000001":          -1,
		"x-part-000001":        -1,
		"":                     -1,
	} {
		k, ok := PartNumber(name)
		if ok != (want >= 0) || ok && k != want {
			t.Errorf("%q: %d, %v", name, k, ok)
		}
	}
}

func TestPartPaths(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"part-000002.parquet", "part-1000000.parquet", "part-000010.parquet", "run.json", "part-x.parquet",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := PartPaths(dir)
	want := []string{
		filepath.Join(dir, "part-000002.parquet"), filepath.Join(dir, "part-000010.parquet"),
		filepath.Join(dir, "part-1000000.parquet"),
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), identity()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, identity()); err == nil {
		t.Error("a file was opened as a directory")
	}
	if _, err := open(t, dir, identity()).Create(0, 5, 4); err == nil {
		t.Error("a part of no ranks was created")
	}
}
