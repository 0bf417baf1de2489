package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A chart that shows the first categories alone says of how many.
func TestChartCut(t *testing.T) {
	table := func(columns []string, rows ...[]any) *Table {
		var t Table
		for _, name := range columns {
			t.Columns = append(t.Columns, Column{Name: name})
		}
		t.Rows = rows
		return &t
	}
	stages := table([]string{"stage", "reason", "policy", "domains"},
		[]any{"dns", "nxdomain", "missing", int64(3)},
		[]any{"tls", "expired", "unreachable", int64(2)},
		[]any{"http", "malformed", "unreachable", int64(2)},
		[]any{"http", "malformed", "unknown", int64(2)},
	)
	var many [][]any
	for i := range maxChartRows + 1 {
		many = append(many, []any{int64(i)})
	}
	for _, test := range []struct {
		name  string
		cut   chartCut
		table *Table
		rows  string
		title string
	}{
		{"all rows", chartCut{}, stages, "[0 1 2 3]", ""},
		{"as many as there are", chartCut{First: 4, Of: "rows"}, stages, "[0 1 2 3]", ""},
		{"first rows", chartCut{First: 2, Of: "reasons"}, stages, "[0 1]", "2 of 4 reasons"},
		{"largest categories of several rows", chartCut{First: 1, Of: "reasons", By: []string{"stage", "reason"}}, stages, "[2 3]", "1 of 3 reasons"},
		{"categories of a tie, as they come", chartCut{First: 2, Of: "stages", By: []string{"stage"}}, stages, "[0 2 3]", "2 of 3 stages"},
		{"a total is no category", chartCut{First: 2, Of: "domains", Totals: 1}, stages, "[0 1 2]", "2 of 3 domains"},
		{"a total alone", chartCut{First: 2, Of: "domains", Totals: 1}, table([]string{"domains"}, []any{int64(1)}), "[0]", ""},
		{"the question cut its answer", chartCut{First: 2, Of: "operators"}, table([]string{"total_rows"}, []any{int64(400)}, []any{int64(400)}),
			"[0 1]", "2 of 400 operators"},
	} {
		rows, title := test.cut.rows(test.table)
		if fmt.Sprint(rows) != test.rows || title != test.title {
			t.Errorf("%s: rows %v, %q; want %s, %q", test.name, rows, title, test.rows, test.title)
		}
	}
	rows, title := chartCut{}.rows(table([]string{"n"}, many...))
	if len(rows) != maxChartRows || title != "the first 2,000 of 2,001 rows" {
		t.Errorf("%d rows, %q", len(rows), title)
	}
}

// Each axis has one unit: shares are in percent, counts have whole ticks, and what is
// neither says what it is. Text beside the marks of an axis has the same unit.
func TestChartUnits(t *testing.T) {
	names, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := chartFiles.ReadFile("charts/" + name + ".vl.json")
		if err != nil {
			t.Fatal(err)
		}
		var spec map[string]any
		if err := json.Unmarshal(text, &spec); err != nil {
			t.Fatal(err)
		}
		axes := make(map[string]bool)
		for _, encoding := range encodings(spec) {
			for _, channel := range []string{"x", "y"} {
				position, _ := encoding[channel].(map[string]any)
				axis, _ := position["axis"].(map[string]any)
				if position["type"] != "quantitative" || axis == nil {
					continue
				}
				format, _ := axis["format"].(string)
				title := fmt.Sprint(position["title"])
				switch {
				case strings.HasSuffix(format, "p"): // a share
					axes[channel+" share"] = true
				case format == ",d" && axis["tickMinStep"] == 1.0: // a count
					axes[channel+" count"] = true
				case strings.Contains(title, "days") || strings.Contains(title, "milliseconds"):
				default:
					t.Errorf("%s: the axis of %s is neither a share nor a count with whole ticks", name, title)
				}
			}
			label, _ := encoding["text"].(map[string]any)
			format, _ := label["format"].(string)
			if axes["x count"] && (strings.HasSuffix(format, "p") || label["field"] == "caption") {
				t.Errorf("%s: shares beside the marks, and an axis of counts", name)
			}
			if axes["x share"] && strings.HasPrefix(format, ",") {
				t.Errorf("%s: counts beside the marks, and an axis of shares", name)
			}
		}
		for _, channel := range []string{"x", "y"} {
			if axes[channel+" share"] && axes[channel+" count"] {
				t.Errorf("%s: shares and counts on one axis", name)
			}
		}
	}
}

// encodings are those of a specification, and of its layers.
func encodings(spec map[string]any) []map[string]any {
	var found []map[string]any
	if encoding, ok := spec["encoding"].(map[string]any); ok {
		found = append(found, encoding)
	}
	for _, key := range []string{"layer", "hconcat", "vconcat"} {
		layers, _ := spec[key].([]any)
		for _, layer := range layers {
			if layer, ok := layer.(map[string]any); ok {
				found = append(found, encodings(layer)...)
			}
		}
	}
	if inner, ok := spec["spec"].(map[string]any); ok {
		found = append(found, encodings(inner)...)
	}
	return found
}
