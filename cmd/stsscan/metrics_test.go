package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// logUntil is standard error. Its first line that matches goes to found.
type logUntil struct {
	mu      sync.Mutex
	text    bytes.Buffer
	pattern *regexp.Regexp
	found   chan string
}

func (l *logUntil) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if match := l.pattern.FindSubmatch(line); match != nil {
		l.found <- string(match[1])
		l.pattern = regexp.MustCompile(`$^`)
	}
	return l.text.Write(line)
}

// Metrics are served from before the list is read until the run ends; the file has those of the end.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "stsscan.prom")
	list, names := io.Pipe()
	log := &logUntil{pattern: regexp.MustCompile(`url=(http\S+)`), found: make(chan string, 1)}
	args := []string{
		"scan", "-o", filepath.Join(dir, "run"), "--sim", "errors", "--pass-delay", "0s",
		"--metrics-addr", "127.0.0.1:0", "--metrics-file", file, "-",
	}
	status := make(chan int)
	go func() { status <- run(t.Context(), streams{in: list, out: io.Discard, err: log}, args) }()
	var url string
	select {
	case url = <-log.found:
	case s := <-status:
		t.Fatalf("status %d: %s", s, log.text.String())
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), "\nstsscan_goroutines ") {
		t.Errorf("%s: %d %v %s", url, resp.StatusCode, err, text)
	}
	fmt.Fprint(names, "name-95.org\nname-10.com\nname-104.com\nname-10.com\nno name\n")
	names.Close()
	if s := <-status; s != exitDone {
		t.Fatalf("status %d: %s", s, log.text.String())
	}
	addr := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	if conn, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after the run: %v %v", conn, err)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"stsscan_domains_done 3", "stsscan_domains_planned 3", "stsscan_entries 5", "stsscan_entries_duplicate 1",
		"stsscan_entries_rejected 1", fmt.Sprintf("stsscan_certificate_end_timestamp_seconds %v", firstEnd(t, dir)),
	} {
		if !strings.Contains(string(written), "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, written)
		}
	}
}

// firstEnd is when the first certificate behind a valid policy ends, in seconds; one of another policy ends before.
func firstEnd(t *testing.T, dir string) float64 {
	t.Helper()
	var rows bytes.Buffer
	std := streams{out: &rows, err: io.Discard}
	if s := run(t.Context(), std, []string{"cat", filepath.Join(dir, "run")}); s != exitDone {
		t.Fatalf("status %d", s)
	}
	first := make(map[bool]time.Time) // by whether the policy is valid
	for line := range strings.Lines(rows.String()) {
		var row struct {
			Policy       string
			CertNotAfter time.Time `json:"cert_not_after"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		valid := row.Policy == "valid"
		if was := first[valid]; !row.CertNotAfter.IsZero() && (was.IsZero() || row.CertNotAfter.Before(was)) {
			first[valid] = row.CertNotAfter
		}
	}
	if first[true].IsZero() || !first[false].Before(first[true]) {
		t.Fatalf("certificates end: %v", first)
	}
	return float64(first[true].Unix())
}
