// Package analysis is the questions that a survey answers: one SQL file each,
// for DuckDB, over the Parquet files that a scan leaves. It knows the scanner
// through these files alone, and is a module of its own because DuckDB needs
// cgo and the scanner does not.
//
// The first line of a file is its question; the comments below it say what is
// counted, out of what, and what the answer does not say. The files are what
// people paste into DuckDB: nothing is filled in.
package analysis

import (
	"embed"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

//go:embed *.sql
var files embed.FS

// partGlob is the path in view.sql that people edit.
const partGlob = "'part-*.parquet'"

// A Query is one question about a run.
type Query struct {
	Name     string // of its file, without .sql
	Question string // in one sentence
	SQL      string // the file; it reads the view rows
}

// Queries lists every query, by name.
func Queries() ([]Query, error) {
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var queries []Query
	for _, entry := range names {
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if name == "view" {
			continue
		}
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		question, ok := strings.CutPrefix(first, "-- ")
		if !ok || !strings.HasSuffix(question, "?") {
			return nil, fmt.Errorf("%s: the first line is no question", entry.Name())
		}
		queries = append(queries, Query{Name: name, Question: question, SQL: string(text)})
	}
	return queries, nil
}

// View is the statement that makes the view rows of the run in the directory
// dir.
func View(dir string) (string, error) {
	text, err := files.ReadFile("view.sql")
	if err != nil {
		return "", err
	}
	if strings.Count(string(text), partGlob) != 1 {
		return "", fmt.Errorf("view.sql: %s is not there once", partGlob)
	}
	parts := filepath.ToSlash(filepath.Join(dir, strings.Trim(partGlob, "'")))
	return strings.Replace(string(text), partGlob, "'"+strings.ReplaceAll(parts, "'", "''")+"'", 1), nil
}
