package main

import (
	"strings"
	"testing"

	"stsscan/internal/codes"
)

func TestFailOn(t *testing.T) {
	for _, tt := range []struct {
		flag, verdicts string
		status         int
	}{
		{"", "enforce_refused", 0},
		{"refused", "enforce_refused enforce_ok", exitFailOn},
		{"refused", "broken enforce_partial testing_would_fail", 0},
		{"broken", "broken", exitFailOn},
		{"broken", "enforce_refused", exitFailOn},
		{"broken", "enforce_partial testing_would_fail unknown no_sts", 0},
		{"any", "enforce_partial", exitFailOn},
		{"any", "testing_would_fail", exitFailOn},
		{"any", "no_sts unknown valid_none testing_ok enforce_ok", 0},
		{"refused,any", "enforce_partial", exitFailOn},
		{"nonsense", "", exitUsage},
		{"broken,", "", exitUsage},
		{"suspect", "", exitUsage}, // no word about domains
	} {
		counted := countedVerdicts(tt.verdicts)
		fail := failOn{when: tt.flag}
		err := fail.judge(counted)
		status, _ := err.(*statusError)
		if (status == nil) != (tt.status == 0) || status != nil && status.status != tt.status {
			t.Errorf("--fail-on %q, %s: %v", tt.flag, tt.verdicts, err)
		}
	}
}

func countedVerdicts(words string) map[codes.Verdict]int64 {
	counted := make(map[codes.Verdict]int64)
	for word := range strings.FieldsSeq(words) {
		counted[codes.Verdict(word)]++
	}
	return counted
}
