package metrics

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// aRun is a manifest with something of everything: two lists, and a resolver that two processes asked.
func aRun() *output.Manifest {
	began := time.Date(2026, 11, 29, 2, 0, 0, 0, time.UTC)
	ended := began.Add(90 * time.Minute)
	return &output.Manifest{
		Status: output.StatusSuspect, StartedAt: began, EndedAt: &ended,
		Inputs: []output.Input{
			{Entries: 10, Rejected: 3, Reasons: map[string]int64{"empty_label": 1, "syntax": 2}, Duplicates: 1, Names: 6},
			{Entries: 5, Rejected: 1, Reasons: map[string]int64{"syntax": 1}, Excluded: 2, Names: 2},
		},
		Resolvers: []output.Resolver{
			{Addr: "192.0.2.53:53", Asked: 100, Answered: 90, Stopped: 1, WindowLeast: 4, WindowMedian: 8},
			{Addr: "192.0.2.53:53", Asked: 10, Answered: 10, Stopped: 2, WindowLeast: 5, WindowMedian: 9},
		},
		Trust: &output.Trust{CrossCheck: &output.CrossCheck{Negatives: output.CrossCount{Agree: 7, Disagree: 1}}},
		Counts: output.Counts{
			Rows: 8, Record: map[codes.Record]int64{codes.RecordValid: 5}, Policy: map[codes.Policy]int64{codes.PolicyValid: 4},
			Verdict: map[codes.Verdict]int64{codes.VerdictBroken: 1},
			Pending: map[codes.Pending]int64{codes.PendingTransient: 2},
		},
		Performance: &output.Performance{
			RowsPerSecond: 1.5, Connections: output.ConnectionsInUse{Limit: 512, Most: 30, WaitedSeconds: 0.25},
		},
	}
}

func TestFile(t *testing.T) {
	m := New()
	m.ObserveSurvey("ok", time.Second)
	m.ObserveRequest("GET", "2xx", time.Second)
	m.Progress(func() int { return 3 }, 8)
	m.SetRun(aRun(), time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC))
	path := filepath.Join(t.TempDir(), "stsscan.prom")
	if err := m.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`stsscan_run_status{status="suspect"} 1`, `stsscan_run_status{status="complete"} 0`, `stsscan_run_complete 1`,
		`stsscan_run_start_timestamp_seconds 1.7959176e+09`, `stsscan_run_end_timestamp_seconds 1.795923e+09`,
		`stsscan_run_duration_seconds 5400`, `stsscan_certificate_end_timestamp_seconds 1.7980704e+09`,
		`stsscan_entries 15`, `stsscan_entries_rejected 4`, `stsscan_entries_duplicate 1`, `stsscan_entries_opted_out 2`,
		`stsscan_entries_rejected_by_reason{reason="syntax"} 3`,
		`stsscan_domains{record="valid"} 5`, `stsscan_domains{record="unknown"} 0`,
		`stsscan_policies{policy="valid"} 4`, `stsscan_verdicts{verdict="broken"} 1`,
		`stsscan_verdicts{verdict="enforce_refused"} 0`, `stsscan_waiting{pending="transient"} 2`,
		`stsscan_resolver_questions{of="asked",resolver="192.0.2.53:53"} 110`,
		`stsscan_resolver_questions{of="answered",resolver="192.0.2.53:53"} 100`,
		`stsscan_resolver_stopped{resolver="192.0.2.53:53"} 3`, `stsscan_window{of="median",resolver="192.0.2.53:53"} 9`,
		`stsscan_cross_check{outcome="disagree",rows="negatives"} 1`,
		`stsscan_rows_per_second 1.5`, `stsscan_connections{of="most"} 30`, `stsscan_connections_waited_seconds 0.25`,
		`stsscan_domains_done 3`, `stsscan_domains_planned 8`,
		`stsscan_survey_duration_seconds_count{result="ok"} 1`,
		`stsscan_http_request_duration_seconds_count{method="GET",result="2xx"} 1`,
	} {
		if !strings.Contains("\n"+string(written), "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if t.Failed() {
		t.Logf("%s", written)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// What is not known has no line: 0 would be 1970.
func TestUnfinished(t *testing.T) {
	run := aRun()
	run.Status, run.EndedAt = output.StatusRunning, nil
	m := New()
	m.SetRun(run, time.Time{})
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if name := f.GetName(); strings.Contains(name, "certificate_end") || strings.Contains(name, "run_end") {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// The metrics are those of the moment. A client that sends nothing does not hold the end up.
func TestServe(t *testing.T) {
	m := New()
	at, stop, err := m.Serve(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	get := func(path string) (status int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at.String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; ") {
			t.Errorf("%s: Content-Type %s", path, kind)
		}
		return resp.StatusCode, string(text)
	}
	const line = "stsscan_verdicts{verdict=\"broken\"} 1\n"
	if status, body := get("/metrics"); status != http.StatusOK || strings.Contains(body, line) {
		t.Errorf("before there is a run: %d %s", status, body)
	}
	m.SetRun(aRun(), time.Time{})
	if status, body := get("/metrics"); status != http.StatusOK || !strings.Contains(body, line) {
		t.Errorf("with a run: %d %s", status, body)
	}
	if status, _ := get("/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	if _, _, err := m.Serve(t.Context(), at.String()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("an address in use: %v", err)
	}
	stop()
	if conn, err := net.Dial("tcp", at.String()); err == nil {
		conn.Close()
		t.Error("still served after stop")
	}
}
