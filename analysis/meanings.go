package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// meaningsFile is written by the scanner's package explain, which also has it in what lookup shows.
//
//go:embed meanings.json
var meaningsFile []byte

// meanings are what the words of rows mean, by set: a stage for reasons, "verdict", "finding".
type meanings map[string]map[string]string

func readMeanings() (meanings, error) {
	var m meanings
	if err := json.Unmarshal(meaningsFile, &m); err != nil {
		return nil, fmt.Errorf("meanings.json: %w", err)
	}
	return m, nil
}

// of is the meaning of a value in a row of a table; empty where there is none.
func (m meanings) of(t *Table, row, column int) string {
	word, _ := t.Rows[row][column].(string)
	set := t.Columns[column].Name
	if set == "reason" {
		set = t.stage(row)
	}
	return m[set][word]
}

// stage is where the reason of a row arose.
func (t *Table) stage(row int) string {
	switch t.Query.Name {
	case "tls_reasons":
		return "tls"
	case "policy_errors":
		return "syntax"
	}
	if stage, ok := t.Value(row, "stage").(string); ok {
		return stage
	}
	return "record"
}
