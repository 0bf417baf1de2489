package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runDir is a directory with a run that was made otherwise; empty, the tests
// build the scanner and scan the simulated Internet.
const runDir = "STSSCAN_ANALYSIS_RUN"

// domains is how many domains the tests scan.
const domains = 3000

// A scanned is what the tests look at: a finished scan.
type scanned struct {
	dir     string
	scanner string
}

// newRun builds the scanner from the module above, and scans. Tests share the
// run and change nothing in it.
func newRun(temp string) (scanned, error) {
	r := scanned{dir: filepath.Join(temp, "run"), scanner: filepath.Join(temp, "stsscan")}
	build := exec.Command("go", "build", "-o", r.scanner, "./cmd/stsscan")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return r, fmt.Errorf("go build: %w\n%s", err, out)
	}
	if dir := os.Getenv(runDir); dir != "" {
		r.dir = dir
		return r, nil
	}
	var list strings.Builder
	list.WriteString("rank,domain,owner\n")
	for i := range domains {
		fmt.Fprintf(&list, "%d,name-%d.%s,owner %d\n", i+1, i, []string{"com", "net", "org"}[i%3], i%7)
	}
	path := filepath.Join(temp, "names.csv")
	if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
		return r, err
	}
	scan := exec.Command(r.scanner, "scan", "-o", r.dir, "--sim", "errors", "--seed", "1", "--tags", "owner",
		"--timeout", "1s", "--retries", "0", "--quiet", path)
	if out, err := scan.CombinedOutput(); err != nil {
		return r, fmt.Errorf("%v: %w\n%s", scan, err, out)
	}
	return r, nil
}

// shared is set by TestMain before any test, and not changed after.
var shared scanned

func TestMain(m *testing.M) {
	os.Exit(func() int {
		temp, err := os.MkdirTemp("", "analysis-")
		if err == nil {
			defer os.RemoveAll(temp)
			shared, err = newRun(temp)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// openRuns opens DuckDB with the tables of runs.
func openRuns(t testing.TB, dirs ...string) *Store {
	t.Helper()
	store, err := OpenStore(t.Context(), StoreConfig{}, dirs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

// open opens DuckDB with the tables of the shared run.
func open(t testing.TB) *sql.DB { return openRuns(t, shared.dir).db }

// each calls do for each row of the answer.
func each(t testing.TB, db *sql.DB, query string, do func(scan func(...any))) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v in\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		do(func(to ...any) {
			if err := rows.Scan(to...); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// A manifest is what the tests read of run.json.
type runManifest struct {
	Status string `json:"status"`
	Plan   struct {
		SHA256 string `json:"sha256"`
	} `json:"plan"`
	Counts struct {
		Rows         int64                       `json:"rows"`
		Record       map[string]int64            `json:"record"`
		RecordReason map[string]int64            `json:"record_reason"`
		Error        map[string]int64            `json:"error"`
		Policy       map[string]int64            `json:"policy"`
		PolicyReason map[string]map[string]int64 `json:"policy_reason"`
		Unknown      map[string]map[string]int64 `json:"policy_unknown"`
		TLSError     map[string]int64            `json:"tls_error"`
		Mode         map[string]int64            `json:"mode"`
		Findings     map[string]int64            `json:"findings"`
		Resolver     map[string]int64            `json:"resolver"`
	} `json:"counts"`
	Adoption struct {
		Domains int64   `json:"domains"`
		Present int64   `json:"present"`
		Unknown int64   `json:"unknown"`
		Low     float64 `json:"low"`
		High    float64 `json:"high"`
	} `json:"adoption"`
	Parts []struct {
		Name string `json:"name"`
		Rows int64  `json:"rows"`
	} `json:"parts"`
}

func sharedManifest(t *testing.T) runManifest {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err == nil && len(data) == 0 {
		err = errors.New("run.json is empty")
	}
	var m runManifest
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}
