package forgery

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// The table says what a map says, whatever is taken and released, and after it has grown.
func TestIDsEqualMap(t *testing.T) {
	for _, tt := range []struct {
		ports, ids, room int // keys are drawn from ports and ids; room is what there is at first
	}{
		{1, 20, 8},
		{1, 1 << 16, 100},
		{3, 50, 1},
		{4, 1 << 16, 2000},
		{1 << 16, 1 << 16, 0},
		{1 << 16, 2, 5000},
	} {
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			type key struct{ port, id uint16 }
			random := rand.New(rand.NewPCG(uint64(tt.ports), uint64(tt.ids)))
			draw := func() key { return key{uint16(random.IntN(tt.ports)), uint16(random.IntN(tt.ids))} }
			table, want := NewIDs(tt.room), make(map[key]uint32)
			for step := range 100_000 {
				k := draw()
				if step%10 != 0 { // else it is most likely not taken
					for held := range want {
						k = held
						break
					}
				}
				holder, held := want[k]
				if !held {
					holder = Free
				}
				if got := table.Holder(k.port, k.id); got != holder {
					t.Fatalf("step %d: %v is held by %d, want %d", step, k, got, holder)
				}
				next := random.Uint32N(Free)
				switch most := 1 + step%4000; {
				case held && len(want) > most:
					table.Release(k.port, k.id)
					delete(want, k)
				default:
					if k = draw(); step%3 == 0 {
						next = Free - 1
					}
					_, held = want[k]
					if took := table.Take(k.port, k.id, next); took == held {
						t.Fatalf("step %d: %v was taken: %v, and is given: %v", step, k, held, took)
					}
					if !held {
						want[k] = next
					}
				}
				if table.taken != len(want) {
					t.Fatalf("step %d: %d are taken, want %d", step, table.taken, len(want))
				}
				if step%1000 != 0 {
					continue
				}
				for k, holder := range want {
					if got := table.Holder(k.port, k.id); got != holder {
						t.Fatalf("step %d: %v is held by %d, want %d", step, k, got, holder)
					}
				}
			}
		})
	}
}

// A table is as large as what it is made for, 64 octets an id at most, and takes that much without another
// allocation.
func TestIDsRoom(t *testing.T) {
	for _, n := range []int{0, 1, 8, 9, 1000, 4096, 10_000, 1 << 16} {
		table := NewIDs(n)
		size := len(table.entries)
		if octets := size * int(unsafe.Sizeof(table.entries[0])); octets > max(64*n, 128) {
			t.Errorf("%d octets for %d ids", octets, n)
		}
		for i := range n {
			if !table.Take(uint16(i%7), uint16(i), uint32(i)) {
				t.Fatalf("id %d of %d is taken", i, n)
			}
		}
		if len(table.entries) != size {
			t.Errorf("a table for %d grew from %d to %d entries", n, size, len(table.entries))
		}
	}
}

func BenchmarkIDs(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			const ports = 32
			keys := make([]uint32, n)
			table := NewIDs(n)
			random := rand.New(rand.NewPCG(1, 2))
			take := func(i int) {
				for {
					keys[i] = random.Uint32N(ports << 16)
					if table.Take(uint16(keys[i]>>16), uint16(keys[i]), uint32(i)) {
						return
					}
				}
			}
			for i := range keys {
				take(i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				port, id := uint16(keys[i]>>16), uint16(keys[i])
				if table.Holder(port, id) != uint32(i) {
					b.Fatal("another's")
				}
				table.Release(port, id)
				take(i)
				if i++; i == n {
					i = 0
				}
			}
		})
	}
}
