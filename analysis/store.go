package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Store is DuckDB with the tables of some runs. It must be closed.
type Store struct {
	db   *sql.DB
	temp string
}

// StoreConfig bounds what DuckDB takes.
type StoreConfig struct {
	Memory  string // as in "1GB"; empty: 2GB. What does not fit goes to a temporary directory
	Threads int    // 0: as many as there are processors
}

// OpenStore makes the tables of the runs in the directories, the oldest first:
// questions about one run are about the last.
func OpenStore(ctx context.Context, config StoreConfig, dirs ...string) (_ *Store, err error) {
	if config.Memory == "" {
		config.Memory = "2GB"
	}
	s := new(Store)
	if s.temp, err = os.MkdirTemp("", "stsscan-analysis-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.db, err = sql.Open("duckdb", ""); err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	s.db.SetMaxOpenConns(1) // the views are temporary: they belong to one connection
	settings := []string{
		"SET memory_limit = " + quote(config.Memory),
		"SET temp_directory = " + quote(s.temp),
		"SET TimeZone = 'UTC'",
		"SET preserve_insertion_order = false",
		"SET autoinstall_known_extensions = false", // nothing is fetched from anywhere
	}
	if config.Threads > 0 {
		settings = append(settings, fmt.Sprintf("SET threads = %d", config.Threads))
	}
	statements, err := tables(dirs)
	if err != nil {
		return nil, err
	}
	for _, statement := range append(settings, statements...) {
		if _, err := s.db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("duckdb: %w", err)
		}
	}
	return s, nil
}

// tables are the statements that make the tables of the runs.
func tables(dirs []string) ([]string, error) {
	var quoted []string
	for _, dir := range dirs {
		dir = filepath.ToSlash(dir)
		if strings.ContainsAny(dir, "*?[{") {
			return nil, fmt.Errorf("%s: DuckDB takes this name for a pattern: rename the directory", dir)
		}
		quoted = append(quoted, quote(dir))
	}
	statements := []string{"SET VARIABLE runs = [" + strings.Join(quoted, ", ") + "]"}
	for i, name := range views {
		if i > 0 && len(dirs) == 1 {
			break // no history
		}
		text, err := sqlFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		statements = append(statements, string(text))
	}
	return statements, nil
}

// quote makes a string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Close gives back what the store holds.
func (s *Store) Close() {
	if s.db != nil {
		s.db.Close()
	}
	os.RemoveAll(s.temp)
}

// Answer asks a question.
func (s *Store) Answer(ctx context.Context, q Query) (*Table, error) {
	began := time.Now()
	rows, err := s.db.QueryContext(ctx, q.SQL)
	if err != nil {
		return nil, fmt.Errorf("%s.sql: %w", q.Name, err)
	}
	defer rows.Close()
	t := &Table{Query: q}
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("%s.sql: %w", q.Name, err)
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, fmt.Errorf("%s.sql: %w", q.Name, err)
	}
	for i, name := range names {
		t.Columns = append(t.Columns, newColumn(name, types[i].DatabaseTypeName()))
	}
	for rows.Next() {
		values := make([]any, len(names))
		pointers := make([]any, len(names))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return nil, fmt.Errorf("%s.sql: %w", q.Name, err)
		}
		for i := range values {
			if values[i], err = plain(values[i]); err != nil {
				return nil, fmt.Errorf("%s.sql: column %s: %w", q.Name, names[i], err)
			}
		}
		t.Rows = append(t.Rows, values)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s.sql: %w", q.Name, err)
	}
	t.Took = time.Since(began)
	return t, nil
}
