package main

import (
	"slices"
	"strings"
	"testing"
)

// What differs from the run before has a sign, the same unit, and says what it leaves out.
func TestTileChanges(t *testing.T) {
	adoption := func(low, high float64) *Table {
		return &Table{Columns: []Column{{Name: "tld"}, {Name: "low"}, {Name: "high"}}, Rows: [][]any{{"(all)", low, high}}}
	}
	effect := func(share any, unknown int64) *Table {
		return &Table{
			Columns: []Column{{Name: "rate"}, {Name: "share"}, {Name: "unknown"}},
			Rows:    [][]any{{"mail is refused", share, unknown}},
		}
	}
	same, other := []Input{{SHA256: "a"}}, []Input{{SHA256: "b"}}
	for _, tt := range []struct {
		name        string
		now, before *Table
		lists       []Input
		text, class string
	}{
		{"nothing is unknown", adoption(0.012, 0.012), adoption(0.01, 0.01), same, "+0.200 points since the run before", "good"},
		{"both ends fall alike", adoption(0.40, 0.50), adoption(0.45, 0.55), same, "−5.00 points since the run before", "bad"},
		{"fewer are unknown", adoption(0.45, 0.50), adoption(0.40, 0.62), same, "the least +5.00, the greatest −12.0 points since the run before", ""},
		{"nothing changed", adoption(0.4, 0.4), adoption(0.4, 0.4), same, "±0 points since the run before", ""},
		{"other lists", adoption(0.4, 0.4), adoption(0.4, 0.4), other, "±0 points since the run before, of other lists", ""},
		{"more is refused", effect(0.02, 0), effect(0.01, 0), same, "+1.00 points since the run before", "bad"},
		{"less is refused, some unknown", effect(0.01, 3), effect(0.02, 0), same, "−1.00 points of the known since the run before", "good"},
		{"some were unknown", effect(0.01, 0), effect(0.01, 3), same, "±0 points of the known since the run before", ""},
		{"of nothing", effect(nil, 3), effect(0.01, 3), same, "", ""},
	} {
		r := &Report{
			Runs:   []Run{{Inputs: same}, {Inputs: tt.lists}},
			Tables: map[string]*Table{"adoption": tt.now, "cluster_effect": tt.now},
			Before: map[string]*Table{"adoption": tt.before, "cluster_effect": tt.before},
		}
		c := r.intervalChange()
		if tt.now.Column("rate") >= 0 {
			c = r.shareChange("mail is refused", -1)
		}
		if c == nil {
			c = new(change)
		}
		if c.Text != tt.text || c.Class != tt.class {
			t.Errorf("%s: %q %q, want %q %q", tt.name, c.Text, c.Class, tt.text, tt.class)
		}
	}
	first := &Report{Runs: make([]Run, 1), Tables: map[string]*Table{"adoption": adoption(0.1, 0.2)}}
	if c := first.intervalChange(); c != nil {
		t.Errorf("%+v, and there is no run before", c)
	}
}

// A difference is of what both runs asked alike, and says where it is of other domains.
func TestTilesOfUnlikeRuns(t *testing.T) {
	effect := &Table{
		Columns: []Column{{Name: "rate"}, {Name: "share"}, {Name: "unknown"}},
		Rows:    [][]any{{"mail is refused", 0.1, int64(0)}, {"mode enforce", 0.1, int64(0)}},
	}
	flags := func(name, value string) Run { return Run{Config: map[string]string{name: value}} }
	valid := Run{Selection: &Selection{Text: "the 3 domains of the run r with record=valid"}}
	for _, tt := range []struct {
		name        string
		now, before Run
		shown       []string // what has a difference, of these five
	}{
		{"alike", Run{}, Run{}, []string{"mail is refused", "mode enforce", "refused", "protected", "takeover"}},
		{"probes", flags("probe-mx", "true"), flags("probe-mx", "false"), []string{"mode enforce", "takeover"}},
		{"no MX", flags("mx", "none"), flags("mx", "record"), []string{"mode enforce", "takeover"}},
		{"passes", flags("passes", "2"), flags("passes", "1"), []string{"takeover"}},
		{"roots", Run{Roots: Roots{Source: "a"}}, Run{Roots: Roots{Source: "b"}}, []string{"takeover"}},
		{"a simulation", flags("sim", "errors"), Run{}, nil},
		{"a selection", valid, Run{}, []string{"mail is refused", "mode enforce"}},
	} {
		r := &Report{
			Runs:   []Run{tt.before, tt.now},
			Tables: map[string]*Table{"cluster_effect": effect}, Before: map[string]*Table{"cluster_effect": effect},
		}
		var shown []string
		for _, what := range []string{"mail is refused", "mode enforce", "refused", "protected", "takeover"} {
			c := r.shareChange(what, 1)
			if effect.Find("rate", what) < 0 {
				c = r.countChange(what, 2, 1, 1)
			}
			if c == nil {
				continue
			}
			shown = append(shown, what)
			if other := strings.HasSuffix(c.Text, ", of other domains"); other != (tt.now.Selection != nil) {
				t.Errorf("%s: %s: %q", tt.name, what, c.Text)
			}
		}
		if !slices.Equal(shown, tt.shown) {
			t.Errorf("%s: a difference stands for %q, want %q", tt.name, shown, tt.shown)
		}
	}
}

// The tiles of a team say how many domains may belong to a number, and are not known to.
func TestTeamTilesSayUnknown(t *testing.T) {
	column := func(names ...string) (columns []Column) {
		for _, name := range names {
			columns = append(columns, Column{Name: name})
		}
		return columns
	}
	r := &Report{Runs: make([]Run, 1), Tables: map[string]*Table{
		"adoption": {Columns: column("tld", "present", "unknown"), Rows: [][]any{{"(all)", int64(471), int64(162)}}},
		"verdicts": {
			Columns: column("verdict", "domains", "present_unknown"),
			Rows:    [][]any{{"unknown", int64(345), int64(183)}, {"broken", int64(285), int64(183)}},
		},
		"takeover": {},
	}}
	for _, name := range []string{"tags", "fix_first"} {
		r.Tables[name] = &Table{}
	}
	for mx, want := range map[string]string{"none": "Not known: ", "record": "Nothing."} {
		r.Runs[0].Config = map[string]string{"mx": mx}
		team, err := r.team()
		if err != nil || !strings.HasPrefix(team.Lists[1].None, want) {
			t.Errorf("--mx %s: %+v, %v", mx, team, err)
		}
	}
	r.Runs = make([]Run, 2)
	r.Tables["changed_domains"] = &Table{
		Columns: column("kind", "regression", "domain", totalColumn), Rows: [][]any{{"policy broken", true, "a.com", int64(2)}},
	}
	if tile := r.teamTiles()[4]; tile.Value != "at least 1" {
		t.Errorf("%s: %s, of a list that is cut", tile.Label, tile.Value)
	}
	for _, tile := range r.teamTiles()[1:4] {
		if !strings.HasSuffix(tile.Of, "; 183 unknown") {
			t.Errorf("%s: %s %s, and 183 are unknown", tile.Label, tile.Value, tile.Of)
		}
	}
}
