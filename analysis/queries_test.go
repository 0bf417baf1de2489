package analysis

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// A query states what it asks, what is counted, out of what, and what the
// answer does not say; and it runs as it is.
func TestQueries(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	db := open(t)
	for _, q := range queries {
		names = append(names, q.Name)
		for _, word := range []string{"\n-- Numerator: ", "\n-- Denominator: ", "\n-- Caveat: ", "FROM rows"} {
			if !strings.Contains(q.SQL, word) {
				t.Errorf("%s: no %q", q.Name, word)
			}
		}
		answer := 0
		each(t, db, q.SQL, func(func(...any)) { answer++ })
		if answer == 0 {
			t.Errorf("%s: no answer", q.Name)
		}
	}
	if want := []string{"adoption", "delegation", "errors_by_stage"}; !slices.Equal(names, want) {
		t.Errorf("queries %q, want %q", names, want)
	}
}

// The README lists every query with its question.
func TestReadme(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		if line := "| `" + q.Name + ".sql` | " + q.Question + " |\n"; !strings.Contains(string(readme), line) {
			t.Errorf("no line %q", line)
		}
	}
}

func query(t *testing.T, name string) string {
	t.Helper()
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(queries, func(q Query) bool { return q.Name == name })
	if i < 0 {
		t.Fatalf("no query %s", name)
	}
	return queries[i].SQL
}

// The first row is the whole list and says what run.json says; the others add
// up to it.
func TestAdoption(t *testing.T) {
	m := readManifest(t)
	type adoption struct {
		tld                       string
		domains, present, unknown int64
		low, high                 float64
	}
	var all []adoption
	each(t, open(t), query(t, "adoption"), func(scan func(...any)) {
		var a adoption
		scan(&a.tld, &a.domains, &a.present, &a.unknown, &a.low, &a.high)
		all = append(all, a)
	})
	first := all[0]
	if first.tld != "(all)" || first.domains != m.Adoption.Domains || first.present != m.Adoption.Present || first.unknown != m.Adoption.Unknown ||
		math.Abs(first.low-m.Adoption.Low) > 1e-9 || math.Abs(first.high-m.Adoption.High) > 1e-9 {
		t.Errorf("%+v, run.json says %+v", first, m.Adoption)
	}
	var domains, present int64
	for _, a := range all[1:] {
		domains += a.domains
		present += a.present
		if a.low > a.high || a.low < 0 || a.high > 1 {
			t.Errorf("%+v", a)
		}
	}
	if domains != first.domains || present != first.present {
		t.Errorf("the TLDs have %d domains and %d records, the list %d and %d", domains, present, first.domains, first.present)
	}
}

// Each domain that publishes a record and has no valid policy fails once.
func TestErrorsByStage(t *testing.T) {
	m := readManifest(t)
	var failed int64
	var share float64
	stages := make(map[string]int64)
	each(t, open(t), query(t, "errors_by_stage"), func(scan func(...any)) {
		var stage, reason, policy string
		var n int64
		var part float64
		scan(&stage, &reason, &policy, &n, &part)
		stages[stage] += n
		failed += n
		share += part
	})
	published := m.Counts.Record["valid"] + m.Counts.Record["invalid"] + m.Counts.Record["multiple"]
	if want := published - m.Counts.Policy["valid"]; failed != want || math.Abs(share-float64(want)/float64(published)) > 1e-9 {
		t.Errorf("%d domains fail, a share of %v; run.json says %d of %d", failed, share, want, published)
	}
	for _, stage := range []string{"record", "dns", "tcp", "tls", "http", "body", "syntax"} {
		if stages[stage] == 0 {
			t.Errorf("nothing fails at stage %s", stage)
		}
	}
}

func TestDelegation(t *testing.T) {
	db := open(t)
	var got, want int64
	each(t, db, query(t, "delegation"), func(scan func(...any)) {
		var operator string
		var domains, valid, host int64
		var share float64
		scan(&operator, &domains, &share, &valid, &host)
		if strings.Count(operator, ".") != 1 || domains < 1 || valid > domains || host > domains || share <= 0 || share > 1 {
			t.Errorf("%s: %d domains, a share of %v, %d valid policies, %d hosts too", operator, domains, share, valid, host)
		}
		got += domains
	})
	const aliases = "SELECT cnames[-1], registered_domain FROM rows WHERE len(cnames) > 0 AND record IN ('valid', 'invalid', 'multiple')"
	inside := 0
	each(t, db, aliases, func(scan func(...any)) {
		var target, registered string
		scan(&target, &registered)
		if target == registered || strings.HasSuffix(target, "."+registered) {
			inside++
		} else {
			want++
		}
	})
	if got != want || want == 0 || inside == 0 {
		t.Errorf("%d domains, want %d; %d aliases stay inside", got, want, inside)
	}
}

func TestViewOfAPath(t *testing.T) {
	view, err := View("/data/it's a run")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(view, "read_parquet('/data/it''s a run/part-*.parquet', union_by_name = true)") {
		t.Error(view)
	}
}
