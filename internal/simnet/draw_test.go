package simnet

import (
	"math"
	"testing"
)

// within reports whether k successes of n are within five standard deviations of what probability p lets expect
// (and half a success for rounding).
func within(k, n int, p float64) bool {
	sigma := math.Sqrt(float64(n) * p * (1 - p))
	return math.Abs(float64(k)-float64(n)*p) <= 5*sigma+0.5
}

// A tally counts how often something was so, of how many times it could be.
type tally struct{ hits, of int }

func (c *tally) add(hit bool) {
	c.of++
	c.hits += btoi(hit)
}

func (c tally) check(t *testing.T, what string, want float64) {
	t.Helper()
	if c.of == 0 || !within(c.hits, c.of, want) {
		t.Errorf("%s: %d of %d = %.4f %%, want %.4f %%", what, c.hits, c.of, 100*float64(c.hits)/float64(c.of), 100*want)
	}
}

func TestDrawStreamsAreIndependent(t *testing.T) {
	const n = 30_000
	low := [2]int{}
	both, neighbours := 0, 0
	for i := range n {
		d := drawFor(7, testName(i))
		a, b := d.unit(forStory) < 0.5, d.unit(forOperator) < 0.5
		if a {
			low[0]++
		}
		if b {
			low[1]++
		}
		if a && b {
			both++
		}
		if a && drawFor(8, testName(i)).unit(forStory) < 0.5 {
			neighbours++
		}
	}
	if !within(low[0], n, 0.5) || !within(low[1], n, 0.5) {
		t.Errorf("halves: %v of %d", low, n)
	}
	if !within(both, n, 0.25) {
		t.Errorf("two purposes agree in %d of %d", both, n)
	}
	if !within(neighbours, n, 0.25) {
		t.Errorf("two seeds agree in %d of %d", neighbours, n)
	}
}

func TestWheel(t *testing.T) {
	w := newWheel(1, 0, 3)
	for _, test := range []struct {
		unit float64
		want int
	}{
		{0, 0},
		{0.2499, 0},
		{0.25, 2}, // a weight of zero is never drawn
		{0.9999, 2},
	} {
		if got := w.at(test.unit); got != test.want {
			t.Errorf("at(%v) = %d, want %d", test.unit, got, test.want)
		}
	}
}

func TestExponentialMean(t *testing.T) {
	const n = 30_000
	sum := 0.0
	for i := range n {
		sum += drawFor(1, testName(i)).exponential(forEnforcing, 30)
	}
	if mean := sum / n; math.Abs(mean-30) > 5*30/math.Sqrt(n) {
		t.Errorf("mean %v, want 30", mean)
	}
}
