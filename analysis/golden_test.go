package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// Columns whose values are not those of the world but of the moment.
var momentary = map[string][]string{
	"timing":   {"median_ms", "p90_ms", "p99_ms", "max_ms"},
	"unknowns": {"resolver"},
}

// goldens holds the answer to every question about the scripted nights against the
// one that was looked at and found right.
func goldens(t *testing.T, store *Store) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		t.Run(q.Name, func(t *testing.T) {
			table, err := store.Answer(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range append(momentary[q.Name], "date") {
				for i := range table.Rows {
					if column := table.Column(name); column >= 0 {
						table.Rows[i][column] = "momentary"
					}
				}
			}
			// One line for each row, so that differences can be read.
			var got bytes.Buffer
			for i := range table.Rows {
				line, err := json.Marshal(table.record(i))
				if err != nil {
					t.Fatal(err)
				}
				got.Write(append(line, '\n'))
			}
			path := filepath.Join("testdata", "golden", q.Name+".jsonl")
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s.sql answers\n%swant\n%s", q.Name, got.Bytes(), want)
			}
		})
	}
}
