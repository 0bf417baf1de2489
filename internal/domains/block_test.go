package domains

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// entry is a name in a block, as the tests print it.
func (c *cursor) entry() string {
	return fmt.Sprintf("%d %d %s %q", c.rank, c.listRank, c.names[c.begin:c.end], c.nameTags)
}

// errFall is what no octets may lead to.
var errFall = errors.New("ranks that fall, or are not of the block")

// readBlocks reads blocks to their end.
func readBlocks(data []byte, width int) (entries []string, err error) {
	r := newBlockReader(bytes.NewReader(data))
	var c cursor
	for {
		if err := r.header(); err == io.EOF {
			return entries, nil
		} else if err != nil {
			return entries, err
		}
		if err := r.read(); err != nil {
			return entries, err
		}
		c.reset(r.h, r.columns, width)
		for rank := r.h.first - 1; ; rank = c.rank {
			if err := c.next(); err == io.EOF {
				break
			} else if err != nil {
				return entries, err
			}
			if c.rank <= rank || c.rank > r.h.last {
				return entries, errFall
			}
			entries = append(entries, c.entry())
		}
	}
}

// What was added to blocks comes out of them.
func TestBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 3).Draw(t, "tags")
		gap := rapid.Int64Range(1, rapid.SampledFrom([]int64{1, 2, 1 << 40}).Draw(t, "gap"))
		place := rapid.Int64Range(0, rapid.SampledFrom([]int64{0, 10, 1 << 52}).Draw(t, "place"))
		var b block
		var data []byte
		var want []string
		rank := int64(0)
		for range rapid.IntRange(1, 3).Draw(t, "blocks") {
			b.reset(0)
			for range rapid.IntRange(1, 10).Draw(t, "names") {
				rank += gap.Draw(t, "gap")
				at := place.Draw(t, "place")
				name := rapid.SliceOfN(rapid.Byte(), 0, 255).Draw(t, "name")
				b.add(rank, at, name)
				own := len(b.tags)
				b.addTags(rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 200), 0, 3).Draw(t, "tags"), width)
				want = append(want, fmt.Sprintf("%d %d %s %q", rank, at, name, b.tags[own:]))
			}
			data = b.appendTo(data)
		}
		got, err := readBlocks(data, width)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v\n got %q\nwant %q", err, got, want)
		}
	})
}

// An impossible header is refused by itself, since others compute with its numbers.
func TestHeader(t *testing.T) {
	for name, change := range map[string]func(h *header){
		"":                      func(*header) {},
		"no names":              func(h *header) { h.names, h.gaps = 0, 1 },
		"no rank":               func(h *header) { h.first, h.gaps = 0, 1 },
		"rank below zero":       func(h *header) { h.first, h.last, h.gaps = -9, -8, 1 },
		"ranks fall":            func(h *header) { h.last = 4 },
		"ranks fall far":        func(h *header) { h.last, h.gaps = math.MinInt64, 1 },
		"more names than ranks": func(h *header) { h.names, h.gaps = 11, 1 },
		"gaps without a gap":    func(h *header) { h.gaps = 1 },
		"a gap without gaps":    func(h *header) { h.names = 9 },
		"a long column":         func(h *header) { h.text = maxBlock + 1 },
		"long columns":          func(h *header) { h.text, h.tags = maxBlock/2, maxBlock/2 },
		"a distant list":        func(h *header) { h.list = maxBlock + 1 },
	} {
		h := header{names: 10, text: 50, first: 5, last: 14}
		change(&h)
		var got header
		err := got.parse(h.appendTo(nil))
		if (err != nil) != (name != "") {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && got != h {
			t.Errorf("%+v is read as %+v", h, got)
		}
	}
}

// A cursor stops at the first impossible octet, even if later ones make up for it.
func TestCursor(t *testing.T) {
	huge := binary.AppendUvarint(nil, math.MaxUint64-1) // one step back, if it were a number with a sign
	for name, tt := range map[string]struct {
		gaps, tags []byte
		want       int // names before the error
	}{
		"a gap of nothing":    {gaps: []byte{0, 3}, want: 1},
		"a gap too large":     {gaps: append([]byte{5}, huge...), want: 1},
		"a gap back":          {gaps: append([]byte{2}, huge...), want: 2},
		"tags missing":        {gaps: []byte{1, 2}, tags: []byte("\x01x\x00"), want: 2},
		"a tag that is short": {gaps: []byte{1, 2}, tags: []byte("\x01x\x00\x02x"), want: 2},
		"a tag without end":   {gaps: []byte{1, 2}, tags: []byte("\x80"), want: 0},
	} {
		b := block{first: 1, last: 4, sizes: []byte{1, 1, 1}, text: []byte("abc"), gaps: tt.gaps, tags: tt.tags}
		got, err := readBlocks(b.appendTo(nil), min(len(tt.tags), 1))
		if err != errBlock || len(got) != tt.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A list without gaps and list ranks has a length and a name for each entry.
func TestBlockIsSmall(t *testing.T) {
	var b block
	b.reset(0)
	for i := range int64(100) {
		b.add(i+5, 0, []byte("example.com"))
	}
	if n := len(b.appendTo(nil)); n != headerSize+100*12 {
		t.Errorf("%d octets", n)
	}
}

// Tags are valid UTF-8 without white space around it; missing ones are empty.
func TestBlockTags(t *testing.T) {
	var b block
	b.addTags([][]byte{[]byte(" a\tb\n"), []byte("\xffx")}, 3)
	if want := "\x03a\tb\x04\uFFFDx\x00"; string(b.tags) != want {
		t.Errorf("%q, want %q", b.tags, want)
	}
}

// FuzzBlock: no octets make the reader of a chunk panic, or its ranks fall.
func FuzzBlock(f *testing.F) {
	var b block
	b.reset(0)
	b.add(1, 0, []byte("a.com"))
	f.Add(b.appendTo(nil), uint8(0))
	b.add(9, 7, []byte("b.com"))
	f.Add(b.appendTo(nil), uint8(0))
	b.addTags([][]byte{[]byte("x"), []byte("y")}, 4)
	f.Add(b.appendTo(nil), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, width uint8) {
		entries, err := readBlocks(data, int(width%4))
		if err == errFall || len(entries) > len(data) {
			t.Fatalf("%d names in %d octets, %v", len(entries), len(data), err)
		}
	})
}

// BenchmarkChunk measures the reading of a name of a prepared list.
func BenchmarkChunk(b *testing.B) {
	const n = 1_000_000
	p, err := Prepare(b.Context(), PrepareConfig{Dir: b.TempDir(), Lists: []List{{"-"}}, Stdin: &generated{n: n},
		Disk: quick()})
	if err != nil {
		b.Fatal(err)
	}
	into := make([]Name, 1024)
	b.ReportAllocs()
	for b.Loop() {
		total := 0
		for k := range p.Parts {
			c, err := p.Open(k)
			if err != nil {
				b.Fatal(err)
			}
			got := 0
			for err == nil {
				got, err = c.Next(into)
				total += got
			}
			if err != io.EOF {
				b.Fatal(err)
			}
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		}
		if total != n {
			b.Fatal(total)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/name")
}
