package main

import "testing"

// A reason means what its stage makes of it, in tables of one stage too.
func TestMeanings(t *testing.T) {
	words, err := readDictionary()
	if err != nil {
		t.Fatal(err)
	}
	m := words.Meanings
	for _, tt := range []struct {
		query, column, stage, word, want string
	}{
		{"errors_by_stage", "reason", "tls", "timeout", ""},
		{"errors_by_stage", "reason", "http", "timeout", m["http"]["timeout"]},
		{"errors_by_stage", "reason", "record", "id_missing", m["record"]["id_missing"]},
		{"tls_reasons", "reason", "", "expired", m["tls"]["expired"]},
		{"policy_errors", "reason", "", "max_age_over", m["syntax"]["max_age_over"]},
		{"unknowns", "reason", "", "servfail", m["record"]["servfail"]},
		{"findings", "finding", "", "max_age_over", m["finding"]["max_age_over"]},
		{"verdicts", "verdict", "", "broken", m["verdict"]["broken"]},
		{"findings", "domains", "", "max_age_over", ""},
	} {
		table := &Table{Query: Query{Name: tt.query}, Columns: []Column{{Name: tt.column}}, Rows: [][]any{{tt.word}}}
		if tt.stage != "" {
			table.Columns, table.Rows[0] = append(table.Columns, Column{Name: "stage"}), append(table.Rows[0], tt.stage)
		}
		if _, got := m.of(table, 0, 0); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
	for set, words := range m {
		if len(words) == 0 {
			t.Errorf("no meanings of %s", set)
		}
	}
}
