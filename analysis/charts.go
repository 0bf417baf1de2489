package main

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	Spec   map[string]any   `json:"spec"`
	Values []map[string]any `json:"values"`
}

// maxChartRows is how many rows of an answer a chart gets.
const maxChartRows = 2000

// chartOf is the chart of an answer, or nil where it has none or says nothing.
func chartOf(t *Table) (*Chart, error) {
	file := "charts/" + t.Query.Name + ".vl.json"
	text, err := chartFiles.ReadFile(file)
	if err != nil || len(t.Rows) == 0 {
		return nil, nil
	}
	var known struct {
		Data struct {
			Name string `json:"name"`
		} `json:"data"`
		Cut chartCut `json:"usermeta"`
	}
	c := &Chart{Name: t.Query.Name}
	if err := errors.Join(json.Unmarshal(text, &known), json.Unmarshal(text, &c.Spec)); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if known.Data.Name != "answer" {
		return nil, fmt.Errorf("%s: no specification over the data named answer", file)
	}
	rows, title := known.Cut.rows(t)
	if err := colour(c.Spec, t, rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if title != "" {
		c.Spec["title"] = title
	}
	for _, i := range rows {
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

// A chartCut says how many categories of an answer a chart shows; specifications
// have it as their usermeta.
type chartCut struct {
	First  int      `json:"first"`  // categories; 0: all
	Of     string   `json:"of"`     // what they are, in the plural
	By     []string `json:"by"`     // columns that make a category; none: each row is one
	Totals int      `json:"totals"` // rows at the top that are no categories, and are always shown
}

// rows are the rows of an answer that its chart shows, and a title that says so
// where that is not all of them. Categories of several rows are ordered by their
// domains; others are as the answer orders them.
func (c chartCut) rows(t *Table) (rows []int, title string) {
	totals := min(c.Totals, len(t.Rows))
	domains := make(map[string]int64)
	var categories []string
	category := func(row int) string {
		if len(c.By) == 0 {
			return fmt.Sprint(row)
		}
		var words []string
		for _, column := range c.By {
			words = append(words, fmt.Sprintf("%q", fmt.Sprint(t.Value(row, column))))
		}
		return strings.Join(words, " ")
	}
	for row := totals; row < len(t.Rows); row++ {
		name := category(row)
		if _, seen := domains[name]; !seen {
			categories = append(categories, name)
		}
		n, _ := t.Value(row, "domains").(int64)
		domains[name] += n
	}
	if len(c.By) > 0 {
		slices.SortStableFunc(categories, func(a, b string) int { return cmp.Compare(domains[b], domains[a]) })
	}
	shown, all := len(categories), int64(len(categories))
	if total, ok := t.Value(0, "total_rows").(int64); ok && len(c.By) == 0 { // the question cut its answer
		all = total - int64(totals)
	}
	if c.First > 0 {
		shown = min(c.First, shown)
	}
	if int64(shown) < all {
		title = fmt.Sprintf("%s of %s %s", thousands(int64(shown)), thousands(all), cmp.Or(c.Of, "rows"))
	}
	kept := make(map[string]bool)
	for _, name := range categories[:shown] {
		kept[name] = true
	}
	for row := range t.Rows {
		if row < totals || kept[category(row)] {
			rows = append(rows, row)
		}
	}
	if len(rows) > maxChartRows {
		title = fmt.Sprintf("the first %s of %s rows", thousands(maxChartRows), thousands(int64(len(rows))))
		rows = rows[:maxChartRows]
	}
	return rows, title
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
