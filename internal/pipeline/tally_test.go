package pipeline

import (
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// A policy that is unknown is not called broken while a run lasts either.
func TestTallyOfPolicies(t *testing.T) {
	for _, policy := range codes.Policies() {
		var got tally
		row := output.Row{Record: string(codes.RecordValid), Policy: string(policy)}
		got.add(&row, new(survey.Previous))
		want := tally{present: 1}
		switch policy {
		case codes.PolicyValid:
			want.valid = 1
		case codes.PolicyInvalid, codes.PolicyMissing, codes.PolicyUnreachable, codes.PolicyForbidden:
			want.broken = 1
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", policy, got, want)
		}
	}
}
