package duplicates

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// finder has its files in dir.
func finder(dir string, budget int64) *Finder { return NewFinder(filepath.Join(dir, "x-"), budget) }

// With any budget, exactly the names that were there before are marked.
func TestFinder(t *testing.T) {
	const ranks = 4000
	r := rand.New(rand.NewPCG(1, 2))
	names, values := make([]string, ranks+1), make([]string, ranks+1)
	repeated := make([]bool, ranks+1)
	firsts := make(map[string]int64)  // by name
	others := make(map[[2]int64]bool) // pairs of ranks with other values
	for rank := 1; rank <= ranks; rank++ {
		name := fmt.Sprintf("n%d.com", r.IntN(ranks/2))
		switch rank % 5 {
		case 0: // entries that are no names use up ranks
			continue
		case 1: // one name very often: its partition grows, its set does not
			name = "often.com"
		}
		names[rank], values[rank] = name, []string{"", "x", "y", "y", "z"}[r.IntN(5)]
		first := firsts[name]
		if repeated[rank] = first > 0; !repeated[rank] {
			firsts[name] = int64(rank)
		} else if values[rank] != "" && values[rank] != values[first] {
			others[[2]int64{int64(rank), first}] = true
		}
	}
	for _, budget := range []int64{64 << 20, 40 << 10, 4 << 10, 600} {
		dir := t.TempDir()
		f := finder(dir, budget)
		for rank, name := range names {
			if name == "" {
				continue
			}
			if err := f.Add(int64(rank), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		spilled := f.candidates.partitions.spilled()
		got := make(map[[2]int64]bool)
		other := func(rank, first int64) error { got[[2]int64{rank, first}] = true; return nil }
		found, err := f.Find(t.Context(), ranks, func(candidates Bitmap, add func(int64, []byte, []byte) error) error {
			for rank, name := range names {
				if !candidates.Has(int64(rank)) {
					if repeated[rank] {
						t.Fatalf("budget %d: rank %d (%s) is no candidate", budget, rank, name)
					}
					continue
				}
				if name == "" {
					t.Fatalf("budget %d: rank %d, which has no name, is a candidate", budget, rank)
				}
				if err := add(int64(rank), []byte(name), []byte(values[rank])); err != nil {
					return err
				}
			}
			if want := budget < 64<<20; spilled != want || f.comparison.partitions.spilled() != want {
				t.Errorf("budget %d: spilled %t, %t", budget, spilled, f.comparison.partitions.spilled())
			}
			return nil
		}, other)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, others) {
			t.Errorf("budget %d: %d with other values, want %d", budget, len(got), len(others))
		}
		for rank, want := range repeated {
			if found.Has(int64(rank)) != want {
				t.Fatalf("budget %d: rank %d (%s) marked %t", budget, rank, names[rank], !want)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("budget %d: left behind: %v", budget, left)
		}
	}
}

// spilled says whether a partition went to the disk.
func (s *partitions) spilled() bool {
	return slices.ContainsFunc(s.list[:], func(p partition) bool { return len(p.extents) > 0 })
}

// Candidates are counted exactly, so that none means none.
func TestCandidatesAreCounted(t *testing.T) {
	for _, tt := range []struct {
		names string
		want  int64
	}{{"", 0}, {"a b c", 0}, {"a b a", 2}, {"a a a", 3}, {"a b a b c", 4}} {
		f := finder(t.TempDir(), 1<<20)
		names := strings.Fields(tt.names)
		for i, name := range names {
			if err := f.Add(int64(i+1), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := f.candidates.mark(t.Context(), newBitmap(int64(len(names)))); err != nil || n != tt.want {
			t.Errorf("%q: %d candidates, %v", tt.names, n, err)
		}
	}
}

// Where there are no candidates the names are not asked for, and an error of theirs ends the search.
func TestFindEnds(t *testing.T) {
	broken := errors.New("broken")
	asked := 0
	all := func(_ Bitmap, add func(int64, []byte, []byte) error) error {
		return errors.Join(add(1, []byte("a"), []byte("x")), add(2, []byte("a"), []byte("y")))
	}
	f := finder(t.TempDir(), 1)
	if err := errors.Join(f.Add(1, []byte("a")), f.Add(2, []byte("a"))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find(t.Context(), 2, all, func(int64, int64) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("other: %v", err)
	}
	for _, names := range [][]string{{"a", "b"}, {"a", "a"}} {
		f := finder(t.TempDir(), 1)
		for i, name := range names {
			if err := f.Add(int64(i+1), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		found, err := f.Find(t.Context(), 2, func(Bitmap, func(int64, []byte, []byte) error) error {
			asked++
			return broken
		}, nil)
		if found != nil || names[0] == names[1] != errors.Is(err, broken) {
			t.Errorf("%q: %v, %v", names, found, err)
		}
		if err := errors.Join(f.Close(), f.Close()); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked for the names %d times", asked)
	}
}

// Candidates are as few as hashes allow: names that are there once are none.
func TestFewCandidates(t *testing.T) {
	const ranks = 200_000
	s := &finder(t.TempDir(), 64<<20).candidates
	for rank := int64(1); rank <= ranks; rank++ {
		if err := s.add(rank, fmt.Appendf(nil, "n%d.com", rank)); err != nil {
			t.Fatal(err)
		}
	}
	// 2*10^10 pairs, 2^41 hashes: one pair of candidates in a hundred runs.
	if n, err := s.mark(t.Context(), newBitmap(ranks)); err != nil || n > 4 {
		t.Errorf("%d candidates, %v", n, err)
	}
}

// Any number of entries may be no names in between.
func TestGap(t *testing.T) {
	s := &finder(t.TempDir(), 64<<20).candidates
	ranks := []int64{1, 2 + math.MaxUint32, 4 + 3*math.MaxUint32}
	for _, rank := range ranks {
		if err := s.add(rank, []byte("a.com")); err != nil {
			t.Fatal(err)
		}
	}
	var got []int64
	for i := range s.partitions.list {
		rank := int64(0)
		for records := s.partitions.list[i].buf; len(records) > 0; records = records[recordSize:] {
			record := binary.LittleEndian.Uint64(records)
			if rank += int64(record >> 32); uint32(record) != 0 {
				got = append(got, rank)
			}
		}
	}
	if !slices.Equal(got, ranks) {
		t.Errorf("ranks %d, want %d", got, ranks)
	}
}

// Partitions that lost some of their file are not taken for smaller ones, nor are names that are something else.
func TestDamagedPartition(t *testing.T) {
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
		f := finder(t.TempDir(), 1)
		first, second := &f.candidates, &f.comparison
		for rank := range int64(3) {
			name := []byte("same.com")
			if err := errors.Join(first.add(rank+1, name), second.add(rank+1, name, nil)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(do(first.partitions.file, first.partitions.end),
			do(second.partitions.file, second.partitions.end)); err != nil {
			t.Fatal(err)
		}
		wrong := func(err error, path string) bool {
			return (err != nil) != (name != "nothing") || err != nil && !strings.HasPrefix(err.Error(), path+": ")
		}
		// A hash that is another one goes unseen: nothing is known of it.
		_, err := first.mark(t.Context(), newBitmap(3))
		if (name == "nothing" || name == "cut off") && wrong(err, first.partitions.path) {
			t.Errorf("hashes, %s: %v", name, err)
		}
		if err := second.clear(t.Context(), newBitmap(3)); wrong(err, second.partitions.path) {
			t.Errorf("names, %s: %v", name, err)
		}
		if err := errors.Join(f.Close(), f.Close()); err != nil {
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
	}{{0, 129, false}, {131, 400, false}, {130, 130, true}, {0, 400, true}, {128, 191, true}, {100, 130, true},
		{130, 200, true}, {64, 127, false}, {131, 191, false}, {0, 63, false}} {
		if got := b.HasAny(tt.first, tt.last); got != tt.want {
			t.Errorf("%d to %d: %t", tt.first, tt.last, got)
		}
	}
	if b.clear(130); b.HasAny(0, 400) {
		t.Error("cleared, and still there")
	}
}

// Names whose hashes collide are told apart by themselves.
func TestNameSet(t *testing.T) {
	s := newNameSet(2)
	for round := range 2 {
		for i := range 1000 {
			name, note := fmt.Appendf(nil, "n%d.com", i), []byte{byte(i), byte(i >> 8)}
			has, isNew := s.add(uint64(i%7)<<32, name, note)
			if isNew != (round == 0) || !isNew && !bytes.Equal(has, note) {
				t.Fatalf("round %d: %s is new: %t, with %x", round, name, isNew, has)
			}
		}
	}
}
