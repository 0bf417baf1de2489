package explain

import (
	"fmt"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

func summaryText(t *testing.T, s Summary) string {
	t.Helper()
	var text strings.Builder
	if err := s.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// What may be a limit of this client is told apart from errors.
func TestSummaryOfLimits(t *testing.T) {
	for _, tt := range []struct {
		findings map[codes.Finding]int64
		want     string // "": no such line
	}{
		{nil, ""},
		{map[codes.Finding]int64{codes.FindPlainHTTP: 3}, ""},
		{map[codes.Finding]int64{codes.FindHTTP2Only: 2, codes.FindClientLimit: 1234},
			"  client limits  1,236  perhaps, of the errors above; their verdict is unknown: client_limit_possible 1,234,\n" +
				"                        http2_only 2\n"},
	} {
		manifest := &output.Manifest{Counts: output.Counts{Findings: tt.findings}}
		text := summaryText(t, Summary{Manifest: manifest, Width: 120})
		if strings.Contains(text, "client limits") != (tt.want != "") || !strings.Contains(text, tt.want) {
			t.Errorf("%v: %s", tt.findings, text)
		}
	}
}

// Adoption is given both ways where more than 1 % of the answers are denials without an SOA.
func TestSummaryOfDenials(t *testing.T) {
	record := map[codes.Record]int64{codes.RecordValid: 50, codes.RecordAbsent: 850, codes.RecordUnknown: 100}
	for denied, want := range map[int64]string{
		0: "", 9: "",
		10: "denied without SOA     10  taken for unknown, adoption is 5.000 % to 16.000 %\n",
	} {
		findings := map[codes.Finding]int64{codes.FindNegativeWithoutSOA: denied}
		counts := output.Counts{Rows: 1000, Record: record, Findings: findings}
		text := summaryText(t, Summary{Manifest: &output.Manifest{Counts: counts}, Width: 120})
		if strings.Contains(text, "without SOA") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%d: %s", denied, text)
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
	text := summaryText(t, Summary{Manifest: &output.Manifest{Counts: counts}, Width: 120})
	const want = `
  policy valid      2   50.00 % of valid records
  policy invalid    1   25.00 % of valid records
  policy unknown    1   25.00 % of valid records
  mode enforce      1   50.00 % of valid policies
  mode testing      1   50.00 % of valid policies
  errors at syntax  1  max_age_missing 1
  unknown at dns    1  servfail 1
`
	if !strings.HasSuffix(text, want) {
		t.Errorf("%s\nwant %s", text, want)
	}
}

// A summary begins with how the run ended, and why.
func TestSummaryStatus(t *testing.T) {
	reasons := []string{"36 of 500 records unknown"}
	for status, want := range map[output.Status]string{
		output.StatusComplete:   "complete\n",
		output.StatusIncomplete: "incomplete: 36 of 500 records unknown. Run the same command again to go on.\n",
		output.StatusSuspect:    "suspect: 36 of 500 records unknown\n",
	} {
		m := &output.Manifest{Status: status, Reasons: reasons}
		if status == output.StatusComplete {
			m.Reasons = nil
		}
		if got := summaryText(t, Summary{Manifest: m, Width: 120}); got != want+"  domains  0\n" {
			t.Errorf("%s: %s", status, got)
		}
	}
}

// What became of every entry is said: what was rejected, and as what, with an example, what was left out, and why.
func TestSummaryOfLists(t *testing.T) {
	m := &output.Manifest{
		Status: output.StatusComplete,
		Inputs: []output.Input{
			{Entries: 1200, Rejected: 3, Reasons: map[string]int64{"hyphen": 2, "wildcard": 1}, Excluded: 4, Duplicates: 5,
				OtherTags: 2, Taken: map[string]int64{"url": 2, "port": 1}, LeftOut: []string{"readme.txt"}},
			{Entries: 100, Rejected: 1, Reasons: map[string]int64{"hyphen": 1}, Taken: map[string]int64{"url": 9}},
		},
		Counts: output.Counts{Rows: 1287},
	}
	rejects := []domains.RejectLine{{File: "a.csv", Line: 17, Reason: domains.ReasonHyphen}}
	const want = `complete
  left out           of an archive, as no lists: readme.txt
  entries     1,300  12 of 1,300 taken from URLs or addresses: url 11, port 1
  rejected        4  no domain names; rejects.jsonl lists them:
    hyphen        3  a label that begins or ends with a hyphen: first in a.csv,
                     line 17
    wildcard      1  a wildcard
  opted out       4  nothing was asked about them
  duplicates      5  2 with other tags: duplicates.jsonl lists them
  domains     1,287
`
	text := summaryText(t, Summary{Manifest: m, Rejects: rejects, Width: 80})
	if before, _, _ := strings.Cut(text, "  adoption"); before != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}

// Every verdict has its line, and those that somebody has to look into come first; a shard says which it is.
func TestSummaryOfVerdicts(t *testing.T) {
	counts := make(map[codes.Verdict]int64)
	for i, verdict := range codes.Verdicts() {
		counts[verdict] = int64(1000 + i)
	}
	m := &output.Manifest{Counts: output.Counts{Verdict: counts}, Shard: &output.Shard{Index: 1, Of: 4}}
	text := summaryText(t, Summary{Manifest: m, Width: 80})
	const want = `
  verdict                      by policy and names of MX hosts; --probe-mx would
                               add their certificates
    enforce_refused     1,008  mail would be refused
    broken              1,002  published but unusable: mail is not protected
    enforce_partial     1,007  mail is protected, but some MX hosts get none
    testing_would_fail  1,005  testing, and not ready for enforce
    unknown             1,001  it could not be determined
    enforce_ok          1,006  mail is protected
    testing_ok          1,004  testing, and nothing fails
    valid_none          1,003  the policy asks for nothing (mode none)
    no_sts              1,000  no MTA-STS here
`
	if len(codes.VerdictsWorstFirst()) != len(codes.Verdicts()) {
		t.Error("a verdict has no place in the summary")
	}
	if !strings.HasSuffix(text, want) || !strings.Contains(text, "  shard                   1/4 ") {
		t.Errorf("%s\nwant %s", text, want)
	}
	m.Config = map[string]string{"probe-mx": "true"}
	text = summaryText(t, Summary{Manifest: m, Width: 120})
	if !strings.Contains(text, "  by policy, names and certificates of MX hosts\n") {
		t.Error(text)
	}
}

// A summary fits its terminal, says every reason, and parts no reason from its number.
func TestSummaryWidth(t *testing.T) {
	reasons := make(map[codes.PolicyReason]int64)
	for _, reason := range codes.PolicyReasons(codes.StageSyntax) {
		reasons[reason] = int64(len(reasons)) + 123_456_789
	}
	m := &output.Manifest{
		Status:  output.StatusIncomplete,
		Reasons: []string{"open /" + strings.Repeat("very/", 40) + "long: no such file"},
		Inputs:  []output.Input{{Entries: 3e8, Rejected: 1e6, Reasons: map[string]int64{"hyphen": 1e6}}},
		Counts: output.Counts{
			Rows: 2e8, PolicyReason: map[codes.Stage]map[codes.PolicyReason]int64{codes.StageSyntax: reasons},
			Verdict: map[codes.Verdict]int64{codes.VerdictTestingWouldFail: 2e8},
		},
	}
	rejects := []domains.RejectLine{{File: strings.Repeat("list", 50), Line: 17, Reason: domains.ReasonHyphen}}
	for _, width := range []int{40, 60, 80, 120, 200} {
		text := summaryText(t, Summary{Manifest: m, Rejects: rejects, Width: width})
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > width || strings.TrimRight(line, " ") != line {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		for reason, n := range reasons {
			if !strings.Contains(text, fmt.Sprintf("%s %s", reason, output.Grouped(n))) {
				t.Errorf("%d columns: %s %d is not there whole:\n%s", width, reason, n, text)
			}
		}
	}
}

// The summary of a selection says that it is one, and gives no shares of rows that were chosen by them.
func TestSummaryOfSelection(t *testing.T) {
	counts := output.Counts{Rows: 50, Record: map[codes.Record]int64{codes.RecordValid: 50}}
	from := &output.Lineage{Run: "monday", Only: "record=valid", Rows: 80}
	limit := map[string]string{"limit": "50"}
	for _, tt := range []struct {
		manifest output.Manifest
		want     string // of the line about domains
		shares   bool
	}{
		{output.Manifest{}, "", true},
		{output.Manifest{Config: limit}, "of the first 50 entries", true},
		{output.Manifest{Config: map[string]string{"limit": "51"}}, "", true},
		{output.Manifest{From: from}, "chosen: record=valid in monday", false},
		{
			output.Manifest{From: from, Config: limit},
			"of the first 50 entries chosen: record=valid in monday", false,
		},
	} {
		tt.manifest.Counts = counts
		tt.manifest.Inputs = []output.Input{{Entries: 50}}
		text := summaryText(t, Summary{Manifest: &tt.manifest, Width: 120})
		_, lines, _ := strings.Cut(text, "\n")
		line, rest, _ := strings.Cut(lines, "\n")
		if want := strings.TrimRight("  domains       50  "+tt.want, " "); line != want {
			t.Errorf("%q, want %q", line, want)
		}
		if strings.Contains(rest, "%") != tt.shares || strings.Contains(rest, "adoption") != tt.shares {
			t.Errorf("%q: %s", tt.want, rest)
		}
	}
}

// A run that was merged from shards says how many there were, the first of what differs between them, and how many mail
// servers several of them probed.
func TestSummaryOfShards(t *testing.T) {
	merged := &output.Merged{Shards: 64, ProbedBySeveral: 1234}
	for i := range 7 {
		merged.Differs = append(merged.Differs, fmt.Sprintf("--flag%d: 1 (shard 0), 2 (shards 1-63)", i))
	}
	text := summaryText(t, Summary{Manifest: &output.Manifest{Merged: merged}, Width: 120})
	for _, want := range []string{
		"  shards           64\n", "in --flag4: 1 (shard 0)", "and in 2 more, which run.json has\n",
		"  probed again  1,234  mail servers that several shards probed\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "flag5") {
		t.Errorf("too many differences:\n%s", text)
	}
}
