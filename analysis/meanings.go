package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// wordsFile is written by the scanner's package explain, whose lookup shows the same words.
//
//go:embed meanings.json
var wordsFile []byte

// changesFile has what to do about kinds of change, by the scanner's package changes, whose diff says the same.
//
//go:embed changeremedies.json
var changesFile []byte

// A dictionary is what the words of rows mean, and what to change about them.
type dictionary struct {
	Meanings meanings `json:"meanings"`
	Remedies remedies `json:"remedies"`
}

// meanings are what the words of rows mean, by set: a stage for reasons, "record", and columns such as "verdict".
type meanings map[string]map[string]string

func readDictionary() (dictionary, error) {
	var d dictionary
	if err := json.Unmarshal(wordsFile, &d); err != nil {
		return d, fmt.Errorf("meanings.json: %w", err)
	}
	var changes map[string]string
	if err := json.Unmarshal(changesFile, &changes); err != nil {
		return d, fmt.Errorf("changeremedies.json: %w", err)
	}
	d.Remedies["change"] = changes
	return d, nil
}

// of is the meaning of a value in a row of a table, and the set of its word; empty where there is none.
func (m meanings) of(t *Table, row, column int) (set, text string) {
	word, _ := t.Rows[row][column].(string)
	set = t.Columns[column].Name
	switch set {
	case "reason":
		set = t.stage(row)
	case "cause":
		set = "finding"
	}
	return set, m[set][word]
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
