package domains

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// With any budget, exactly the names that were there before are marked.
func TestRepeatFinder(t *testing.T) {
	const ranks = 4000
	r := rand.New(rand.NewPCG(1, 2))
	names := make([]string, ranks+1)
	repeated := make([]bool, ranks+1)
	seen := make(map[string]bool)
	for rank := 1; rank <= ranks; rank++ {
		name := fmt.Sprintf("n%d.com", r.IntN(ranks/2))
		switch rank % 5 {
		case 0: // entries that are no names use up ranks
			continue
		case 1: // one name very often: its heap grows, its set does not
			name = "often.com"
		}
		names[rank], repeated[rank] = name, seen[name]
		seen[name] = true
	}
	for _, budget := range []int64{64 << 20, 40 << 10, 4 << 10, 600} {
		dir := t.TempDir()
		first, second := newSuspects(dir, budget), newRepeatFinder(dir, budget)
		for rank, name := range names {
			if name == "" {
				continue
			}
			if err := first.add(int64(rank), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		marks := newBitmap(ranks)
		spilled := first.spilled()
		n, err := first.mark(t.Context(), marks)
		if err != nil {
			t.Fatal(err)
		}
		for rank, name := range names {
			if !marks.has(int64(rank)) {
				if repeated[rank] {
					t.Fatalf("budget %d: rank %d (%s) is no suspect", budget, rank, name)
				}
				continue
			}
			if n--; name == "" {
				t.Fatalf("budget %d: rank %d, which has no name, is a suspect", budget, rank)
			}
			if err := second.add(int64(rank), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		if n != 0 {
			t.Errorf("budget %d: %d suspects too many are counted", budget, n)
		}
		if want := budget < 64<<20; spilled != want || second.spilled() != want {
			t.Errorf("budget %d: spilled %t, %t", budget, spilled, second.spilled())
		}
		if err := second.clear(t.Context(), marks); err != nil {
			t.Fatal(err)
		}
		for rank, want := range repeated {
			if marks.has(int64(rank)) != want {
				t.Fatalf("budget %d: rank %d (%s) marked %t", budget, rank, names[rank], !want)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("budget %d: left behind: %v", budget, left)
		}
	}
}

// spilled says whether a heap went to the disk.
func (s *heaps) spilled() bool {
	return slices.ContainsFunc(s.heap[:], func(h heap) bool { return len(h.pieces) > 0 })
}

// Suspects are as few as hashes allow: names that are there once are none.
func TestFewSuspects(t *testing.T) {
	const ranks = 200_000
	s := newSuspects(t.TempDir(), defaultMemoryBudget)
	for rank := int64(1); rank <= ranks; rank++ {
		if err := s.add(rank, fmt.Appendf(nil, "n%d.com", rank)); err != nil {
			t.Fatal(err)
		}
	}
	// 2*10^10 pairs, 2^41 hashes: one pair of suspects in a hundred runs.
	if n, err := s.mark(t.Context(), newBitmap(ranks)); err != nil || n > 4 {
		t.Errorf("%d suspects, %v", n, err)
	}
}

// Any number of entries may be no names in between.
func TestGap(t *testing.T) {
	s := newSuspects(t.TempDir(), defaultMemoryBudget)
	ranks := []int64{1, 2 + math.MaxUint32, 4 + 3*math.MaxUint32}
	for _, rank := range ranks {
		if err := s.add(rank, []byte("a.com")); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	for i := range s.heap {
		rank := int64(0)
		for piece := s.heap[i].buf; len(piece) > 0; piece = piece[suspectSize:] {
			record := binary.LittleEndian.Uint64(piece)
			if rank += int64(record >> 32); uint32(record) != 0 {
				got = append(got, rank)
			}
		}
	}
	if !slices.Equal(got, ranks) {
		t.Errorf("ranks %d, want %d", got, ranks)
	}
}

// Heaps that lost some of their file are not taken for smaller ones, nor are
// names that are something else.
func TestDamagedHeap(t *testing.T) {
	damage := map[string]func(file *os.File, end int64) error{
		"nothing":  func(*os.File, int64) error { return nil },
		"cut off":  func(f *os.File, end int64) error { return f.Truncate(end - 1) },
		"a length": func(f *os.File, end int64) error { _, err := f.WriteAt([]byte{9}, 1); return err },
		"a rank":   func(f *os.File, end int64) error { _, err := f.WriteAt([]byte("\xff\x7f\x07"), 0); return err },
		"a record of nothing but a number": func(f *os.File, end int64) error {
			_, err := f.WriteAt([]byte("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 0)
			return err
		},
		"a number": func(f *os.File, end int64) error {
			_, err := f.WriteAt([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 0)
			return err
		},
	}
	for name, do := range damage {
		first, second := newSuspects(t.TempDir(), 1), newRepeatFinder(t.TempDir(), 1)
		for rank := range int64(3) {
			if err := errors.Join(first.add(rank+1, []byte("same.com")), second.add(rank+1, []byte("same.com"))); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(do(first.file, first.end), do(second.file, second.end)); err != nil {
			t.Fatal(err)
		}
		wrong := func(err error, path string) bool {
			return (err != nil) != (name != "nothing") || err != nil && !strings.HasPrefix(err.Error(), path+": ")
		}
		// A hash that is another one goes unseen: nothing is known of it.
		_, err := first.mark(t.Context(), newBitmap(3))
		if (name == "nothing" || name == "cut off") && wrong(err, first.path) {
			t.Errorf("hashes, %s: %v", name, err)
		}
		if err := second.clear(t.Context(), newBitmap(3)); wrong(err, second.path) {
			t.Errorf("names, %s: %v", name, err)
		}
		if err := errors.Join(first.close(), second.close(), first.close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A table that was made too small grows.
func TestHashTable(t *testing.T) {
	table := newHashTable(0)
	for i := range uint32(1000) {
		if table.add(i << 20) {
			t.Fatalf("hash %d is not new", i)
		}
	}
	for i := range uint32(500) {
		if !table.add(i << 21) {
			t.Fatalf("hash %d is new", 2*i)
		}
	}
	for i := range uint32(1000) {
		if table.twice(i<<20) != (i%2 == 0) {
			t.Fatalf("hash %d came twice: %t", i, i%2 != 0)
		}
	}
}

func TestBitmap(t *testing.T) {
	b := newBitmap(400)
	b.set(130)
	for _, tt := range []struct {
		first, last int64
		want        bool
	}{{0, 129, false}, {131, 400, false}, {130, 130, true}, {0, 400, true}, {128, 191, true}, {100, 130, true}, {130, 200, true}, {64, 127, false}, {131, 191, false}, {0, 63, false}} {
		if got := b.hasAny(tt.first, tt.last); got != tt.want {
			t.Errorf("%d to %d: %t", tt.first, tt.last, got)
		}
	}
	if b.clear(130); b.hasAny(0, 400) {
		t.Error("cleared, and still there")
	}
}

// Names whose hashes collide are told apart by themselves.
func TestNameSet(t *testing.T) {
	s := newNameSet()
	for round := range 2 {
		for i := range 1000 {
			name := fmt.Appendf(nil, "n%d.com", i)
			if got := s.add(uint64(i%7)<<32, name); got != (round == 0) {
				t.Fatalf("round %d: %s is new: %t", round, name, got)
			}
		}
	}
}
