package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// Every question is asked about a world in which a third of everything is unknown, and again after
// one unknown of it has become known, for each thing that it can become. What is said of the rest
// must not change, nor what is said of the unknown turn out wrong.
func TestUnknowns(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	dir, scratch := t.TempDir(), open(t)
	var nights []string
	world := doubtful(nil)
	for n := range 3 {
		nights = append(nights, filepath.Join(dir, fmt.Sprint("night-", n)))
		world = newDoubtful(1500, uint64(n), 3)
		world.write(t, scratch, nights[n], 0, world.numbers())
		writeRunJSON(t, nights[n], n+1)
	}
	all := cases()
	var walked [facets][]int // the domain for each case of each facet
	for f := range facets {
		for k := range all[f] {
			walked[f] = append(walked[f], world.oneUnknown(t, f, k))
		}
	}
	few := slices.Concat(walked[:]...)
	slices.Sort(few)
	few = slices.Compact(few)
	world.write(t, scratch, nights[2], 0, world.numbers(few...))
	ask := func() map[string]*Table {
		world.write(t, scratch, nights[2], 1, few)
		return answerAll(t, queries, StoreConfig{Threads: 1}, nights...)
	}
	before := ask()
	for _, q := range queries {
		if len(before[q.Name].Rows) == 0 {
			t.Errorf("%s.sql has no answer about this world: nothing is tested", q.Name)
		}
		for _, wrong := range conventions(before[q.Name]) {
			t.Errorf("%s.sql: %s", q.Name, wrong)
		}
	}
	for f := range facets {
		for k, i := range walked[f] {
			was := world[i]
			if world[i][f] = k; f == limitFacet {
				world[i][policyFacet] = k
			}
			after := ask()
			domain := was.row(i, all)["domain"].(string)
			for _, q := range queries {
				for _, wrong := range moved(before[q.Name], after[q.Name], f, domain) {
					t.Errorf("%s.sql, when the %s of %s becomes %v: %s", q.Name, f, domain, all[f][k], wrong)
				}
			}
			world[i] = was
		}
	}
}

// oneUnknown is a domain of which all is known but one facet: another for each value that this
// may have.
func (d doubtful) oneUnknown(t *testing.T, f facet, nth int) int {
	t.Helper()
	all, last := cases(), -1
	for i, l := range d {
		known := l[f] < 0
		for g := range facets {
			known = known && (g == f || l[g] >= 0)
		}
		row := l.row(i, all)
		switch f { // only where there is something that may be known
		case policyFacet, limitFacet:
			known = known && row["record"] == "valid"
		case matchFacet:
			known = known && row["mx_match"] == "unknown"
		case wildcardFacet, probeFacet:
			known = known && row["record"] == "valid" && row["mx"] != nil
		}
		if known {
			if last = i; nth == 0 {
				return i
			}
			nth--
		}
	}
	if last < 0 {
		t.Fatalf("no domain of which the %s alone is unknown", f)
	}
	return last
}

// answerAll answers the questions about the runs.
func answerAll(t testing.TB, queries []Query, config StoreConfig, dirs ...string) map[string]*Table {
	t.Helper()
	store, err := OpenStore(t.Context(), config, dirs...)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, statement := range []string{ // once, and not for each question
		"CREATE TEMP TABLE once AS FROM rows", "DROP VIEW rows", "ALTER TABLE once RENAME TO rows",
	} {
		if _, err := store.db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(map[string]*Table)
	for _, q := range queries {
		if answers[q.Name], err = store.Answer(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}
