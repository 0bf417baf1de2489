package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testMemory answers every question about the runs in a process of its own, which must not take more than
// it is allowed, in MB, and 300 MB. It returns the answers.
func testMemory(t *testing.T, memory int, runs ...string) map[string]jsonTable {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "report")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	answers := filepath.Join(dir, "report.json")
	args := []string{"-q", "--memory", fmt.Sprintf("%dMB", memory), "--temp", dir,
		"-o", filepath.Join(dir, "report.html"), "--json", answers}
	report := exec.Command(program, append(args, runs...)...)
	var stderr bytes.Buffer
	report.Stderr = &stderr
	began := time.Now()
	if err := report.Start(); err != nil {
		t.Fatal(err)
	}
	peak := peakOf(report.Process.Pid)
	if err := report.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if most := <-peak; most == 0 {
		t.Log("this system does not tell the memory of a process")
	} else {
		took := time.Since(began).Round(time.Second)
		if t.Logf("%d MB with --memory %dMB, %v", most, memory, took); most > memory+300 {
			t.Errorf("%d MB, want no more than %d", most, memory+300)
		}
	}
	data, err := os.ReadFile(answers)
	var said struct {
		Tables map[string]jsonTable `json:"tables"`
	}
	if err == nil {
		err = json.Unmarshal(data, &said)
	}
	if err != nil {
		t.Fatal(err)
	}
	return said.Tables
}

// peakOf watches a process and tells, when it has ended, the most memory that it had resident, in MB: 0 where the
// system has no such figure. That of the operating system about ended children would be no less than what this
// process has itself.
func peakOf(pid int) <-chan int {
	peak := make(chan int, 1)
	go func() {
		most := 0
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, line, ok := strings.Cut(string(status), "VmHWM:")
			if err != nil && errors.Is(err, fs.ErrNotExist) || !ok {
				peak <- most
				return
			}
			var kilobytes int
			fmt.Sscan(line, &kilobytes)
			most = max(most, kilobytes>>10)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return peak
}

// A year of weekly runs, and one run as large as a zone file, take no more memory than they are allowed.
func TestManyRows(t *testing.T) {
	if os.Getenv(manyRowsOf) == "" {
		t.Skip(manyRowsOf + " asks for it")
	}
	t.Run("year", func(t *testing.T) {
		archive := filepath.Join(t.TempDir(), "archive")
		madeNights{nights: 52, rows: 1_000_000, parts: 62}.write(t, archive)
		testMemory(t, 2000, archive)
	})
	t.Run("zone", func(t *testing.T) {
		const parts, different, rows = 573, 16, 1 << 19 // those of a scan of 300 million names
		run := madeNights{nights: 1, rows: different * rows, parts: different}.write(t, t.TempDir())[0]
		for part := different; part < parts; part++ { // no question about one run looks for the same domain twice
			from, to := fmt.Sprintf("part-%06d.parquet", part%different), fmt.Sprintf("part-%06d.parquet", part)
			if err := os.Link(filepath.Join(run, from), filepath.Join(run, to)); err != nil {
				t.Fatal(err)
			}
		}
		testMemory(t, 2000, run)
	})
}

// manyRowsOf is set in the environment for the reports about very many rows.
const manyRowsOf = "STSSCAN_ANALYSIS_MANY"
