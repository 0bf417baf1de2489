package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// doubtfulTypes are the types of columns that are not VARCHAR.
var doubtfulTypes = map[string]string{
	"rank": "BIGINT", "attempts": "INTEGER", "lookup_ms": "INTEGER", "tcp": "BOOLEAN", "observed_at": "TIMESTAMPTZ", "pass": "INTEGER", "tags": "MAP(VARCHAR, VARCHAR)",
	"cnames": "VARCHAR[]", "cert_names": "VARCHAR[]", "http_status": "INTEGER", "http_ms": "INTEGER", "max_age": "BIGINT", "body_bytes": "BIGINT", "lenient": "BOOLEAN",
	"rua_kinds": "VARCHAR[]", "rua_domains": "VARCHAR[]", "wildcard_suspected": "BOOLEAN", "mx": "STRUCT(host VARCHAR, preference INTEGER, starttls VARCHAR)[]",
	"findings": "VARCHAR[]", "cert_not_after": "TIMESTAMPTZ", "dns_ms": "INTEGER", "txt_count": "INTEGER", "host_addrs": "VARCHAR[]", "host_cnames": "VARCHAR[]", "mx_patterns": "VARCHAR[]", "strict": "BOOLEAN",
}

// write writes what was found of the domains of those numbers as a part of a run.
func (d doubtful) write(t testing.TB, db *sql.DB, dir string, part int, numbers []int) {
	t.Helper()
	types := make(map[string]string)
	var lines []byte
	all := cases()
	for _, i := range numbers {
		row := d[i].row(i, all)
		for name := range row {
			types[name] = "VARCHAR"
			if kind, ok := doubtfulTypes[name]; ok {
				types[name] = kind
			}
		}
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	var list []string
	for name, kind := range types {
		list = append(list, fmt.Sprintf("%s: %s", name, quote(kind)))
	}
	path := filepath.Join(dir, fmt.Sprintf("part-%06d.parquet", part))
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(path+".jsonl", lines, 0o644)
	}
	if err == nil {
		from := fmt.Sprintf("read_json(%s, format = 'newline_delimited', columns = {%s})",
			quote(path+".jsonl"), strings.Join(list, ", "))
		_, err = db.Exec("COPY (FROM " + from + ") TO " + quote(path) + " (FORMAT parquet)")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// numbers are those of all domains but some.
func (d doubtful) numbers(but ...int) (numbers []int) {
	for i := range d {
		if !slices.Contains(but, i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// writeRunJSON writes the manifest of the shared run, as if it had been made on a day of November.
func writeRunJSON(t testing.TB, dir string, day int) {
	t.Helper()
	began := time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
	data, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	m["started_at"], m["ended_at"], m["status"] = began, began.Add(time.Hour), "complete"
	if data, err = json.Marshal(m); err == nil {
		err = os.WriteFile(filepath.Join(dir, "run.json"), data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
