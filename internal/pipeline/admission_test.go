package pipeline

import (
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/survey"
)

// While many rows wait for the writer no name is admitted, however many slots are free.
func TestAdmissionWaitsForTheWriter(t *testing.T) {
	a := &admission{
		slots: newSlots(10), budget: new(budget), stop: t.Context(), part: new(part),
		tasks: []task{{previous: new(survey.Previous)}},
	}
	a.slots.unwritten.Store(maxUnwritten)
	if tag, more := a.admit(); tag >= 0 || !more || a.why != codes.StandstillDisk {
		t.Errorf("slot %d, more %v, because of %q", tag, more, a.why)
	}
	a.slots.release(1)
	if tag, more := a.admit(); tag < 0 || !more {
		t.Errorf("slot %d once a row is written, more %v", tag, more)
	}
}
