package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTabulate(t *testing.T) {
	var samples []sample
	for round, cpu := range []float64{3, 1, 2} { // the machine changes between rounds
		s := sample{Scenario: "zero", Round: round, CPU: cpu * 2e-3, Wall: 1}
		scan, dnsperf := s, s
		scan.Client, scan.Names, scan.PeakMiB, scan.Questions = "scan", 1000, 64, 1010
		dnsperf.Client, dnsperf.Names, dnsperf.Unknown, dnsperf.Questions = "dnsperf", 500, -1, 500
		samples = append(samples, scan, dnsperf)
	}
	tables := tabulate(samples)
	if len(tables) != 1 || len(tables[0].Rows) != 2 {
		t.Fatalf("%d tables", len(tables))
	}
	scan := tables[0].Rows[0]
	if scan.Rounds != 3 || scan.CPU != (spread{4, 2, 6}) || scan.Questions.Median != 1.01 {
		t.Errorf("scan: %+v", scan)
	}
	if ratio := scan.Ratios["dnsperf"]; ratio != (spread{0.5, 0.5, 0.5}) {
		t.Errorf("ratios mix rounds: %+v", ratio)
	}
	if _, ok := tables[0].Rows[1].Ratios["dnsperf"]; ok {
		t.Error("dnsperf is compared with itself")
	}
	text := printMarkdown(tables)
	for _, want := range []string{
		"| scan | 1000 | 3 | 4.00 [2.00..6.00] |",
		"| 1.0100 | 0 | - | 0.500 [0.500..0.500] | - |",
		"| 1.0000 | - | - | - | - |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{5}, spread{5, 5, 5}},
		{[]float64{3, 1}, spread{2, 1, 3}},
		{[]float64{9, 1, 2}, spread{2, 1, 9}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	dir := t.TempDir()
	for said, want := range map[string]int{
		"  Queries lost:         278 (0.14%)\n": 278,
		`{"names":10,"unknown":3}`:              3,
		"done":                                  -1,
	} {
		if n, err := unknown(dir, []byte(said)); n != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", said, n, err, want)
		}
	}
	for record, want := range map[string]int{
		`{"status":"complete","counts":{"record":{"absent":9,"unknown":2}}}`: 2,
		`{"status":"complete","counts":{"record":{"absent":9}}}`:             0,
		`{"status":"incomplete","counts":{"record":{"absent":9}}}`:           -1,
	} {
		if err := os.WriteFile(filepath.Join(dir, "run.json"), []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := unknown(dir, nil)
		if want < 0 && err == nil || want >= 0 && (err != nil || n != want) {
			t.Errorf("%s: %d, %v, want %d", record, n, err, want)
		}
	}
}
