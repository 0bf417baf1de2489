package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// literatureNames is how many names the page about the literature rests on.
const literatureNames = 600_000

// LITERATURE.md says what the questions answer about the simulated population of
// its study. With -args -update it is written anew.
func TestLiterature(t *testing.T) {
	dir := t.TempDir()
	var list strings.Builder
	for i := range literatureNames {
		tld := "com"
		switch n := i % 100; {
		case n >= 94:
			tld = "se"
		case n >= 85:
			tld = "org"
		case n >= 76:
			tld = "net"
		}
		fmt.Fprintf(&list, "survey-%d.%s\n", i, tld)
	}
	names, run := filepath.Join(dir, "names.txt"), filepath.Join(dir, "run")
	if err := os.WriteFile(names, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	runScan(t, run, "--sim", "top", "--seed", "2024", "--timeout", "5s", names)
	got := literature(t, openRuns(t, run))
	if *update {
		if err := os.WriteFile("LITERATURE.md", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("LITERATURE.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		written := strings.Split(string(want), "\n")
		for line := range strings.Lines(string(got)) {
			if line = strings.TrimSuffix(line, "\n"); !slices.Contains(written, line) {
				t.Errorf("no line %s", line)
			}
		}
		t.Error("LITERATURE.md is not what the questions answer: go test -run TestLiterature -args -update")
	}
}

// literature is the page with the answers about the run in the store. Its
// template calls
//
//	sum "query" "column" "other=a|b"...  the column in the rows whose other column
//	                                     is a or b
//	number "query" "column" "other=a"    the value in the one such row
//	share n of, percent n                n of all of these, or the fraction n, in percent
//	part n of                            the same, with both counts where they are few
//	failing "manager" "stage" "prefix"   the share in errors_by_manager, with the columns of
//	                                     that prefix; any is all stages
//	count n                              n with separators
//	listed                               how many names were scanned
//	list "a b"...                        each text as its words
func literature(t *testing.T, store *Store) []byte {
	t.Helper()
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	answers := make(map[string]*Table)
	// rows are those of the answer that meet the conditions, a column of theirs.
	rows := func(query, column string, conditions []string) ([]any, error) {
		table := answers[query]
		if table == nil {
			i := slices.IndexFunc(queries, func(q Query) bool { return q.Name == query })
			if i < 0 {
				return nil, fmt.Errorf("no query %s", query)
			}
			if table, err = store.Answer(t.Context(), queries[i]); err != nil {
				return nil, err
			}
			answers[query] = table
		}
		var values []any
		for i := range table.Rows {
			meets := true
			for _, condition := range conditions {
				name, words, _ := strings.Cut(condition, "=")
				meets = meets && slices.Contains(strings.Split(words, "|"), fmt.Sprint(table.Value(i, name)))
			}
			if meets {
				values = append(values, table.Value(i, column))
			}
		}
		if table.Column(column) < 0 {
			return nil, fmt.Errorf("%s.sql has no column %s", query, column)
		}
		return values, nil
	}
	sum := func(query, column string, conditions ...string) (int64, error) {
		values, err := rows(query, column, conditions)
		var total int64
		for _, v := range values {
			n, ok := v.(int64)
			if !ok {
				return 0, fmt.Errorf("%s.sql: %s is %v, no count", query, column, v)
			}
			total += n
		}
		return total, err
	}
	share := func(n, of int64) string { return inPercent(float64(n) / float64(of)) }
	text, err := template.New("literature.md.tmpl").Funcs(template.FuncMap{
		"sum":     sum,
		"share":   share,
		"percent": inPercent,
		"count":   thousands,
		"listed":  func() int64 { return literatureNames },
		"number": func(query, column string, conditions ...string) (float64, error) {
			values, err := rows(query, column, conditions)
			if err != nil || len(values) != 1 {
				return 0, fmt.Errorf("%s.sql: %d rows: %w", query, len(values), err)
			}
			return values[0].(float64), nil
		},
		"part": func(n, of int64) string {
			if of >= 1000 {
				return share(n, of)
			}
			return fmt.Sprintf("%s (%d of %d)", share(n, of), n, of)
		},
		"failing": func(manager, stage, prefix string) (string, error) {
			conditions := []string{"manager=" + manager}
			known, err := rows("errors_by_manager", prefix+"known", conditions)
			if err != nil || len(known) == 0 {
				return "", fmt.Errorf("manager %s: %d rows: %w", manager, len(known), err)
			}
			if stage != "any" {
				conditions = append(conditions, "stage="+stage)
			}
			failed, err := sum("errors_by_manager", prefix+"domains", conditions...)
			return share(failed, known[0].(int64)), err
		},
		"list": func(texts ...string) [][]string {
			var lists [][]string
			for _, text := range texts {
				lists = append(lists, strings.Fields(text))
			}
			return lists
		},
	}).ParseFiles(filepath.Join("testdata", "literature.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := text.Execute(&page, nil); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// inPercent writes a share as the literature does: two decimals below ten.
func inPercent(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.2f", 100*share)
	}
	return fmt.Sprintf("%.1f", 100*share)
}
