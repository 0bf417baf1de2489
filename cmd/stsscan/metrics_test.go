package main

import (
	"bytes"
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
		"scan", "-o", filepath.Join(dir, "run"), "--sim", "errors", "--timeout", "200ms", "--retries", "0",
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
	fmt.Fprint(names, "adfskj.com\nexample.com\nexample.com\nno name\n")
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
		"stsscan_domains_done 2", "stsscan_domains_planned 2", "stsscan_entries 4", "stsscan_entries_duplicate 1",
		"stsscan_entries_rejected 1",
	} {
		if !strings.Contains(string(written), "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, written)
		}
	}
}
