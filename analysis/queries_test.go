package main

import (
	"database/sql"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

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
	m := sharedManifest(t)
	type adoption struct {
		tld                       string
		domains, present, unknown int64
		low, high                 float64
		withoutSOA                int64
		highWithoutSOA            *float64
	}
	var all []adoption
	each(t, open(t), query(t, "adoption"), func(scan func(...any)) {
		var a adoption
		scan(&a.tld, &a.domains, &a.present, &a.unknown, &a.low, &a.high, &a.withoutSOA, &a.highWithoutSOA)
		all = append(all, a)
	})
	first := all[0]
	if first.tld != "(all)" || first.domains != m.Adoption.Domains || first.present != m.Adoption.Present ||
		first.unknown != m.Adoption.Unknown || math.Abs(first.low-m.Adoption.Low) > 1e-9 ||
		math.Abs(first.high-m.Adoption.High) > 1e-9 {
		t.Errorf("%+v, run.json says %+v", first, m.Adoption)
	}
	if first.withoutSOA == 0 || first.withoutSOA != m.Counts.Findings["negative_without_soa"] {
		t.Errorf("%d without an SOA, run.json says %d", first.withoutSOA, m.Counts.Findings["negative_without_soa"])
	}
	var domains, present int64
	for _, a := range all {
		want := float64(a.present+a.unknown+a.withoutSOA) / float64(a.domains)
		many := 100*a.withoutSOA > a.domains-a.unknown // more than 1 % of those with an answer
		if many != (a.highWithoutSOA != nil) || many && math.Abs(*a.highWithoutSOA-want) > 1e-9 {
			t.Errorf("%+v, want %v where they are many", a, want)
		}
	}
	for _, a := range all[1:] {
		domains += a.domains
		present += a.present
		if a.low > a.high || a.low < 0 || a.high > 1 {
			t.Errorf("%+v", a)
		}
	}
	if domains != first.domains || present != first.present {
		t.Errorf("the TLDs have %d domains and %d records, the list %d and %d",
			domains, present, first.domains, first.present)
	}
}

// All questions about adoption give it both ways where more than 1 % of those with an answer
// were denied without an SOA.
func TestAdoptionBothWays(t *testing.T) {
	db := open(t)
	for _, name := range []string{"adoption_by_rank", "denominators"} {
		sql := strings.TrimSuffix(strings.TrimSpace(query(t, name)), ";")
		many := 0
		counts := "SELECT domains, present, unknown, without_soa, high_without_soa FROM (" + sql + "\n)"
		each(t, db, counts, func(scan func(...any)) {
			var domains, present, unknown, without int64
			var high *float64
			scan(&domains, &present, &unknown, &without, &high)
			switch want := float64(present+unknown+without) / float64(domains); {
			case (100*without > domains-unknown) != (high != nil), high != nil && math.Abs(*high-want) > 1e-9:
				t.Errorf("%s: %d of %d, and %v", name, without, domains, high)
			case high != nil:
				many++
			}
		})
		if many == 0 {
			t.Errorf("%s gives adoption one way", name)
		}
	}
}

// Each policy that is not valid, and not unknown either, fails at one stage.
func TestClusterEffectOfStages(t *testing.T) {
	var failed, stages int64
	sql := strings.TrimSuffix(strings.TrimSpace(query(t, "cluster_effect")), ";")
	each(t, open(t), "SELECT rate, domains FROM ("+sql+"\n)", func(scan func(...any)) {
		var rate string
		var domains int64
		scan(&rate, &domains)
		if strings.HasPrefix(rate, "fails at ") {
			stages += domains
		} else if rate == "policy not retrieved or not valid" {
			failed = domains
		}
	})
	if failed == 0 || stages != failed {
		t.Errorf("%d fail, %d at some stage", failed, stages)
	}
}

// The headline gives adoption both ways where many domains were denied without an SOA.
func TestAdoptionWithoutSOA(t *testing.T) {
	table := &Table{Columns: []Column{{Name: "low"}, {Name: "without_soa"}, {Name: "high_without_soa"}},
		Rows: [][]any{{0.01, int64(1234), 0.25}, {0.01, int64(2), nil}}}
	const want = "With 1,234 domains that were denied without an SOA taken for unknown: 1.00 to 25.0 %."
	if got := withoutSOA(table, 0); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := withoutSOA(table, 1); got != "" {
		t.Errorf("%q where they are few", got)
	}
}

// Each domain that publishes a record and has no valid policy fails once, or its policy is
// unknown. Their shares add up to the rate that stands above them.
func TestErrorsByStage(t *testing.T) {
	m := sharedManifest(t)
	var failed, doubtful, known, unknown int64
	var share float64
	stages := make(map[string]int64)
	db := open(t)
	each(t, db, query(t, "errors_by_stage"), func(scan func(...any)) {
		var stage, reason, policy string
		var n int64
		var part *float64
		scan(&stage, &reason, &policy, &n, &known, &unknown, &part)
		stages[stage] += n
		if (policy == "unknown") != (part == nil) {
			t.Errorf("%s: %s, policy %s: a share of %v", stage, reason, policy, part)
		}
		if part == nil {
			doubtful += n
			return
		}
		failed += n
		share += *part
	})
	published := m.Counts.Record["valid"] + m.Counts.Record["invalid"] + m.Counts.Record["multiple"]
	want := published - m.Counts.Policy["valid"]
	if failed+doubtful != want || known+unknown != published || doubtful > unknown {
		t.Errorf("%d domains fail, %d perhaps, of %d and %d; run.json says %d of %d",
			failed, doubtful, known, unknown, want, published)
	}
	rates := strings.TrimSuffix(strings.TrimSpace(query(t, "cluster_effect")), ";")
	rates = "SELECT domains, known, unknown, share FROM (" + rates + "\n) WHERE rate = 'any error'"
	each(t, db, rates, func(scan func(...any)) {
		var domains, of, more int64
		var rate float64
		scan(&domains, &of, &more, &rate)
		if domains != failed || of != known || more != unknown || math.Abs(rate-share) > 1e-9 || unknown == 0 {
			t.Errorf("%d of %d fail, %v, and %d are unknown; cluster_effect has %d of %d, %v, and %d",
				failed, known, share, unknown, domains, of, rate, more)
		}
	})
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
		var domains, n, valid, host int64
		var share float64
		scan(&operator, &domains, &n, &share, &valid, &host)
		of := float64(domains) / float64(n)
		if strings.Count(operator, ".") < 1 || domains < 1 || valid > domains || host > domains || share != of {
			t.Errorf("%s: %d of %d domains, a share of %v, %d valid policies, %d hosts too",
				operator, domains, n, share, valid, host)
		}
		got += domains
	})
	const aliases = "SELECT cnames[-1], registered_domain FROM rows " +
		"WHERE len(cnames) > 0 AND record IN ('valid', 'invalid', 'multiple')"
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

// Who pastes the files in the output directory of a scan has nothing to edit.
func TestPaste(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	t.Chdir(shared.dir)
	for _, name := range views {
		text, err := sqlFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range queries {
		each(t, db, q.SQL, func(func(...any)) {})
	}
}

// A file that does not say what it counts is refused.
func TestParseQuery(t *testing.T) {
	const rest = "--\n-- Numerator: a.\n-- Denominator: b,\n-- c.\n-- Caveat: d.\nSELECT 1;\n"
	q, err := parseQuery("q", "-- What?\n"+rest)
	want := Query{Name: "q", Question: "What?", Numerator: "a.", Denominator: "b, c.", Caveat: "d.", SQL: q.SQL}
	if err != nil || q != want || q.History() {
		t.Errorf("%+v, %v", q, err)
	}
	for _, text := range []string{
		"-- No question.\n" + rest,
		"SELECT 1;\n",
		"-- What?\n--\n-- Numerator: a.\nSELECT 1;\n",
		"-- What?\n-- because\n" + rest,
	} {
		if _, err := parseQuery("q", text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

// Every question stands in one section of the report; those about several runs are
// left out where there is one.
func TestArrange(t *testing.T) {
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for runs, first := range map[int]string{1: "takeover", 2: "takeover"} {
		kept, _, err := arrange(queries, runs)
		if err != nil || kept[0].ID != first {
			t.Errorf("%d runs: %v, %v", runs, kept, err)
		}
	}
	if _, _, err := arrange(append(queries, Query{Name: "new"}), 1); err == nil {
		t.Error("a question in no section is no error")
	}
	if _, _, err := arrange(queries[1:], 1); err == nil {
		t.Error("a section whose question is missing is no error")
	}
}
