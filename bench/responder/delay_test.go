package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// Latencies have the requested median and spread, and no reply is lost.
func TestDelays(t *testing.T) {
	const n = 20_000
	source := rand.NewPCG(1, 0)
	d := newDelays(50*time.Millisecond, 0.6, rand.New(source), 0)
	for i := range n {
		d.hold(fmt.Append(nil, i), netip.AddrPort{}, source.Uint64())
	}
	seen := make(map[string]bool)
	var waits []float64
	for now := time.Duration(0); now < places*tick; now += 500 * time.Microsecond {
		d.due(now, func(b []byte, _ netip.AddrPort) {
			seen[string(b)] = true
			waits = append(waits, float64(now)/float64(time.Millisecond))
		})
	}
	if len(seen) != n || len(waits) != n || d.held != 0 {
		t.Fatalf("%d replies of %d, %d times, %d held", len(seen), n, len(waits), d.held)
	}
	slices.Sort(waits)
	at := func(share float64) float64 { return waits[int(share*n)] }
	for share, z := range map[float64]float64{0.5: 0, 0.1587: -1, 0.8413: 1, 0.9772: 2} {
		if want := 50 * math.Exp(0.6*z); math.Abs(at(share)/want-1) > 0.06 {
			t.Errorf("the quantile %.3f is %.1f ms, want about %.1f", share, at(share), want)
		}
	}
	slots := len(d.slots)
	for range n {
		d.hold([]byte("again"), netip.AddrPort{}, 0)
	}
	if len(d.slots) != slots {
		t.Errorf("%d slots for %d replies", len(d.slots), n)
	}
}
