package pipeline

import (
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// While many rows wait for the writer no name is admitted, however many slots are free.
func TestAdmissionWaitsForTheWriter(t *testing.T) {
	a := &admission{
		slots: newSlots(10), budget: new(budget), stop: t.Context(), part: new(part),
		waiting: []task{{before: new(survey.Previous)}},
	}
	into := make([]resolver.Question, 1)
	a.slots.unwritten.Store(maxUnwritten)
	if n, more := a.take(into); n != 0 || !more || a.why != codes.StandstillDisk {
		t.Errorf("%d admitted, more %v, because of %q", n, more, a.why)
	}
	a.slots.release(1)
	if n, more := a.take(into); n != 1 || !more {
		t.Errorf("%d admitted once a row is written, more %v", n, more)
	}
}
