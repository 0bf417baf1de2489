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

// Each figure about policies is one of those that it is about, and unknown is no error.
func TestSummaryOfPolicies(t *testing.T) {
	var counts output.Counts
	for _, row := range []output.Row{
		{Record: "valid", Policy: "valid", Mode: "enforce"},
		{Record: "valid", Policy: "valid", Mode: "testing"},
		{Record: "valid", Policy: "invalid", PolicyStage: "syntax", PolicyReason: "max_age_missing", Mode: "enforce"},
		{Record: "valid", Policy: "unknown", PolicyStage: "dns", PolicyReason: "servfail"},
	} {
		counts.Add(&row)
	}
	var text strings.Builder
	if err := WriteSummary(&text, &output.Manifest{Counts: counts}); err != nil {
		t.Fatal(err)
	}
	const want = `
  policy valid                     2    50.00 % of valid records
  policy invalid                   1    25.00 % of valid records
  policy unknown                   1    25.00 % of valid records
  mode enforce                     1    50.00 % of valid policies
  mode testing                     1    50.00 % of valid policies
  errors at syntax                 1   max_age_missing 1
  unknown at dns                   1   servfail 1
`
	if !strings.HasSuffix(text.String(), want) {
		t.Errorf("%s\nwant %s", text.String(), want)
	}
}

// What casts doubt on a run is said where its figures are.
func TestSummaryOfSuspect(t *testing.T) {
	for status, want := range map[output.Status]string{
		output.StatusComplete:   "",
		output.StatusIncomplete: "", // the error of the scan says why
		output.StatusSuspect:    "  suspect                              36 of 500 records are unknown\n",
	} {
		m := &output.Manifest{Status: status, Reasons: []string{"36 of 500 records are unknown"}}
		var text strings.Builder
		if err := WriteSummary(&text, m); err != nil {
			t.Fatal(err)
		}
		if got := text.String(); strings.Contains(got, "36 of") != (want != "") || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", status, got)
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
