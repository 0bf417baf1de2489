package pipeline

import (
	"testing"

	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

// A run that asks every domain gives each its row once, the sieve's negatives included.
func TestRunAsksAll(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	config := inWorld(t, world)
	config.Mail.MX = survey.ExtentAll
	dir := t.TempDir()
	if err := scanInto(t.Context(), t, config, listed{parts: 2, size: 100}, dir); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, dir)
	if len(rows) != 200 {
		t.Errorf("%d rows", len(rows))
	}
	for domain, row := range rows {
		truth, _ := world.Truth(domain, row.Rank)
		if row.MXKind != string(truth.MXKind) || row.Verdict == "" {
			t.Errorf("%s: %q, %q", domain, row.MXKind, row.Verdict)
		}
	}
}
