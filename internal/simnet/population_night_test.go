package simnet

import (
	"math"
	"reflect"
	"testing"

	"stsscan/internal/codes"
)

// TestNightsAreAlmostEqual: from one night to the next few domains change, and those by the documented rates.
func TestNightsAreAlmostEqual(t *testing.T) {
	const n = 4000
	for _, model := range Models() {
		a, b := testPopulation(t, model, 100), testPopulation(t, model, 101)
		bearing, changed := 0, 0
		for i := range n {
			x, _ := a.truth(testName(i), 0)
			y, _ := b.truth(testName(i), 0)
			bearing += btoi(a.fateOf(testName(i)).bears)
			changed += btoi(!reflect.DeepEqual(x, y))
		}
		// Adopted, abandoned, changed and enforced: 0.105 a month at most.
		if most := float64(bearing) * 0.105 / nightsPerMonth; float64(changed) > most+5*math.Sqrt(most)+1 {
			t.Errorf("%s: %d of %d domains with a record changed in a night, more than %.0f", model, changed, bearing, most)
		}
		if model == modelErrors && changed == 0 {
			t.Errorf("nothing changed in a night")
		}
	}
}

// TestYear: adoption grows by 3 % a month less what is given up, and half a per cent of the adopters a month
// give up.
func TestYear(t *testing.T) {
	base, later := testPopulation(t, modelTop, 0), testPopulation(t, modelTop, 360)
	base.rankOf = func(string) int64 { return 1 }
	later.rankOf = base.rankOf
	var before, after int
	var kept tally
	for i := range sampleSize / 5 {
		was, is := base.fateOf(testName(i)).bears, later.fateOf(testName(i)).bears
		before += btoi(was)
		after += btoi(is)
		if was {
			kept.add(is)
		}
	}
	kept.check(t, "kept after a year", math.Exp(-12*abandonedMonthly))
	// A rough bound, for the adopters of the year give up too.
	growth := float64(after) / float64(before)
	if growth < 1.25 || growth > 1.45 {
		t.Errorf("%d domains became %d in a year: %.2f", before, after, growth)
	}
}

func TestRevisions(t *testing.T) {
	d := drawFor(1, "a.com")
	last := revision{}
	changes := 0
	for night := range 6000 {
		p := population{night: night}
		r := p.revisionOf(d)
		if r.id < last.id || r.text < last.text || r.id > last.id+1 || r.text > last.text+1 {
			t.Fatalf("night %d: %+v after %+v", night, r, last)
		}
		changes += btoi(r != last)
		last = r
	}
	if changes != 10 { // one in 600 nights
		t.Errorf("%d changes in 6000 nights", changes)
	}
}

// TestModesMoveOneWay: from testing to enforce, and nothing else.
func TestModesMoveOneWay(t *testing.T) {
	base, later := testPopulation(t, modelErrors, 0), testPopulation(t, modelErrors, 360)
	moved := tally{}
	for i := range 8000 {
		x, _ := base.truth(testName(i), 0)
		y, _ := later.truth(testName(i), 0)
		if x.Policy != codes.PolicyValid || y.Policy != codes.PolicyValid {
			continue
		}
		switch {
		case x.Mode == codes.ModeTesting:
			moved.add(y.Mode == codes.ModeEnforce)
			if y.Mode == codes.ModeEnforce && x.RecordID == y.RecordID && !base.fateOf(testName(i)).operator.shared() {
				t.Errorf("%s: enforces, and its id is still %s", testName(i), x.RecordID)
			}
		case x.Mode != y.Mode:
			t.Errorf("%s: %s became %s", testName(i), x.Mode, y.Mode)
		}
	}
	moved.check(t, "enforcing after a year", 1-math.Exp(-12*enforcingMonthly))
}
