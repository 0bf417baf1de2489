package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// chartTheme says how charts look (config, for Vega-Lite), and what their words
// mean: good, bad and so on, which are the names of colours in page.css.
//
//go:embed web/theme.json
var chartTheme []byte

// meaningOfWords is the name of the colour of each word that a chart tells apart by
// colour.
func meaningOfWords() (map[string]string, error) {
	var theme struct {
		Words map[string][]string `json:"words"`
	}
	if err := json.Unmarshal(chartTheme, &theme); err != nil {
		return nil, fmt.Errorf("web/theme.json: %w", err)
	}
	meanings := make(map[string]string)
	for meaning, words := range theme.Words {
		for _, word := range words {
			if meanings[word] != "" {
				return nil, fmt.Errorf("web/theme.json: %q has two meanings", word)
			}
			meanings[word] = meaning
		}
	}
	return meanings, nil
}

// colour gives each scale of colours in a specification that names its words, and no
// colours, those of their meanings. Lines whose words have one meaning differ in their
// dashes. Words that a scale of lines does not name are those of the rows.
func colour(spec map[string]any, t *Table, rows []int) error {
	meanings, err := meaningOfWords()
	if err != nil {
		return err
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	c := colouring{meanings: meanings, table: t, rows: rows, lines: strings.Contains(string(text), `"type":"line"`)}
	return c.node(spec)
}

// A colouring is what is known of a chart while it gets its colours.
type colouring struct {
	meanings map[string]string
	table    *Table
	rows     []int
	lines    bool // marks are lines
}

func (c colouring) node(node any) error {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if err := c.node(child); err != nil {
				return err
			}
		}
	case map[string]any:
		encoding, _ := node["encoding"].(map[string]any)
		if channel, ok := encoding["color"].(map[string]any); ok {
			if err := c.channel(node, channel); err != nil {
				return err
			}
		}
		for _, child := range node {
			if err := c.node(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// channel gives the colours of a channel of the view.
func (c colouring) channel(view, channel map[string]any) error {
	scale, _ := channel["scale"].(map[string]any)
	words, _ := scale["domain"].([]any)
	var colours []string
	switch {
	case scale["range"] != nil:
		return nil
	case words != nil:
		for _, word := range words {
			meaning := c.meanings[fmt.Sprint(word)]
			if meaning == "" {
				return fmt.Errorf("web/theme.json does not say what %q means", word)
			}
			colours = append(colours, "var(--"+meaning+")")
		}
	case c.lines && channel["field"] != nil:
		words = c.words(fmt.Sprint(channel["field"]))
		neutral := []string{"plain", "other", "third"}
		for i := range words {
			colours = append(colours, "var(--"+neutral[i%len(neutral)]+")")
		}
	default:
		return nil
	}
	channel["scale"] = map[string]any{"domain": words, "range": colours}
	if dashes := dashesOf(colours); c.lines && dashes != nil {
		dash := maps.Clone(channel)
		dash["scale"] = map[string]any{"domain": words, "range": dashes}
		for _, lines := range linesOf(view) {
			lines["encoding"].(map[string]any)["strokeDash"] = dash
		}
	}
	return nil
}

// linesOf are the layers of a view that have lines, or the view where it has no layers. Areas have no dashes.
func linesOf(view map[string]any) []map[string]any {
	layers, layered := view["layer"].([]any)
	if !layered {
		return []map[string]any{view}
	}
	var lines []map[string]any
	for _, layer := range layers {
		layer, _ := layer.(map[string]any)
		if mark, _ := layer["mark"].(map[string]any); mark["type"] == "line" {
			lines = append(lines, layer)
		}
	}
	return lines
}

// words are the values of a column in the order of the rows.
func (c colouring) words(column string) []any {
	var words []any
	for _, row := range c.rows {
		word, ok := c.table.Value(row, column).(string)
		if word = printable(word); ok && !slices.Contains(words, any(word)) {
			words = append(words, word)
		}
	}
	return words
}

// dashesOf tells lines of the same colour apart by their dashes; nil where no two
// have the same.
func dashesOf(colours []string) [][]int {
	kinds := [][]int{{1, 0}, {6, 3}, {2, 2}, {9, 3, 2, 3}}
	seen := make(map[string]int)
	var dashes [][]int
	for _, colour := range colours {
		dashes = append(dashes, kinds[seen[colour]%len(kinds)])
		seen[colour]++
	}
	if len(seen) == len(colours) {
		return nil
	}
	return dashes
}
