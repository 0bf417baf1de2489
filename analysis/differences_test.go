package main

import (
	"slices"
	"strings"
	"testing"
)

// Runs that asked different things say so, and what is compared all the same.
func TestDifferences(t *testing.T) {
	run := func(change func(*Run)) Run {
		r := Run{
			Version: "v0.1.0", Schema: "1", Roots: Roots{Source: "bundle", Date: "2026-11-01"}, Suffixes: "a", Exclusions: "aa",
			Config: map[string]string{
				"probe-mx": "false", "mx": "record", "passes": "2", "deadline": "20s (1m in the last of several passes)",
				"timeout": "5s", "vantage": "", "proxy": "", "no-ipv6": "false", "sim": "", "resolvers": "",
				"names": "as_given", "strict-names": "false", "domain-column": "",
			},
			Inputs:    []Input{{Name: "list.csv", SHA256: "0123456789abcdef", Entries: 100}},
			Resolvers: []Resolver{{Addr: "192.0.2.1:53"}, {Addr: "192.0.2.2:53"}},
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	set := func(flag, value string) func(*Run) { return func(r *Run) { r.Config[flag] = value } }
	for _, test := range []struct {
		name   string
		change func(*Run)
		want   string // names of what differs
		note   string // in the note
	}{
		{"nothing", nil, "", ""},
		{"probes", set("probe-mx", "true"), "--probe-mx", "--probe-mx (false, then true): verdicts that rest on certificates"},
		{"mail", set("mx", "none"), "--mx", "--mx (record, then none): whether policies cover the hosts"},
		{"passes", func(r *Run) { r.Config["passes"], r.Config["deadline"] = "1", "20s" }, "--passes", "--passes (2, then 1): failures that may pass"},
		{"deadline", set("deadline", "5s"), "--deadline", "a slow host may"},
		{"place", set("vantage", "fra1"), "--vantage", "--vantage (none, then fra1)"},
		{"a flag that one did not know", func(r *Run) { delete(r.Config, "vantage") }, "", ""},
		{"family", set("no-ipv6", "true"), "--no-ipv6", "the family that a run lacked"},
		{"list", func(r *Run) { r.Inputs = []Input{{Name: "list.csv", SHA256: "f123456789abcdef"}} }, "lists", "domains that are not in both"},
		{"registered domains", set("names", "registered"), "--names", "--names (as_given, then registered): domains that are not in both"},
		{"strict names", set("strict-names", "true"), "--strict-names", "domains that are not in both"},
		{"another column", set("domain-column", "mail"), "--domain-column", "--domain-column (none, then mail)"},
		{"the same list by another name", func(r *Run) { r.Inputs = []Input{{Name: "other.csv", SHA256: "0123456789abcdef"}} }, "", ""},
		{"limit", set("limit", "100"), "selection", ""},
		{"opted out", func(r *Run) { r.Exclusions = "" }, "exclusions", "Exclusions (aa, then none)"},
		{"resolvers", func(r *Run) { r.Resolvers = r.Resolvers[:1] }, "resolvers", "some changes may be those of the place"},
		{"resolvers in another order", func(r *Run) { slices.Reverse(r.Resolvers) }, "", ""},
		{"roots", func(r *Run) { r.Roots.Source = "company.pem" }, "roots", "Roots (bundle, then company.pem)"},
		{"versions", func(r *Run) { r.Version, r.Schema = "v0.2.0", "2" }, "version of the scanner, version of the table", "Version of the scanner (v0.1.0, then v0.2.0), version of the table (1, then 2): some changes may be those of the program."},
		{"what a stranger wrote", set("vantage", "\x1b[31m"), "--vantage", `\x1b[31m`},
	} {
		earlier, later := run(nil), run(test.change)
		later.Selection = selectionOf(later, nil)
		found := differences([]Run{earlier, earlier, later})
		var names []string
		for _, d := range found {
			names = append(names, d.Name)
			if len(d.Values) != 3 {
				t.Errorf("%s: %s has the values %q", test.name, d.Name, d.Values)
			}
		}
		note := differenceNote(found)
		got := strings.Join(names, ", ")
		if got != test.want || !strings.Contains(note, test.note) || (note == "") != (test.want == "") {
			t.Errorf("%s: %q differ, want %q; the note is %q", test.name, got, test.want, note)
		}
	}
}
