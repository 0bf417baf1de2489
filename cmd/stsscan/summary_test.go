package main

import (
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// What may be a limit of this client is told apart from errors.
func TestSummaryOfLimits(t *testing.T) {
	for _, tt := range []struct {
		findings map[codes.Finding]int64
		want     string // "": no such line
	}{
		{nil, ""},
		{map[codes.Finding]int64{codes.FindPlainHTTP: 3}, ""},
		{map[codes.Finding]int64{codes.FindHTTP2Only: 2, codes.FindClientLimit: 1234},
			"limits of ours               1,236   of the unreachable policies, perhaps to this client only: client_limit_possible 1,234, http2_only 2"},
	} {
		var text strings.Builder
		if err := writeSummary(&text, &output.Manifest{Counts: output.Counts{Findings: tt.findings}}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "limits of ours") != (tt.want != "") || !strings.Contains(text.String(), tt.want) {
			t.Errorf("%v: %s", tt.findings, text.String())
		}
	}
}
