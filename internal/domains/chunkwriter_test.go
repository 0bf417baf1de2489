package domains

import (
	"bytes"
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

// A chunk that is not what the plan describes is an error, at the latest after its last name.
func TestDamagedChunk(t *testing.T) {
	list := writeList(t, "list", noise(130))
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}}
	p, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	path := func(k int) string { return filepath.Join(cfg.Dir, ChunksDir, ChunkName(k)) }
	whole, err := os.ReadFile(path(0))
	if err != nil {
		t.Fatal(err)
	}
	another, err := os.ReadFile(path(1))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	// Blocks that no writer makes: one of the name a.com, and changed ones.
	stored := func(change func(b *block, h *header)) []byte {
		b := &block{}
		b.add(1, 0, []byte("a.com"))
		b.add(3, 0, []byte("b.com"))
		data := b.appendTo(nil)
		var h header
		if err := h.parse(data); err != nil {
			t.Fatal(err)
		}
		change(b, &h)
		columns := slices.Concat(b.sizes, b.text, b.gaps, b.tags)
		if h.listRanks > 0 {
			columns = slices.Concat(b.sizes, b.text, b.gaps, b.listRanks, b.tags)
		}
		return append(h.appendTo(nil), columns...)
	}
	octets, place, other := errBlock.Error(), "have no place in it", "it is not the one that the plan describes"
	tests := []struct {
		name string
		data []byte
		want string // the end of the error; "": any
	}{
		{"cut off", whole[:len(whole)/2], ""}, {"flipped bit", flipped, other}, {"another chunk", another, place}, {"empty", nil, other}, {"garbage behind", append(bytes.Clone(whole), 0), io.ErrUnexpectedEOF.Error()},
		{"no such list", stored(func(b *block, h *header) { h.list = 1 }), place},
		{"a tag", stored(func(b *block, h *header) { b.tags, h.tags = []byte("\x01x"), 2 }), octets},
		{"no rank", stored(func(b *block, h *header) { h.first = 0 }), octets},
		{"ranks fall", stored(func(b *block, h *header) { h.first, h.last = 3, 1 }), octets},
		{"too many names for the ranks", stored(func(b *block, h *header) { h.last = 1 }), octets},
		{"rank of another part", stored(func(b *block, h *header) { h.last, b.gaps[0] = 65, 64 }), place},
		{"rank out of range", stored(func(b *block, h *header) { h.last = -1 << 63 }), octets},
		{"all ranks", stored(func(b *block, h *header) { h.last = 1<<63 - 1 }), place},
		{"no gap where there is one", stored(func(b *block, h *header) { b.gaps, h.gaps = nil, 0 }), octets},
		{"gap where there is none", stored(func(b *block, h *header) { h.last, b.gaps[0] = 2, 1 }), octets},
		{"gap of nothing", stored(func(b *block, h *header) { b.gaps[0] = 0 }), octets},
		{"gap too small", stored(func(b *block, h *header) { b.gaps[0] = 1 }), octets},
		{"gap too large", stored(func(b *block, h *header) { b.gaps[0] = 3 }), octets},
		{"gap that does not end", stored(func(b *block, h *header) { b.gaps[0] = 0x80 }), octets},
		{"one gap more", stored(func(b *block, h *header) { b.gaps, h.gaps = []byte{2, 1}, 2 }), octets},
		{"rank of the list that does not end", stored(func(b *block, h *header) { b.listRanks, h.listRanks = []byte{2, 0x80}, 2 }), octets},
		{"name too long", stored(func(b *block, h *header) { b.sizes[1]++ }), octets},
		{"name too short", stored(func(b *block, h *header) { b.sizes[1]-- }), octets},
		{"no name", stored(func(b *block, h *header) { *b, h.names, h.text = block{gaps: b.gaps}, 0, 0 }), octets},
		{"block too large", stored(func(b *block, h *header) { h.text = maxBlock + 1 }), octets},
		{"columns too large", stored(func(b *block, h *header) { h.text = maxBlock }), octets},
		{"cut off in the header", whole[:headerSize-1], io.ErrUnexpectedEOF.Error()}, {"cut off behind the header", whole[:headerSize], io.ErrUnexpectedEOF.Error()},
		{"block twice", append(bytes.Clone(whole), whole...), place},
		{"other names", stored(func(*block, *header) {}), other},
	}
	for _, tt := range tests {
		if err := os.WriteFile(path(0), tt.data, 0o600); err != nil {
			t.Fatal(err)
		}
		var last error
		for _, err := range p.Chunk(0) {
			last = err
		}
		if last == nil || !strings.HasPrefix(last.Error(), path(0)+": damaged chunk: ") ||
			!strings.HasSuffix(last.Error(), tt.want) {
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

// A plan that was changed, or does not add up, is refused.
func TestDamagedPlan(t *testing.T) {
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{writeList(t, "list", "a.com\nb.com\n")}}}
	if _, err := Prepare(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Dir, PlanFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ from, to, want string }{
		{`"version": 5`, `"version": 1`, "plan of version 1, this program has version 5"},
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
		for _, unsealed := range []bool{false, true} { // as an older program wrote it
			want := tt.want
			if unsealed {
				damaged = strings.Replace(damaged, `"checksum"`, `"Checksum "`, 1)
			} else if want = durable.ErrSeal.Error(); tt.to == "" {
				continue
			}
			if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadPlan(cfg.Dir)
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", tt.to, err, want)
			}
			another := strings.HasPrefix(want, "plan of version")
			if errors.Is(err, ErrDamagedPlan) == another || errors.Is(err, ErrOtherProgram) != another {
				t.Errorf("%s: %v", tt.to, err)
			}
		}
	}
}
