package explain

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
			"client limits                1,236   perhaps, of the errors above; their verdict is unknown: " +
				"client_limit_possible 1,234, http2_only 2"},
	} {
		var text strings.Builder
		if err := WriteSummary(&text, &output.Manifest{Counts: output.Counts{Findings: tt.findings}}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "client limits") != (tt.want != "") || !strings.Contains(text.String(), tt.want) {
			t.Errorf("%v: %s", tt.findings, text.String())
		}
	}
}

// Adoption is given both ways where more than 1 % of the answers are denials without an SOA.
func TestSummaryOfDenials(t *testing.T) {
	record := map[codes.Record]int64{codes.RecordValid: 50, codes.RecordAbsent: 850, codes.RecordUnknown: 100}
	for denied, want := range map[int64]string{
		0: "", 9: "",
		10: "denied without SOA              10   taken for unknown, adoption is 5.000 % to 16.000 %\n",
	} {
		findings := map[codes.Finding]int64{codes.FindNegativeWithoutSOA: denied}
		counts := output.Counts{Rows: 1000, Record: record, Findings: findings}
		var text strings.Builder
		if err := WriteSummary(&text, &output.Manifest{Counts: counts}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "without SOA") != (want != "") || !strings.Contains(text.String(), want) {
			t.Errorf("%d: %s", denied, text.String())
		}
	}
}

// The summary of a selection says that it is one, and gives no shares of rows that were chosen by them.
func TestSummaryOfSelection(t *testing.T) {
	counts := output.Counts{Rows: 50, Record: map[codes.Record]int64{codes.RecordValid: 50}}
	from := &output.Lineage{Run: "monday", Only: "record=valid", Rows: 80}
	limit, inputs := map[string]string{"limit": "50"}, []output.Input{{Entries: 50}}
	for _, tt := range []struct {
		manifest output.Manifest
		want     string // of the line about domains
		shares   bool
	}{
		{output.Manifest{}, "", true},
		{output.Manifest{Config: limit, Inputs: inputs}, "of the first 50 entries", true},
		{output.Manifest{Config: map[string]string{"limit": "51"}, Inputs: inputs}, "", true},
		{output.Manifest{From: from}, "chosen: record=valid in monday", false},
		{
			output.Manifest{From: from, Config: limit, Inputs: inputs},
			"of the first 50 entries chosen: record=valid in monday", false,
		},
	} {
		var text strings.Builder
		tt.manifest.Counts = counts
		if err := WriteSummary(&text, &tt.manifest); err != nil {
			t.Fatal(err)
		}
		line, rest, _ := strings.Cut(text.String(), "\n")
		if want := strings.TrimRight("  domains                         50   "+tt.want, " "); line != want {
			t.Errorf("%q, want %q", line, want)
		}
		if strings.Contains(rest, "%") != tt.shares || strings.Contains(rest, "adoption") != tt.shares {
			t.Errorf("%q: %s", tt.want, rest)
		}
	}
}
