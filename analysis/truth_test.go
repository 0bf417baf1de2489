package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A truth is what a perfect observer concludes about one domain: what the simulated
// Internet says of itself, without a scan.
type truth struct {
	Domain       string `json:"domain"`
	Record       string `json:"record"`
	RecordReason string `json:"record_reason"`
	Policy       string `json:"policy"`
	Stage        string `json:"policy_stage"`
	Reason       string `json:"policy_reason"`
	TLSError     string `json:"tls_error"`
	HTTPStatus   int    `json:"http_status"`
	Mode         string `json:"mode"`
	MaxAge       *int64 `json:"max_age"`
	MXKind       string `json:"mx_kind"`
	MXMatch      string `json:"mx_match"`
	Mismatch     string `json:"mismatch"`
	TLSRPT       string `json:"tlsrpt"`
	DANE         string `json:"dane"`
	Wildcard     *bool  `json:"wildcard_suspected"`
	Delegation   string `json:"delegation"`
	Verdict      string `json:"verdict"`
	Lenient      *bool  `json:"lenient"`

	Findings []string `json:"findings"`
}

// judged is the class of the policy, unknown too where a limit of the observer may have
// kept it away.
func (t truth) judged() string {
	if slices.Contains(t.Findings, "client_limit_possible") || slices.Contains(t.Findings, "http2_only") {
		return "unknown"
	}
	return t.Policy
}

func (t truth) present() bool {
	return t.Record == "valid" || t.Record == "invalid" || t.Record == "multiple"
}

// truths asks the simulated Internet about a list.
func truths(t testing.TB, list string, args ...string) []truth {
	t.Helper()
	out, err := exec.Command(shared.scanner, append([]string{"simnet", "--truth", list}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []truth
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one truth
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// counts are what a question answers, by group; groups of none are left out.
func counts(t *testing.T, table *Table, e estimate) map[string]int64 {
	t.Helper()
	got := make(map[string]int64)
	for row := range table.Rows {
		var names []string
		for _, column := range e.by {
			names = append(names, fmt.Sprint(table.Value(row, column)))
		}
		n, ok := table.Value(row, e.count).(int64)
		if !ok {
			t.Fatalf("%s: column %s is no count", e.query, e.count)
		}
		got[strings.Join(names, " | ")] += n
	}
	maps.DeleteFunc(got, func(_ string, n int64) bool { return n == 0 })
	return got
}

// Every count that the questions give about a generated population is that of the
// truth, which no scan has seen.
func TestEstimates(t *testing.T) {
	names := map[string]int{"errors": 3000, "top": 12000, "zones": 12000}
	if os.Getenv(longTests) != "" {
		names = map[string]int{"errors": 20000, "top": 200000, "zones": 200000}
	}
	for _, model := range []string{"errors", "top", "zones"} {
		t.Run(model, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			var list strings.Builder
			for i := range names[model] {
				fmt.Fprintf(&list, "survey-%d.%s\n", i, []string{"com", "net", "org", "se", "ch"}[i%5])
			}
			path := dir + ".txt"
			if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			flags := []string{"--sim", model, "--seed", "7", "--timeout", "5s", path}
			if os.Getenv(longTests) == "" {
				flags = append(flags, "--passes", "1")
			}
			runScan(t, dir, flags...)
			all := truths(t, path, "--model", model, "--seed", "7")
			store := openRuns(t, dir)
			queries, err := Queries()
			if err != nil {
				t.Fatal(err)
			}
			_, byName, err := arrange(queries, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range estimates() {
				want := make(map[string]int64)
				for _, one := range all {
					for _, name := range e.group(one) {
						want[name]++
					}
				}
				table, err := store.Answer(t.Context(), byName[e.query])
				if err != nil {
					t.Fatal(err)
				}
				if e.query == "tlsrpt" {
					keep := table.Column("with_mta_sts")
					var rows [][]any
					for _, row := range table.Rows {
						if row[keep] == true {
							rows = append(rows, row)
						}
					}
					table.Rows = rows
				}
				if got := counts(t, table, e); !maps.Equal(got, want) {
					t.Errorf("%s, %s: %v, the truth is %v", e.query, e.count, got, want)
				}
			}
			table, err := store.Answer(t.Context(), byName["adoption"])
			if err != nil {
				t.Fatal(err)
			}
			checkAdoption(t, model, table)
		})
	}
}

// checkAdoption holds the interval against the share that the model is made with,
// within four standard deviations of the sample.
func checkAdoption(t *testing.T, model string, table *Table) {
	t.Helper()
	row := table.Find("tld", "(all)")
	low, high := table.Value(row, "low").(float64), table.Value(row, "high").(float64)
	// Of all, of ranks drawn from a million, and of com, net, org, se and ch in
	// equal parts, 73.5 % of them with MX.
	share := map[string]float64{
		"errors": 0.5,
		"top":    (0.045*1_000 + 0.019*9_000 + 0.012*90_000 + 0.0068*900_000) / 1_000_000,
		"zones":  (0.00073 + 0.00099 + 0.00127 + 0.00084 + 0.00148) / 5 * 0.735,
	}[model]
	n := float64(table.Value(row, "domains").(int64))
	margin := 4*math.Sqrt(share*(1-share)/n) + 1/n
	if low-margin > share || high+margin < share {
		t.Errorf("adoption is %v to %v, the model has %v (give or take %v)", low, high, share, margin)
	}
}
