package main

import (
	"regexp"
	"strings"
	"testing"
)

// lastLimit is the LIMIT that ends a question.
var lastLimit = regexp.MustCompile(`\nLIMIT \d+;\s*$`)

// testLimits holds that a list says how many rows it would have, were it not cut:
// each question that ends in LIMIT has the column total_rows, and no other has.
func testLimits(t *testing.T, store *Store) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for _, q := range queries {
		whole, err := store.Answer(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		limit := lastLimit.FindString(q.SQL)
		if limit == "" {
			if strings.Contains(q.SQL, "LIMIT") || whole.Column(totalColumn) >= 0 {
				t.Errorf("%s.sql: a LIMIT that does not end it, or %s without one", q.Name, totalColumn)
			}
			continue
		}
		q.SQL = strings.TrimSuffix(q.SQL, limit)
		uncut, err := store.Answer(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		q.SQL += "\nLIMIT 1"
		cut, err := store.Answer(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(uncut.Rows) > 1 {
			lists++
		}
		if cut.Column(totalColumn) < 0 || cut.Total() != int64(len(uncut.Rows)) {
			t.Errorf("%s.sql: of a list of %d rows, its first says that they are %d", q.Name, len(uncut.Rows), cut.Total())
		}
	}
	if lists == 0 {
		t.Error("no list has two rows here")
	}
}

// Page and JSON say how much of a list they have.
func TestCutList(t *testing.T) {
	for want, n := range map[string]struct{ most, listed, total int }{
		"0 rows":                  {200, 0, 0},
		"1 row":                   {200, 1, 1},
		"200 rows":                {200, 200, 200},
		"the first 25 of 69 rows": {200, 25, 69},
		"the first 1 of 2 rows":   {200, 1, 2},
		"the first 200 of 10,000 rows; the files of --csv and --json have them all":         {200, 10000, 10000},
		"the first 200 of 31,234 rows; the files of --csv and --json have the first 10,000": {200, 10000, 31234},
	} {
		table := &Table{Columns: []Column{{"name", KindText}, {totalColumn, KindCount}}}
		for range n.listed {
			table.Rows = append(table.Rows, []any{"a", int64(n.total)})
		}
		if got := table.rowsInWords(n.most); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
		table.Columns, table.Rows = table.Columns[:1], table.Rows[:min(n.listed, 1)] // no list that is cut
		if got := table.Total(); got != int64(len(table.Rows)) {
			t.Errorf("%v: a total of %d without the column", n, got)
		}
	}
	var out strings.Builder
	table := &Table{Columns: []Column{{totalColumn, KindCount}}, Rows: [][]any{{int64(69)}}}
	r := &Report{Runs: []Run{{}}, Tables: map[string]*Table{"cut": table}}
	if err := r.WriteJSON(&out); err != nil || !strings.Contains(out.String(), `"total_rows": 69,`+"\n   "+`"rows"`) {
		t.Errorf("%v: %s", err, out.String())
	}
}
