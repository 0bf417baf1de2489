package resolver

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The wheel gives each item when it is due, and none that was taken out.
func TestWheel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n, timeout = 2000, time.Second
	w := newWheel(timeout)
	items := make([]item, n)
	due := make(map[uint32]time.Duration)
	now := time.Duration(0)
	for range 20_000 {
		switch i := uint32(random.IntN(n)); {
		case random.IntN(4) == 0:
			now += time.Duration(random.Int64N(int64(timeout / 10)))
			for k := w.pop(items, now); k != nowhere; k = w.pop(items, now) {
				if d, ok := due[k]; !ok || d > now {
					t.Fatalf("item %d at %v, due at %v, in it %v", k, now, d, ok)
				}
				delete(due, k)
			}
			for k, d := range due {
				if d+w.tick < now {
					t.Fatalf("item %d was due at %v, and it is %v", k, d, now)
				}
			}
		case due[i] != 0:
			w.remove(items, i)
			delete(due, i)
		default:
			due[i] = now + 1 + time.Duration(random.Int64N(int64(timeout)))
			w.push(items, i, now, due[i])
		}
		if w.n != len(due) {
			t.Fatalf("%d items, want %d", w.n, len(due))
		}
	}
}
