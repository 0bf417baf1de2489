package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A tile is a figure that people quote, at the top of the page.
type tile struct {
	Label, Value, Of, Note string
	Class                  string // of the value
	Change                 *change
}

// A change is what differs from the run before.
type change struct{ Text, Class string }

// tileQueries are the answers that tiles are made of.
var tileQueries = []string{"adoption", "cluster_effect", "verdicts", "takeover"}

// AskBefore asks the questions behind the tiles about the run before the last: they are the same questions, so that
// what differs is what the runs saw. A share that a selection fixed is in neither. Nil where there is one run.
func AskBefore(ctx context.Context, config StoreConfig, runs []Run) (map[string]*Table, error) {
	if len(runs) < 2 {
		return nil, nil
	}
	store, err := OpenStore(ctx, config, runs[len(runs)-2].Dir)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	queries, err := Queries()
	if err != nil {
		return nil, err
	}
	before := make(map[string]*Table)
	for _, q := range queries {
		if !slices.Contains(tileQueries, q.Name) {
			continue
		}
		if before[q.Name], err = store.Answer(ctx, q); err != nil {
			return nil, err
		}
		before[q.Name].holdToSelections(runs[len(runs)-2 : len(runs)-1])
	}
	return before, nil
}

// tiles are the cards of the headline, with what differs from the run before.
func (r *Report) tiles() []tile {
	changes := map[string]*change{
		"adoption":                          r.intervalChange(),
		"policy not retrieved or not valid": r.shareChange("policy not retrieved or not valid", -1),
		"mode enforce":                      r.shareChange("mode enforce", 1),
		"mail is refused":                   r.shareChange("mail is refused", -1),
	}
	var tiles []tile
	for _, c := range r.cards() {
		tiles = append(tiles, tile{Label: c.Label, Value: c.Value, Of: c.Of, Note: c.Note, Change: changes[c.Rate]})
	}
	return tiles
}

// intervalChange is that of adoption: of both its ends, because what is between them is not known in either run.
func (r *Report) intervalChange() *change {
	now, before := r.Tables["adoption"], r.Before["adoption"]
	if before == nil || r.asksOtherwise(restsOn("adoption")...) {
		return nil
	}
	i, k := now.Find("tld", "(all)"), before.Find("tld", "(all)")
	if i < 0 || k < 0 {
		return nil
	}
	differs := func(column string) (float64, bool) {
		a, ok := now.Value(i, column).(float64)
		b, also := before.Value(k, column).(float64)
		return a - b, ok && also
	}
	low, ok := differs("low")
	high, also := differs("high")
	if !ok || !also {
		return nil
	}
	c := &change{Text: points(low) + " points"}
	if points(low) != points(high) {
		c.Text = fmt.Sprintf("the least %s, the greatest %s points", points(low), points(high))
	}
	if low*high > 0 { // both ends say the same
		c.Class = direction(low, 1)
	}
	return r.sinceBefore(c)
}

// shareChange is that of a rate, of the domains that are known in each of the runs; good is 1 where more is better.
func (r *Report) shareChange(rate string, good int) *change {
	now, before := r.Tables["cluster_effect"], r.Before["cluster_effect"]
	if before == nil || r.asksOtherwise(restsOn(rate)...) {
		return nil
	}
	i, k := now.Find("rate", rate), before.Find("rate", rate)
	if i < 0 || k < 0 {
		return nil
	}
	share, ok := now.Value(i, "share").(float64)
	old, also := before.Value(k, "share").(float64)
	if !ok || !also {
		return nil
	}
	c := &change{Text: points(share-old) + " points", Class: direction(share-old, good)}
	if now.Value(i, "unknown") != int64(0) || before.Value(k, "unknown") != int64(0) {
		c.Text += " of the known"
	}
	return r.sinceBefore(c)
}

// restsOn names what both runs must have asked alike for a rate, or a number of domains, to be compared.
func restsOn(what string) []string {
	switch what {
	case "mail is refused", "refused", "protected":
		return []string{"simulated Internet", "--passes", "roots", "--mx", "--probe-mx"}
	case "policy not retrieved or not valid", "mode enforce", "broken":
		return []string{"simulated Internet", "--passes", "roots"}
	}
	return []string{"simulated Internet"}
}

// countChange is that of a number of domains: of whole lists, as a selection says how many they are.
func (r *Report) countChange(what string, now, before int64, good int) *change {
	if r.Before == nil || r.asksOtherwise(append(restsOn(what), "selection")...) {
		return nil
	}
	return r.sinceBefore(&change{Text: signed(now - before), Class: direction(float64(now-before), good)})
}

// sinceBefore says what a change is against.
func (r *Report) sinceBefore(c *change) *change {
	c.Text += " since the run before"
	switch {
	case r.asksOtherwise("selection"):
		c.Text += ", of other domains"
	case r.asksOtherwise("lists"):
		c.Text += ", of other lists"
	}
	return c
}

// asksOtherwise reports whether one of these is another in the last run than in the one before it.
func (r *Report) asksOtherwise(names ...string) bool {
	return slices.ContainsFunc(differences(r.Runs[len(r.Runs)-2:]), func(d Difference) bool {
		return slices.Contains(names, d.Name)
	})
}

// direction is the class of a change: good is 1 where more is better, and -1 where less is.
func direction(difference float64, good int) string {
	switch {
	case difference*float64(good) > 0:
		return "good"
	case difference*float64(good) < 0:
		return "bad"
	}
	return ""
}

// points is a difference of shares, signed, in percentage points.
func points(difference float64) string {
	text := strings.TrimSuffix(percent(difference), " %")
	if strings.Trim(text, "-0.") == "" {
		return "±0"
	}
	return sign(text)
}

// signed is a difference of counts.
func signed(n int64) string {
	if n == 0 {
		return "±0"
	}
	return sign(thousands(n))
}

func sign(text string) string {
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		return "−" + rest
	}
	return "+" + text
}

// teamTiles are the counts that a team goes by.
func (r *Report) teamTiles() []tile {
	unknown := r.standing(r.Tables, "unknown")
	of := fmt.Sprintf("of %s, %s unknown", count(r.Run().Rows, "domain"), thousands(unknown))
	unjudged := "" // the domains with a record that may belong to the next three
	if n := r.standing(r.Tables, "unjudged"); n > 0 {
		unjudged = fmt.Sprintf("; %s unknown", thousands(n))
	}
	tiles := []tile{
		r.countTile("With a record", of, "present", 1),
		r.countTile("Protected", "mode enforce, and nothing fails"+unjudged, "protected", 1),
		r.countTile("Mail refused", "by all hosts, or by some"+unjudged, "refused", -1),
		r.countTile("Not protected", "a record, and no policy to apply"+unjudged, "broken", -1),
	}
	if len(r.Runs) > 1 {
		n := int64(len(r.broken()))
		t := tile{Label: "Broken since the run before", Of: "domains", Class: badIfAny(n)}
		t.Value = atLeast(r.brokenCut(), thousands(n))
		tiles = append(tiles, t)
	}
	return append(tiles, r.countTile("Takeover risk", "names that somebody else could take", "takeover", -1))
}

func (r *Report) countTile(label, of, what string, good int) tile {
	now := r.standing(r.Tables, what)
	t := tile{Label: label, Value: thousands(now), Of: of}
	if good < 0 {
		t.Class = badIfAny(now)
	}
	if r.Before != nil {
		t.Change = r.countChange(what, now, r.standing(r.Before, what), good)
	}
	return t
}

// badIfAny is the class of a number of faults.
func badIfAny(n int64) string {
	if n > 0 {
		return "bad"
	}
	return ""
}

// standing counts domains of a run by what its answers say of them.
func (r *Report) standing(answers map[string]*Table, what string) int64 {
	var n int64
	verdicts := map[string][]string{
		"protected": {"enforce_ok"}, "refused": {"enforce_refused", "enforce_partial"}, "broken": {"broken"},
	}
	switch what {
	case "present", "unknown":
		if all := answers["adoption"].Find("tld", "(all)"); all >= 0 {
			n, _ = answers["adoption"].Value(all, what).(int64)
		}
	case "unjudged":
		if len(answers["verdicts"].Rows) > 0 { // the same in each
			n, _ = answers["verdicts"].Value(0, "present_unknown").(int64)
		}
	case "takeover":
		n = answers["takeover"].Total()
	default:
		for _, word := range verdicts[what] {
			if i := answers["verdicts"].Find("verdict", word); i >= 0 {
				domains, _ := answers["verdicts"].Value(i, "domains").(int64)
				n += domains
			}
		}
	}
	return n
}
