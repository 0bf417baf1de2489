package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchmarkRows is set in the environment to the number of rows, as 10000000.
const benchmarkRows = "STSSCAN_ANALYSIS_ROWS"

// The whole catalogue over a run as large as a zone file: one in 140 domains has a
// record. The rows are copies of those of a scan, each with names of its own, in
// parts of half a million.
func BenchmarkCatalogue(b *testing.B) {
	rows := 1_000_000
	if text := os.Getenv(benchmarkRows); text != "" {
		if _, err := fmt.Sscan(text, &rows); err != nil {
			b.Fatal(err)
		}
	}
	dir := filepath.Join(b.TempDir(), "run")
	manyRows(b, dir, rows)
	queries, err := Queries()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		store, err := OpenStore(b.Context(), StoreConfig{Memory: "1GB", Threads: 2}, dir)
		if err != nil {
			b.Fatal(err)
		}
		for _, q := range queries {
			if q.History() {
				continue
			}
			if _, err := store.Answer(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
		store.Close()
	}
}

// manyRows writes a run of many rows.
func manyRows(tb testing.TB, dir string, rows int) {
	tb.Helper()
	db := open(tb)
	if err := os.Mkdir(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	var present, absent int
	const count = "SELECT count(*) FILTER (record IN ('valid', 'invalid', 'multiple')), " +
		"count(*) FILTER (record = 'absent') FROM rows"
	each(tb, db, count, func(scan func(...any)) {
		scan(&present, &absent)
	})
	const perPart = 1 << 19
	for part, first := 0, 0; first < rows; part, first = part+1, first+perPart {
		n := min(perPart, rows-first)
		var selects []string
		for _, kind := range []struct {
			where     string
			rows, has int
		}{
			{"record IN ('valid', 'invalid', 'multiple')", n / 140, present},
			{"record = 'absent'", n - n/140, absent},
		} {
			selects = append(selects, fmt.Sprintf(
				"(SELECT r.* REPLACE ('copy-%d-' || i || '-' || r.domain AS domain, %d + r.rank AS rank) FROM rows AS r, range(%d) AS copies(i) WHERE r.%s LIMIT %d)",
				part, first, (kind.rows+kind.has-1)/kind.has, kind.where, kind.rows))
		}
		name := filepath.Join(dir, fmt.Sprintf("part-%06d.parquet", part))
		statement := "COPY (" + strings.Join(selects, " UNION ALL ") + ") TO " + quote(name) +
			" (FORMAT parquet, COMPRESSION zstd)"
		if _, err := db.Exec(statement); err != nil {
			tb.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(shared.dir, "run.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "run.json"), data, 0o644)
	}
	if err != nil {
		tb.Fatal(err)
	}
}
