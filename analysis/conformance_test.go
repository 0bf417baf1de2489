package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// DuckDB and arrow-go read the corpus of the scanner's own Parquet encoder as it was written: every
// encoding, NULL pattern and page boundary. Of the frames of Zstandard, DuckDB has the reference
// decoder.
func TestConformance(t *testing.T) {
	dir := t.TempDir()
	write := exec.Command("go", "test", "./internal/parquetcol", "-count=1", "-run", "^TestConformance$", "-corpus", dir)
	write.Dir = ".."
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, path := range paths {
		lines := strings.TrimSuffix(path, "parquet") + "jsonl"
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		t.Run(name+"/duckdb", func(t *testing.T) { readByDuckDB(t, db, path, lines) })
		t.Run(name+"/arrow", func(t *testing.T) { readByArrow(t, path, lines) })
	}
}

// readByDuckDB compares the rows, and then the numbers of rows that have the least, the greatest and
// some other value of a column: DuckDB leaves out row groups by their statistics and Bloom filters.
func readByDuckDB(t *testing.T, db *sql.DB, path, lines string) {
	var scalars, types []string
	each(t, db, fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE FROM '%s')", path), func(scan func(...any)) {
		var name, kind string
		scan(&name, &kind)
		types = append(types, fmt.Sprintf("%s: '%s'", name, kind))
		if !strings.ContainsAny(kind, "[(") {
			scalars = append(scalars, name)
		}
	})
	if len(scalars) < 12 {
		t.Fatalf("columns %q", scalars)
	}
	columns := strings.Join(types, ", ")
	written := fmt.Sprintf("read_json('%s', format = 'newline_delimited', columns = {%s})", lines, columns)
	if _, err := db.Exec("CREATE OR REPLACE TABLE written AS FROM " + written); err != nil {
		t.Fatal(err)
	}
	count := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.QueryRow(query, args...).Scan(&n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	read := fmt.Sprintf("'%s'", path)
	if got, want := count("SELECT count(*) FROM "+read), count("SELECT count(*) FROM written"); got != want || want == 0 {
		t.Fatalf("%d rows, want %d", got, want)
	}
	for _, query := range []string{"FROM written EXCEPT ALL FROM " + read, "FROM " + read + " EXCEPT ALL FROM written"} {
		if n := count("SELECT count(*) FROM (" + query + ")"); n > 0 {
			t.Errorf("%d rows of %s", n, query)
		}
	}
	for _, column := range scalars {
		var values []any
		each(t, db, fmt.Sprintf("SELECT unnest([min(%[1]s), max(%[1]s), any_value(%[1]s)]) AS v FROM written", column),
			func(scan func(...any)) {
				var value any
				scan(&value)
				values = append(values, value)
			})
		for _, value := range values {
			where := fmt.Sprintf(" WHERE %s = ?", column)
			got, want := count("SELECT count(*) FROM "+read+where, value), count("SELECT count(*) FROM written"+where, value)
			if got != want {
				t.Errorf("%s = %v: %d rows, want %d", column, value, got, want)
			}
		}
	}
}

// readByArrow compares each column, row by row, as JSON.
func readByArrow(t *testing.T, path, lines string) {
	opened, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	got := make(map[string][]any)
	for g := range opened.NumRowGroups() {
		group, read := opened.RowGroup(g), make(map[string]bool)
		for i := range group.NumColumns() {
			name := opened.MetaData().Schema.Column(i).ColumnPath()[0]
			if read[name] {
				continue // another leaf of a map or structure, which is NULL
			}
			read[name] = true
			column, err := group.Column(i)
			if err != nil {
				t.Fatal(err)
			}
			meta, err := group.MetaData().ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			values, err := arrowValues(column, meta.NumValues())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got[name] = append(got[name], values...)
		}
	}
	written, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(written), []byte("\n")) {
		var want map[string]json.RawMessage
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			text, err := json.Marshal(got[name][i])
			if err != nil || !bytes.Equal(text, value) {
				t.Fatalf("row %d: %s is %s, want %s; %v", i, name, text, value, err)
			}
		}
	}
}

// arrowValues are the values of n rows, or as many as the lists of the rows have: nil for NULL.
func arrowValues(column file.ColumnChunkReader, n int64) ([]any, error) {
	switch r := column.(type) {
	case *file.BooleanColumnChunkReader:
		return readBatch(r, n, r.ReadBatch)
	case *file.Int32ColumnChunkReader:
		return readBatch(r, n, r.ReadBatch)
	case *file.Int64ColumnChunkReader:
		return readBatch(r, n, r.ReadBatch)
	case *file.ByteArrayColumnChunkReader:
		return readBatch(r, n, r.ReadBatch)
	}
	return nil, fmt.Errorf("a column of type %s", column.Type())
}

func readBatch[T any](
	r file.ColumnChunkReader, n int64, read func(int64, []T, []int16, []int16) (int64, int, error),
) (rows []any, err error) {
	most, listed := r.Descriptor().MaxDefinitionLevel(), r.Descriptor().MaxRepetitionLevel() > 0
	for left := n; left > 0; {
		values, definition, repetition := make([]T, left), make([]int16, left), make([]int16, left)
		total, _, err := read(left, values, definition, repetition)
		if err != nil || total == 0 {
			return nil, fmt.Errorf("%d of %d values are left: %w", left, n, err)
		}
		left -= total
		for k := range total {
			present := most == 0 || definition[k] == most
			var value any
			if present {
				value, values = plainValue(values[0]), values[1:]
			}
			switch {
			case !listed:
				rows = append(rows, value)
			case present && repetition[k] > 0:
				last := len(rows) - 1
				rows[last] = append(rows[last].([]any), value)
			case present:
				rows = append(rows, []any{value})
			case definition[k] > 0:
				rows = append(rows, []any{}) // an empty list
			default:
				rows = append(rows, nil)
			}
		}
	}
	return rows, nil
}

func plainValue(v any) any {
	if text, ok := v.(parquet.ByteArray); ok {
		return string(text)
	}
	return v
}
