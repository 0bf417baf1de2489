package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A night is a world and how it is scanned.
type night struct {
	world world
	flags string
}

// changesOf scans nights and lists what changed, regressions with an exclamation mark, and the runs.
func changesOf(t *testing.T, nights ...night) (changes, runs []string) {
	t.Helper()
	for i, n := range nights {
		dir := filepath.Join(t.TempDir(), fmt.Sprintf("night-%d", i+1))
		runs = append(runs, n.world.scan(t, dir, strings.Fields(n.flags)...))
	}
	return changesBetween(t, runs...), runs
}

// changesBetween lists what changed between runs, as changesOf. The scanner must say the same of each pair.
func changesBetween(t *testing.T, runs ...string) (changes []string) {
	t.Helper()
	store := openRuns(t, runs...)
	testDiffs(t, runs)
	each(t, store.db, "SELECT night, domain, kind, regression FROM changed ORDER BY ALL", func(scan func(...any)) {
		var e event
		var regression bool
		scan(&e.night, &e.domain, &e.kind, &regression)
		text := fmt.Sprintf("%d %s: %s", e.night, e.domain, e.kind)
		if regression {
			text += "!"
		}
		changes = append(changes, text)
	})
	return changes
}

// Runs that asked different things are compared in what both asked.
func TestComparison(t *testing.T) {
	worldOf := func(change func(*site), domains ...string) world {
		w := make(world)
		for _, domain := range domains {
			s := good(domain, "1")
			change(&s)
			w.add(s)
		}
		w.add(good("same.com", "1"))
		return w
	}
	of := func(change func(*site), flags string) night { return night{worldOf(change, "a.com"), flags} }
	as := func(*site) {}
	smtp := func(play string) func(*site) { return func(s *site) { s.smtp = play } }
	fault := func(faults ...string) func(*site) { return func(s *site) { s.faults = faults } }
	drifted := func(s *site) { s.mx = "mx.elsewhere.example" }
	hosted := func(faults ...string) func(*site) {
		return func(s *site) {
			s.host, s.addrs, s.faults = "customer.sts.provider.net", []string{"22.1.220.1"}, faults
		}
	}
	optedOut := filepath.Join(t.TempDir(), "optedout.txt")
	if err := os.WriteFile(optedOut, []byte("=mta-sts.a.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lost := []string{"2 a.com: policy broken!"}
	for _, test := range []struct {
		name   string
		nights []night
		want   []string
	}{
		{
			"certificates that one run alone looked at",
			[]night{of(smtp("no-starttls"), ""), of(smtp("no-starttls"), "--probe-mx"), of(smtp("no-starttls"), "")},
			nil,
		},
		{
			"certificates that both looked at, with a night between",
			[]night{of(smtp("good"), "--probe-mx"), of(smtp("good"), ""), of(smtp("no-starttls"), "--probe-mx")},
			[]string{"3 a.com: MX hosts refused!"},
		},
		{
			"names, where one run alone looked at certificates",
			[]night{of(smtp("good"), ""), of(drifted, "--probe-mx")},
			[]string{"2 a.com: MX hosts refused!", "2 a.com: MX left the policy!"},
		},
		{
			"hosts that one run did not ask for",
			[]night{of(as, ""), of(drifted, "--mx none --dane none"), of(drifted, "")},
			[]string{"3 a.com: MX hosts refused!", "3 a.com: MX left the policy!"},
		},
		{"fewer passes", []night{of(as, ""), of(fault("tcp refuse"), "--passes 1"), of(as, "")}, nil},
		{
			"fewer passes, and it lasts",
			[]night{of(as, ""), of(fault("tcp refuse"), "--passes 1"), of(fault("tcp refuse"), "")},
			[]string{"3 a.com: policy broken!"},
		},
		{"fewer passes, and what stays", []night{of(as, ""), of(fault("tls expired"), "--passes 1")}, lost},
		{"more passes", []night{of(fault("tcp refuse"), "--passes 1"), of(as, "")}, nil},
		{"as few passes", []night{of(as, "--passes 1"), of(fault("tcp refuse"), "--passes 1")}, lost},
		{"a host that opted out", []night{of(as, ""), of(as, "--exclude "+optedOut), of(as, "")}, nil},
		{"another list", []night{of(as, ""), {worldOf(as, "b.com"), ""}}, nil},
		{
			"a host that one run could not look up",
			[]night{of(hosted(), ""), of(hosted("host dns servfail"), ""), of(hosted(), "")},
			nil,
		},
		{
			"a host that one run had no reason to look up",
			[]night{of(hosted(), ""), of(func(s *site) { hosted()(s); s.record = "v=STSv1; id=a-b;" }, "")},
			[]string{"2 a.com: record broken!"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := changesOf(t, test.nights...); !slices.Equal(got, test.want) {
				t.Errorf("changes are %q, want %q", got, test.want)
			}
		})
	}
}

// A run that trusts other roots says nothing about certificates that lack nothing but trust.
func TestOtherRoots(t *testing.T) {
	before, after := make(world), make(world)
	for domain, fault := range map[string]string{"trust.com": "tls unknown-authority", "expired.com": "tls expired"} {
		s := good(domain, "1")
		before.add(s)
		s.faults = []string{fault}
		after.add(s)
	}
	first := before.scan(t, filepath.Join(t.TempDir(), "first"))
	second := after.scan(t, filepath.Join(t.TempDir(), "second"))
	want := []string{"2 expired.com: policy broken!", "2 trust.com: policy broken!"}
	if got := changesBetween(t, first, second); !slices.Equal(got, want) {
		t.Errorf("with the same roots, changes are %q, want %q", got, want)
	}
	editManifest(t, second, `"source": "[^"]*"`, `"source": "company.pem"`)
	if got := changesBetween(t, first, second); !slices.Equal(got, want[:1]) {
		t.Errorf("with other roots, changes are %q, want %q", got, want[:1])
	}
}

// To take a record away is a regression where it protected something.
func TestAbandoned(t *testing.T) {
	before, after := make(world), make(world)
	add := func(domain string, change func(*site)) {
		s := good(domain, "1")
		change(&s)
		before.add(s)
		after.add(site{domain: domain})
	}
	add("enforced.com", func(*site) {})
	add("tested.com", func(s *site) { s.policy = policyText("testing", 604800, "mail.tested.com") })
	add("none.com", func(s *site) { s.policy = policyText("none", 604800) })
	add("dead.com", func(s *site) { s.policy = "" })
	add("unparsed.com", func(s *site) { s.policy = "mode: enforce" })
	add("invalid.com", func(s *site) { s.record = "v=STSv1; id=a-b;" })
	add("unknown.com", func(s *site) { s.faults = []string{"host dns servfail"} })
	want := []string{
		"2 dead.com: abandoned abruptly", "2 enforced.com: abandoned abruptly!", "2 invalid.com: abandoned abruptly",
		"2 none.com: abandoned after mode none", "2 tested.com: abandoned abruptly", "2 unknown.com: abandoned abruptly",
		"2 unparsed.com: abandoned abruptly",
	}
	// The same kind is counted apart where it is a regression, and of the domains that both lists have.
	after.add(good("new.com", "1"), site{domain: "newer.com", record: "v=STSv1; id=a-b;"})
	changes, runs := changesOf(t, night{before, ""}, night{after, ""})
	q := Query{Name: "changes", SQL: query(t, "changes")}
	table, err := openRuns(t, runs...).Answer(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range table.Rows {
		if table.Value(i, "kind") == "abandoned abruptly" {
			got = append(got, fmt.Sprint(table.Value(i, "regression"), table.Value(i, "domains"), table.Value(i, "known")))
		}
	}
	if want := []string{"true 1 7", "false 5 7"}; !slices.Equal(got, want) {
		t.Errorf("abandoned abruptly: regression, domains, known: %q, want %q", got, want)
	}
	if got := changes; !slices.Equal(got, want) {
		t.Errorf("changes are %q, want %q", got, want)
	}
}
