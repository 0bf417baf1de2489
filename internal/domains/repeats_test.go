package domains

import (
	"fmt"
	"math/rand/v2"
	"os"
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
	for _, budget := range []int64{64 << 20, 16 << 10, 2 << 10, 600} {
		dir := t.TempDir()
		f := newRepeatFinder(dir, budget)
		spilled := false
		for rank, name := range names {
			if name == "" {
				continue
			}
			if err := f.add(int64(rank), []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range f.heaps {
			spilled = spilled || h.spilled > 0
		}
		if spilled != (budget < 64<<20) {
			t.Errorf("budget %d: spilled %t", budget, spilled)
		}
		marks := newBitmap(ranks)
		if err := f.mark(t.Context(), marks); err != nil {
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

// A heap that lost its end on disk is not taken for a short one.
func TestHeapCutOff(t *testing.T) {
	for _, cut := range []int64{1, 5, 10} {
		f := newRepeatFinder(t.TempDir(), 1)
		p := -1
		for rank := range int64(3) {
			if err := f.add(rank+1, []byte("same.com")); err != nil {
				t.Fatal(err)
			}
		}
		for i, h := range f.heaps {
			if h.spilled > 0 {
				p = i
			}
		}
		if err := os.Truncate(f.path(p), f.heaps[p].spilled-cut); err != nil {
			t.Fatal(err)
		}
		if err := f.mark(t.Context(), newBitmap(3)); err == nil {
			t.Errorf("%d octets short: no error", cut)
		}
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
