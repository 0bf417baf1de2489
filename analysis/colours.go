package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
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
// colours, those of their meanings.
func colour(spec map[string]any) error {
	meanings, err := meaningOfWords()
	if err != nil {
		return err
	}
	return colourIn(spec, meanings)
}

func colourIn(node any, meanings map[string]string) error {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if err := colourIn(child, meanings); err != nil {
				return err
			}
		}
	case map[string]any:
		if channel, ok := node["color"].(map[string]any); ok {
			scale, _ := channel["scale"].(map[string]any)
			words, _ := scale["domain"].([]any)
			if scale["range"] == nil && words != nil {
				var colours []string
				for _, word := range words {
					meaning := meanings[fmt.Sprint(word)]
					if meaning == "" {
						return fmt.Errorf("web/theme.json does not say what %q means", word)
					}
					colours = append(colours, "var(--"+meaning+")")
				}
				scale["range"] = colours
			}
		}
		for _, child := range node {
			if err := colourIn(child, meanings); err != nil {
				return err
			}
		}
	}
	return nil
}
