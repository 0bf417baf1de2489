package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
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
		writeManifest(t, nights[n], n+1)
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

// measurement are the questions about the asking itself: they count what is unknown as a class.
func measurement(name string) bool {
	all := sections()
	return slices.Contains(all[len(all)-1].Queries, name)
}

// sizes are questions whose classes are of things by their size: one that grows changes its class.
func sizes(name string) bool { return name == "concentration" }

// outOf names the column that a share is divided by, and that which counts what is unknown.
func (t *Table) outOf(share string) (whole, unknown string) {
	first := func(names ...string) string {
		for _, name := range names {
			if t.Column(name) >= 0 {
				return name
			}
		}
		return ""
	}
	switch share {
	case "low", "high", "high_without_soa":
		return first("n", "of_domains", "domains"), first("unknown")
	case "share", "below", "cumulative":
		if t.Column("known") < 0 {
			return first("n"), ""
		}
		return "known", first("unknown")
	}
	x := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(share, "_share"), "share_"), "of_")
	return first(x+"_known", x+"_n", "domains"), first(x+"_unknown", "unknown")
}

// divides reports whether a share is divided by the column, which is no class of its own.
func (t *Table) divides(column string) bool {
	return slices.ContainsFunc(t.shares(), func(share string) bool {
		whole, _ := t.outOf(share)
		return column == whole && (column != "domains" || share == "low")
	})
}

func (t *Table) shares() []string {
	var names []string
	for _, c := range t.Columns {
		if c.Kind == KindShare {
			names = append(names, c.Name)
		}
	}
	return names
}

// conventions says where the columns of an answer do not tell what its shares are of, and where
// they are not that.
func conventions(t *Table) (wrong []string) {
	for _, share := range t.shares() {
		whole, unknown := t.outOf(share)
		switch {
		case whole == "":
			wrong = append(wrong, fmt.Sprintf("nothing says what %s is divided by: README.md has the columns", share))
			continue
		case unknown == "" && t.Column(whole) >= 0 && whole != "n" && !strings.HasSuffix(whole, "_n") && !measurement(t.Query.Name):
			wrong = append(wrong, fmt.Sprintf("nothing says of how many %s is unknown: README.md has the columns", share))
		}
		for i := range t.Rows {
			n, ok := t.Value(i, whole).(int64)
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s, which %s is divided by, is no count", whole, share))
				break
			}
			value, ok := t.Value(i, share).(float64)
			if part := value * float64(n); ok && (value < 0 || value > 1 || math.Abs(part-math.Round(part)) > 1e-6) {
				wrong = append(wrong, fmt.Sprintf("%s of %s is %v, which is no share of %d %s", share, t.key(i), value, n, whole))
			}
			if ok && strings.Contains(" | "+t.key(i)+" | ", " | unknown | ") && !measurement(t.Query.Name) && share != "low" && share != "high" {
				wrong = append(wrong, fmt.Sprintf("%s has a %s, and is no class but what is unknown", t.key(i), share))
			}
		}
	}
	return wrong
}

// named reports whether the column names what the others of a row count.
func named(c Column) bool {
	switch c.Kind {
	case KindText, KindFlag, KindTime, KindTags:
		return !strings.HasPrefix(c.Name, "largest") && !strings.HasPrefix(c.Name, "most_often")
	case KindNumber:
		return c.Name != "points"
	}
	return false
}

// key names a row.
func (t *Table) key(row int) string {
	var names []string
	for i, c := range t.Columns {
		if named(c) {
			names = append(names, fmt.Sprint(t.Rows[row][i]))
		}
	}
	return strings.Join(names, " | ")
}

// unknownClass reports whether the row counts what is unknown.
func (t *Table) unknownClass(row int) bool {
	for i, c := range t.Columns {
		switch v := t.Rows[row][i]; {
		case named(c) && (v == "unknown" || v == "client_limit_possible" || v == "opted_out"), c.Kind == KindFlag && v == nil:
			return true
		}
	}
	return false
}

// moved says what is wrong in how an answer changed when a facet of the domain became known.
func moved(before, after *Table, f facet, domain string) (wrong []string) {
	if before.Column("domain") >= 0 {
		return movedDomains(before, after, domain)
	}
	find := func(t *Table, key string) int {
		for i := range t.Rows {
			if t.key(i) == key {
				return i
			}
		}
		return -1
	}
	for i := range before.Rows {
		if key := before.key(i); find(after, key) < 0 && !before.unknownClass(i) && !measurement(before.Query.Name) && !sizes(before.Query.Name) && len(before.Rows) < 50 {
			wrong = append(wrong, key+" is gone")
		}
	}
	for j := range after.Rows {
		key := after.key(j)
		i := find(before, key)
		if i < 0 { // a class of its own: nothing to compare its shares with
			continue
		}
		m := move{before, after, i, j, f}
		for _, c := range before.Columns {
			if why := m.wrong(c); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s: %s", key, why))
			}
		}
	}
	return wrong
}

// movedDomains says which rows of a list of domains changed that are about others.
func movedDomains(before, after *Table, domain string) (wrong []string) {
	others := func(t *Table) (keys []string) {
		for i := range t.Rows {
			if t.Value(i, "domain") != domain {
				keys = append(keys, t.key(i))
			}
		}
		return keys
	}
	if is, was := others(after), others(before); !slices.Equal(is, was) {
		wrong = append(wrong, fmt.Sprintf("other domains: new %q, gone %q", less(is, was), less(was, is)))
	}
	return wrong
}

// A move is a row of an answer before and after something became known.
type move struct {
	before, after *Table
	i, j          int
	facet         facet
}

// entered reports whether what became known may have brought the domain among those that the
// question is about at all: those with a record; hosts that were probed; domains with MX.
func (m move) entered() bool {
	name := m.before.Query.Name
	return m.facet == recordFacet || m.facet == hostsFacet && (name == "mx_probes" || name == "denominators")
}

// wrong says what is wrong in how a column changed, or nothing.
func (m move) wrong(c Column) string {
	name := m.before.Query.Name
	switch {
	case c.Kind == KindShare && !measurement(name) && !sizes(name) && !m.before.unknownClass(m.i):
		return m.wrongShare(c.Name)
	case c.Kind != KindCount, measurement(name), strings.HasPrefix(c.Name, "median"), sizes(name) && c.Name != "known" && c.Name != "unknown":
		return ""
	}
	was, is := m.count(c.Name)
	grows, falls := int64(1), int64(0)
	whole := m.before.divides(c.Name)
	switch unknown := c.Name == "unknown" || strings.HasSuffix(c.Name, "_unknown"); {
	case unknown && m.entered(), whole && m.before.unknownClass(m.i):
		falls = 1
	case c.Name == "without_known" && m.otherCluster():
		return ""
	case whole && !strings.HasSuffix(c.Name, "known"), c.Name == "without_known":
		falls = 1 // those who may be in it are in it, and the largest cluster is not
	case unknown, m.before.unknownClass(m.i):
		grows, falls = 0, 1
	}
	if is-was > grows || was-is > falls {
		return fmt.Sprintf("%s was %d and is %d", c.Name, was, is)
	}
	return ""
}

// otherCluster reports whether another cluster is the largest now, and is left out.
func (m move) otherCluster() bool {
	return m.before.Value(m.i, "largest_cluster") != m.after.Value(m.j, "largest_cluster")
}

func (m move) count(column string) (was, is int64) {
	was, _ = m.before.Value(m.i, column).(int64)
	is, _ = m.after.Value(m.j, column).(int64)
	return was, is
}

// wrongShare holds a share against what one domain can do to it.
func (m move) wrongShare(share string) string {
	was, ok := m.before.Value(m.i, share).(float64)
	is, also := m.after.Value(m.j, share).(float64)
	if !ok || !also {
		return ""
	}
	whole, unknown := m.before.outOf(share)
	wholeWas, wholeIs := m.count(whole)
	part := int64(math.Round(is*float64(wholeIs))) - int64(math.Round(was*float64(wholeWas)))
	grown := wholeIs - wholeWas
	says := fmt.Sprintf("%s was %v of %d and is %v of %d", share, was, wholeWas, is, wholeIs)
	const tiny = 1e-9
	switch {
	case share == "low" && is > was-tiny, strings.HasPrefix(share, "high") && is < was+tiny:
		return "" // within what was said before
	case share == "low" || strings.HasPrefix(share, "high"):
		if m.entered() && grown == 1 && part >= 0 && part <= 1 {
			return ""
		}
		return says + ": not within the interval"
	case share == "contribution" || share == "without": // the cluster of the domain may have been unknown
		if m.otherCluster() || max(part, -part, grown, -grown) <= 1 {
			return ""
		}
	case part >= 0 && part <= grown && grown <= 1:
		unknownWas, unknownIs := m.count(unknown)
		if whole != "known" || grown == 0 || m.entered() || unknownIs == unknownWas-1 {
			return ""
		}
		return says + fmt.Sprintf(", and %s was %d and is %d", unknown, unknownWas, unknownIs)
	}
	return says + ": no one domain can do that"
}
