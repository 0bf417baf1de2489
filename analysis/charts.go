package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Each chart is a Vega-Lite specification for the answer to the question of the
// same name, whose rows it finds under the name "answer".
//
//go:embed charts/*.vl.json
var chartFiles embed.FS

// A Chart is what the page draws.
type Chart struct {
	Name   string           `json:"name"`
	Spec   json.RawMessage  `json:"spec"`
	Values []map[string]any `json:"values"`
}

// maxChartRows is how many rows of an answer a chart gets.
const maxChartRows = 2000

// chartOf is the chart of an answer, or nil where it has none or says nothing.
func chartOf(t *Table) (*Chart, error) {
	spec, err := chartFiles.ReadFile("charts/" + t.Query.Name + ".vl.json")
	if err != nil || len(t.Rows) == 0 {
		return nil, nil
	}
	for _, name := range t.fixedColumns() {
		if strings.Contains(string(spec), strconv.Quote(name)) {
			return nil, nil
		}
	}
	var check struct {
		Data struct {
			Name string `json:"name"`
		} `json:"data"`
	}
	if err := json.Unmarshal(spec, &check); err != nil || check.Data.Name != "answer" {
		return nil, fmt.Errorf("charts/%s.vl.json: no specification over the data named answer: %w", t.Query.Name, err)
	}
	c := &Chart{Name: t.Query.Name, Spec: spec}
	for i := range t.Rows[:min(len(t.Rows), maxChartRows)] {
		values := t.record(i)
		for name, v := range values {
			switch v := v.(type) {
			case string:
				values[name] = printable(v)
			case time.Time:
				values[name] = v.UTC().Format(time.RFC3339)
			case Tags:
				delete(values, name)
			}
		}
		c.Values = append(c.Values, values)
	}
	return c, nil
}

// Charts lists the names of the questions that have a chart.
func Charts() ([]string, error) {
	entries, err := chartFiles.ReadDir("charts")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".vl.json"))
	}
	slices.Sort(names)
	return names, nil
}
