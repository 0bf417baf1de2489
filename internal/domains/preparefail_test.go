package domains

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/durable"
)

// Bad input gets one clear error, and nothing is left behind.
func TestPrepareErrors(t *testing.T) {
	plain := writeList(t, "plain", "a.com\n")
	list := func(data string) []List { return []List{{Path: writeList(t, "list", data)}} }
	stored := func(name string) string {
		data, err := os.ReadFile(filepath.Join("..", "listfile", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	all, err := parseExclusions("x", strings.NewReader("com"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  PrepareConfig
		want string
	}{
		{"no list", PrepareConfig{}, "no list of domains"},
		{"missing list", PrepareConfig{Lists: []List{{plain}, {"missing.txt"}}}, "open missing.txt: no such file or directory"},
		{"directory", PrepareConfig{Lists: []List{{"."}}}, "open .: is a directory"},
		{"standard input twice", PrepareConfig{Lists: []List{{"-"}, {"-"}}}, "standard input is listed twice"},
		{"unknown format", PrepareConfig{Lists: []List{{plain}}, Format: "xml"}, `unknown format "xml": must be auto, plain, csv or zone`},
		{"limit below zero", PrepareConfig{Lists: []List{{plain}}, Limit: -1}, "a limit or a part size below zero"},
		{"tags of a plain list", PrepareConfig{Lists: []List{{plain}}, Tags: []string{"x"}}, plain + ": a plain list has no columns to choose from or to carry"},
		{"tags of plain lists", PrepareConfig{Lists: []List{{plain}}, Tags: []string{"x"}, Format: FormatPlain}, "plain lists have no columns"},
		{"tag twice", PrepareConfig{Lists: []List{{plain}}, Tags: []string{"x", "X"}}, `tag "X" is asked for twice`},
		{"empty list", PrepareConfig{Lists: list("")}, "LIST: no domain in it: write one a line, or a CSV file with a column of them"},
		{"comments only", PrepareConfig{Lists: list("# a.com\n\n")}, "LIST: no domain in it: write one a line, or a CSV file with a column of them"},
		{"header only", PrepareConfig{Lists: list("rank,domain\n")}, "LIST: no domain in it: write one a line, or a CSV file with a column of them"},
		{"no valid name", PrepareConfig{Lists: list("192.0.2.1\nlocalhost\na b\nc d\ncom\ne f\ncom\n")},
			"LIST: no valid domain among 7 entries (bad_character 3, single_label 2, ip_literal 1): name the column of a CSV file with --domain-column"},
		{"no valid name in the second list", PrepareConfig{Lists: append([]List{{plain}}, list("com\n")...)}, "LIST: no valid domain among 1 entries (single_label 1): name the column of a CSV file with --domain-column"},
		{"all excluded", PrepareConfig{Lists: list("a.com\nb.com\nc d\n"), Exclude: all}, "no domain left to survey: all 2 are excluded: see the file of --exclude"},
		{"corrupt gzip", PrepareConfig{Lists: list(gzipOf(t, "a.com\nb.com\n")[:30])}, "LIST:3: gzip data is cut off"},
		{"xz that is cut off", PrepareConfig{Lists: list(stored("names.xz")[:9000])}, "LIST:965: xz data is cut off"},
		{"bzip2 that is cut off", PrepareConfig{Lists: list(stored("names.bz2")[:9000])}, "LIST:1: bzip2 data is cut off"},
		{"UTF-16 that is cut off", PrepareConfig{Lists: list("\xff\xfea\x00.\x00b\x00\n\x00c")}, "LIST:2: UTF-16 text is cut off: it ends in half a character"},
		{"archive of two lists", PrepareConfig{Lists: list(zipOf(t, "a", "", "b", ""))}, `open LIST: 2 lists in the zip archive, not one: "a", "b": unpack it and name them`},
		{"no domain column", PrepareConfig{Lists: list("foo,bar\n1,2\n")}, "LIST:1: no domain column: name one with --domain-column; there are: foo, bar"},
		{"include", PrepareConfig{Lists: list("a.com. NS x.\n$INCLUDE /etc/passwd\n")}, "LIST:2: $INCLUDE is refused: expand the zone first"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Dir = t.TempDir()
			p, err := Prepare(t.Context(), tt.cfg)
			want := tt.want
			if n := len(tt.cfg.Lists); n > 0 {
				want = strings.ReplaceAll(want, "LIST", tt.cfg.Lists[n-1].Path)
			}
			if err == nil || err.Error() != want || p != nil {
				t.Errorf("\n got %v\nwant %s", err, want)
			}
			if left := files(t, tt.cfg.Dir); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// What was killed before its plan was written is begun again.
func TestUnfinished(t *testing.T) {
	dir := t.TempDir()
	chunks := filepath.Join(dir, ChunksDir)
	if err := os.Mkdir(chunks, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chunks/chunk-000009.names", "chunks/chunk-000008.zst", "chunks/.tmp-spool",
		"chunks/.tmp-hashes", "chunks/.tmp-names", "chunks/.tmp-chunk-000000.names-0123",
		".tmp-rejects.jsonl-0123", ".tmp-plan.json-0123", "rejects.jsonl", ".tmp-part-000000.parquet-0123"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left behind"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Prepare(t.Context(), PrepareConfig{Dir: dir, Lists: []List{{writeList(t, "list", "a.com\n")}},
		MemoryBudget: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, p); !slices.Equal(got, []string{"1:a.com"}) {
		t.Errorf("names %q", got)
	}
	// Files of other steps may belong to a running process.
	if got, want := files(t, dir), []string{".tmp-part-000000.parquet-0123", "chunks/chunk-000000.names",
		"plan.json", "rejects.jsonl"}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// cancelling cancels a context after some octets were read.
type cancelling struct {
	io.Reader
	left   int
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p[:min(len(p), 1000)])
	if c.left -= n; c.left < 0 {
		c.cancel()
	}
	return n, err
}

func TestCancelled(t *testing.T) {
	list := noise(1000)
	for _, after := range []int{0, 5000, len(list) - 1} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{"-"}}, MemoryBudget: 1, Disk: quick()}
		in := strings.NewReader(list)
		cfg.Stdin = &cancelling{in, after, cancel}
		_, err := Prepare(ctx, cfg)
		if !errors.Is(err, context.Canceled) || err.Error() != "prepare "+cfg.Dir+": context canceled" {
			t.Errorf("after %d octets: %v", after, err)
		}
		if read := len(list) - in.Len(); read > after+1000 {
			t.Errorf("after %d octets: goes on to read %d", after, read)
		}
		if left := files(t, cfg.Dir); len(left) > 0 {
			t.Errorf("after %d octets: left behind: %q", after, left)
		}
		cfg.Stdin = strings.NewReader(list)
		p, err := Prepare(t.Context(), cfg)
		if err != nil || p.Names != 1000 {
			t.Errorf("once more: %v", err)
		}
	}
}

// failingDisk fails to create one file.
type failingDisk struct {
	durable.OS
	match string
}

var errFull = errors.New("no space left on device")

func (f failingDisk) Create(name string) (durable.Handle, error) {
	h, err := f.OS.Create(name)
	if err == nil && strings.Contains(name, f.match) {
		return fullHandle{h}, nil
	}
	return h, err
}

type fullHandle struct{ durable.Handle }

func (fullHandle) Write([]byte) (int, error) { return 0, errFull }

// A full disk is one clear error, and there is no plan.
func TestFullDisk(t *testing.T) {
	list := writeList(t, "list", noise(1000)+"no name\n")
	for _, match := range []string{RejectsFile, "chunk-000003", PlanFile} {
		dir := t.TempDir()
		_, err := Prepare(t.Context(), PrepareConfig{Dir: dir, Lists: []List{{list}},
			Disk: durable.Disk{FS: failingDisk{match: match}}})
		if !errors.Is(err, errFull) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), match) {
			t.Errorf("%s: %v", match, err)
		}
		for _, left := range files(t, dir) {
			if left != RejectsFile { // is whole when the plan is written, the last of all
				t.Errorf("%s: left behind: %q", match, left)
			}
		}
		if _, err := ReadPlan(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: there is a plan: %v", match, err)
		}
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	file := writeList(t, "file", "a.com\n")
	_, err := Prepare(t.Context(), PrepareConfig{Dir: file, Lists: []List{{file}}})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), file) {
		t.Errorf("a run directory that is a file: %v", err)
	}
}

// A damaged spool is an error that names it, not a panic and not a chunk.
func TestDamagedSpool(t *testing.T) {
	list := writeList(t, "list", noise(100)+noise(100))
	for name, tt := range map[string]struct {
		at     int64 // in the first header
		octets string
		part   int64 // size; the blocks are for 64
	}{
		"nothing":       {0, "", 64},
		"rank too high": {24, "\x01\x00\x00\x00\x00\x01\x00\x00\x40\x00\x00\x00\x00\x01\x00\x00", 64},
		"two parts":     {0, "", 48},
		"no such list":  {20, "\x01", 64},
		"no names":      {0, "\x00", 64},
		"too large":     {4, "\xff\xff\xff", 64},
	} {
		p := newPreparation(&PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, MemoryBudget: defaultMemoryBudget,
			Disk: quick()})
		if err := os.Mkdir(p.chunks, 0o755); err != nil {
			t.Fatal(err)
		}
		err := p.readLists(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		path := p.spool.file.Name()
		if _, err := p.spool.file.WriteAt([]byte(tt.octets), tt.at); err != nil {
			t.Fatal(err)
		}
		p.plan.PartSize, p.plan.Parts = tt.part, int(partCount(p.plan.Entries, tt.part))
		duplicate, err := p.findDuplicates(t.Context())
		if name == "nothing" && (err != nil || duplicate == nil) || name == "rank too high" && err == nil {
			t.Errorf("%s: finding duplicates: %v", name, err)
		}
		err = p.writeChunks(t.Context(), nil)
		if (err != nil) != (name != "nothing") || err != nil && !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.abort(); err != nil {
			t.Error(err)
		}
	}
}
