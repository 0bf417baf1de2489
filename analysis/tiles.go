package main

import "fmt"

// A tile is a figure that people quote, at the top of the page.
type tile struct {
	Label, Value, Of, Note string
	Change                 *change
}

// A change is what differs from the run before.
type change struct{ Text, Class string }

// tiles are the cards of the headline, with what differs from the run before.
func (r *Report) tiles() []tile {
	var tiles []tile
	for _, c := range r.cards() {
		tiles = append(tiles, tile{Label: c.Label, Value: c.Value, Of: c.Of, Note: c.Note})
	}
	return tiles
}

// teamTiles are the counts that a team goes by.
func (r *Report) teamTiles() []tile {
	verdicts := r.Tables["verdicts"]
	of := func(words ...string) int64 {
		var n int64
		for _, word := range words {
			if i := verdicts.Find("verdict", word); i >= 0 {
				n += verdicts.Value(i, "domains").(int64)
			}
		}
		return n
	}
	adoption := r.Tables["adoption"]
	var present, unknown int64
	if all := adoption.Find("tld", "(all)"); all >= 0 {
		present, unknown = adoption.Value(all, "present").(int64), adoption.Value(all, "unknown").(int64)
	}
	out := fmt.Sprintf("of %s", count(r.Run().Rows, "domain"))
	tiles := []tile{
		{Label: "With a record", Value: thousands(present), Of: fmt.Sprintf("%s, %s unknown", out, thousands(unknown))},
		{Label: "Protected", Value: thousands(of("enforce_ok")), Of: "mode enforce, and nothing fails"},
		{Label: "Mail refused", Value: thousands(of("enforce_refused", "enforce_partial")), Of: "by all hosts, or by some"},
		{Label: "Not protected", Value: thousands(of("broken")), Of: "a record, and no policy to apply"},
	}
	if len(r.Runs) > 1 {
		tiles = append(tiles, tile{Label: "Broken since the last run", Value: thousands(int64(len(r.broken()))), Of: "domains"})
	}
	return append(tiles, tile{Label: "Takeover risk", Value: thousands(int64(len(r.Tables["takeover"].Rows))), Of: "names that somebody else could take"})
}
