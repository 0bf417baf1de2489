package domains

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A chunk that is not what the plan describes is an error, at the latest after
// its last name.
func TestDamagedChunk(t *testing.T) {
	list := writeList(t, "list", noise(130))
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}}
	p, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	path := func(k int) string { return filepath.Join(cfg.Dir, chunksDir, chunkName(k)) }
	whole, err := os.ReadFile(path(0))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(path(1))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	line := func(s string) []byte { return []byte(zstdOf(t, s)) }
	tests := []struct {
		name string
		data []byte
	}{
		{"cut off", whole[:len(whole)/2]}, {"flipped bit", flipped}, {"another chunk", other}, {"empty", nil}, {"garbage behind", append(bytes.Clone(whole), 0)},
		{"no line end", line("1\t0\t0\ta.com")}, {"no numbers", line("x\t0\t0\ta.com\n")}, {"short line", line("1\t0\n")}, {"negative", line("1\t-1\t0\ta.com\n")},
		{"no such list", line("1\t0\t1\ta.com\n")}, {"a tag", line("1\t0\t0\ta.com\tx\n")}, {"falling rank", line("2\t0\t0\ta.com\n1\t0\t0\tb.com\n")}, {"other names", line("1\t0\t0\ta.com\n")},
	}
	for _, tt := range tests {
		if err := os.WriteFile(path(0), tt.data, 0o600); err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range p.Chunk(0) {
			last = err
		}
		if last == nil || !strings.HasPrefix(last.Error(), path(0)+": damaged chunk: ") {
			t.Errorf("%s: %v", tt.name, last)
		}
	}
	// The plan may be the one that is wrong.
	if err := os.WriteFile(path(0), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ChunkInfo){
		"names": func(c *ChunkInfo) { c.Names-- }, "last rank": func(c *ChunkInfo) { c.LastRank-- }, "first rank": func(c *ChunkInfo) { c.FirstRank++ },
		"octets": func(c *ChunkInfo) { c.Bytes-- }, "sum": func(c *ChunkInfo) { c.SHA256 = p.Chunks[1].SHA256 }, "nothing": func(*ChunkInfo) {},
	} {
		wrong := *p
		wrong.Chunks = slices.Clone(p.Chunks)
		change(&wrong.Chunks[0])
		var last error
		for _, err := range wrong.Chunk(0) {
			last = err
		}
		if (last == nil) != (name == "nothing") {
			t.Errorf("%s changed in the plan: %v", name, last)
		}
	}
	if err := os.Remove(path(0)); err != nil {
		t.Fatal(err)
	}
	for _, err := range p.Chunk(0) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing: %v", err)
		}
	}
}

// A plan that does not add up is no plan.
func TestDamagedPlan(t *testing.T) {
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", "a.com\nb.com\n")}}}
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Dir, chunksDir, planFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ from, to, want string }{
		{`"version": 1`, `"version": 2`, "plan of version 2, this program has version 1"},
		{`"entries": 2`, `"entries": 3`, "are not all accounted for"},
		{`"skipped": 0`, `"skipped": 1`, "the inputs do not add up to the total"},
		{`"parts": 1`, `"parts": 2`, "the number of parts is wrong"},
		{`"part_size": 64`, `"part_size": 1`, "the number of parts is wrong"},
		{`"last_rank": 2,` + "\n\t\t\t" + `"names": 2`, `"last_rank": 2, "names": 1`, "the chunks do not add up to the names"},
		{"}", "", "unexpected end of JSON input"},
	} {
		damaged := strings.Replace(string(whole), tt.from, tt.to, 1)
		if tt.to == "" {
			damaged = strings.TrimSuffix(strings.TrimSpace(string(whole)), tt.from)
		}
		if damaged == string(whole) {
			t.Fatalf("%s is not in %s", tt.from, whole)
		}
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Prepare(t.Context(), cfg); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.to, err, tt.want)
		}
	}
}
