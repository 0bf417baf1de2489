// Command analysis answers questions about surveys from the Parquet files that a
// scan leaves, and writes a report of one offline HTML file. It knows the scanner
// through these files and run.json alone, and is a module of its own because
// DuckDB needs cgo and the scanner does not.
//
// The questions are the files *.sql, one each, for people to paste into DuckDB:
// nothing is filled in. The first line is the question; the comments below it say
// what is counted, out of what, and what the answer does not say.
package main

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.sql
var sqlFiles embed.FS

// views are the files that make the tables which the questions read.
var views = [...]string{"view.sql", "history.sql"}

// A Query is one question.
type Query struct {
	Name        string // of its file, without .sql
	Question    string // in one sentence
	Numerator   string // what is counted
	Denominator string // out of what
	Caveat      string // what the answer does not say
	SQL         string // the file
}

// History reports whether the question is about several runs.
func (q Query) History() bool {
	for _, table := range []string{"FROM changed", "FROM compared", "FROM history", "FROM series"} {
		if strings.Contains(q.SQL, table) {
			return true
		}
	}
	return false
}

// Queries lists every question, by name.
func Queries() ([]Query, error) {
	entries, err := sqlFiles.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var queries []Query
	for _, entry := range entries {
		if entry.Name() == views[0] || entry.Name() == views[1] {
			continue
		}
		text, err := sqlFiles.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		q, err := parseQuery(strings.TrimSuffix(entry.Name(), ".sql"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		queries = append(queries, q)
	}
	return queries, nil
}

// parseQuery takes the comments of a question apart.
func parseQuery(name, text string) (Query, error) {
	q := Query{Name: name, SQL: text}
	var field *string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "--")
		if !ok {
			break
		}
		comment = strings.TrimSpace(comment)
		switch word, rest, _ := strings.Cut(comment, ": "); {
		case q.Question == "":
			q.Question = comment
			continue
		case comment == "":
			field = nil
			continue
		case word == "Numerator":
			field, comment = &q.Numerator, rest
		case word == "Denominator":
			field, comment = &q.Denominator, rest
		case word == "Caveat":
			field, comment = &q.Caveat, rest
		}
		if field == nil {
			return q, fmt.Errorf("%q belongs to no Numerator, Denominator or Caveat", comment)
		}
		*field = strings.TrimSpace(*field + " " + comment)
	}
	switch {
	case !strings.HasSuffix(q.Question, "?"):
		return q, fmt.Errorf("the first line is no question")
	case q.Numerator == "" || q.Denominator == "" || q.Caveat == "":
		return q, fmt.Errorf("the comments lack a Numerator, a Denominator or a Caveat")
	}
	return q, nil
}
