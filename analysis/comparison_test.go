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
		runs = append(runs, n.world.scan(t, filepath.Join(t.TempDir(), fmt.Sprintf("night-%d", i+1)), strings.Fields(n.flags)...))
	}
	store := openRuns(t, runs...)
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
	return changes, runs
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
			[]night{{worldOf(smtp("no-starttls"), "a.com"), ""}, {worldOf(smtp("no-starttls"), "a.com"), "--probe-mx"}, {worldOf(smtp("no-starttls"), "a.com"), ""}},
			nil,
		},
		{
			"certificates that both looked at, with a night between",
			[]night{{worldOf(smtp("good"), "a.com"), "--probe-mx"}, {worldOf(smtp("good"), "a.com"), ""}, {worldOf(smtp("no-starttls"), "a.com"), "--probe-mx"}},
			[]string{"3 a.com: mail would be refused!"},
		},
		{
			"names, where one run alone looked at certificates",
			[]night{{worldOf(smtp("good"), "a.com"), ""}, {worldOf(drifted, "a.com"), "--probe-mx"}},
			[]string{"2 a.com: MX left the policy!", "2 a.com: mail would be refused!"},
		},
		{
			"hosts that one run did not ask for",
			[]night{{worldOf(as, "a.com"), ""}, {worldOf(drifted, "a.com"), "--mx none --dane none"}, {worldOf(drifted, "a.com"), ""}},
			[]string{"3 a.com: MX left the policy!", "3 a.com: mail would be refused!"},
		},
		{"fewer passes", []night{{worldOf(as, "a.com"), ""}, {worldOf(fault("tcp refuse"), "a.com"), "--passes 1"}, {worldOf(as, "a.com"), ""}}, nil},
		{
			"fewer passes, and it lasts",
			[]night{{worldOf(as, "a.com"), ""}, {worldOf(fault("tcp refuse"), "a.com"), "--passes 1"}, {worldOf(fault("tcp refuse"), "a.com"), ""}},
			[]string{"3 a.com: policy broken!"},
		},
		{"fewer passes, and what stays", []night{{worldOf(as, "a.com"), ""}, {worldOf(fault("tls expired"), "a.com"), "--passes 1"}}, lost},
		{"more passes", []night{{worldOf(fault("tcp refuse"), "a.com"), "--passes 1"}, {worldOf(as, "a.com"), ""}}, nil},
		{"as few passes", []night{{worldOf(as, "a.com"), "--passes 1"}, {worldOf(fault("tcp refuse"), "a.com"), "--passes 1"}}, lost},
		{"a host that opted out", []night{{worldOf(as, "a.com"), ""}, {worldOf(as, "a.com"), "--exclude " + optedOut}, {worldOf(as, "a.com"), ""}}, nil},
		{"another list", []night{{worldOf(as, "a.com"), ""}, {worldOf(as, "b.com"), ""}}, nil},
		{
			"a host that one run could not look up",
			[]night{{worldOf(hosted(), "a.com"), ""}, {worldOf(hosted("host dns servfail"), "a.com"), ""}, {worldOf(hosted(), "a.com"), ""}},
			nil,
		},
		{
			"a host that one run had no reason to look up",
			[]night{{worldOf(hosted(), "a.com"), ""}, {worldOf(func(s *site) { hosted()(s); s.record = "v=STSv1; id=a-b;" }, "a.com"), ""}},
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
