package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A selection is told from run.json: what was chosen, of what, and how often.
func TestSelection(t *testing.T) {
	first := &lineage{Run: "first", Only: "valid", Rows: 1200, Status: "complete", Limit: 5000}
	for _, test := range []struct {
		name        string
		limit       string // of the run's flags
		from        *lineage
		text, title string // "": no selection
	}{
		{"all", "0", nil, "", ""},
		{"a limit beyond the lists", "101", nil, "", ""},
		{"the first entries", "100", nil, "the first 100 entries of the lists", "the first 100 entries"},
		{
			"a class", "0", &lineage{Run: "r", Only: "unknown", Rows: 3, Status: "suspect"},
			"the 3 domains of the run r with record=unknown", "domains with record=unknown",
		},
		{
			"of a run that had a limit", "0", first,
			"the 1,200 domains of the run first with record=valid, which asked the first 5,000 entries of its lists", "domains with record=valid",
		},
		{
			"of a selection", "100", &lineage{Run: "second", Only: "policy=unreachable", Rows: 30, Status: "incomplete", From: first},
			"the first 100 of the 30 domains of the run second with policy=unreachable, which was not complete, chosen from " +
				"the 1,200 domains of the run first with record=valid, which asked the first 5,000 entries of its lists",
			"the first 100 domains with record=valid, then policy=unreachable",
		},
		{"a verdict", "0", &lineage{Run: "r", Only: "enforce_refused", Rows: 1, Status: "complete"}, "the one domain of the run r with verdict=enforce_refused", "domains with verdict=enforce_refused"},
		{"what waits", "0", &lineage{Run: "r", Only: "local", Rows: 1, Status: "running"}, "the one domain of the run r with pending=local, which was not complete", "domains with pending=local"},
	} {
		run := Run{Config: map[string]string{"limit": test.limit}, Inputs: []Input{{Entries: 60}, {Entries: 40}}}
		s := selectionOf(run, test.from)
		if s == nil {
			s = new(Selection)
		} else if got := s.title(); got != test.title {
			t.Errorf("%s: the title is %q, want %q", test.name, got, test.title)
		}
		if s.Text != test.text {
			t.Errorf("%s: %q, want %q", test.name, s.Text, test.text)
		}
	}
}

// What is said about denominators is about answers that there are.
func TestDenominatorClasses(t *testing.T) {
	store := openRuns(t, shared.dir)
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	for name := range denominatorClasses() {
		name, line, hasLine := strings.Cut(name, ": ")
		name, column, hasColumn := strings.Cut(name, ".")
		i := slices.IndexFunc(queries, func(q Query) bool { return q.Name == name })
		if i < 0 {
			t.Errorf("there is no %s.sql", name)
			continue
		}
		if !hasLine && !hasColumn {
			continue
		}
		table, err := store.Answer(t.Context(), queries[i])
		if err != nil {
			t.Fatal(err)
		}
		if hasLine && table.Find(table.Columns[0].Name, line) < 0 || hasColumn && table.Column(column) < 0 {
			t.Errorf("%s.sql answers no column %q or line %q", name, column, line)
		}
	}
}

// A report of a selection says that it is one, and gives no share that the
// selection fixed, be it of a selection of a selection.
func TestSelectedRuns(t *testing.T) {
	w := make(world)
	for _, domain := range []string{"a.com", "b.com", "c.com"} {
		w.add(good(domain, "1"))
	}
	late := good("late.com", "1")
	late.faults = []string{"tls expired"}
	testing := good("testing.com", "1")
	testing.policy = policyText("testing", 604800, "mail.testing.com")
	w.add(late, testing, site{domain: "none.com"}, site{domain: "none.net"})
	w.add(site{domain: "broken.com", record: "v=STSv1; id=a-b;"})
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	whole := w.scan(t, path("whole"))
	first := w.scan(t, path("first"), "--limit", "3")
	from := func(name, run, only string) string {
		runScan(t, path(name), "--sim", path("whole.txtar"), "--from", run, "--only", only)
		return path(name)
	}
	valid := from("valid", whole, "valid")
	failed := from("failed", valid, "policy=unreachable")

	const (
		adopted = "Adoption: a record is published"
		refused = "Mail is refused"
		enforce = "The policy asks senders to enforce"
		failing = "The policy cannot be retrieved, or is not valid"
	)
	for _, test := range []struct {
		run, title, note string
		cards            map[string]string
		stand, fixed     string // shares, as QUESTION.COLUMN
	}{
		{
			run: whole, title: "MTA-STS survey",
			cards: map[string]string{adopted: "75.0 %", enforce: "75.0 %"},
			stand: "adoption.low modes.share verdicts.share managers.share",
		},
		{
			run: first, title: "MTA-STS survey: the first 3 entries", note: "This run is a selection: the first 3 entries of the lists.",
			cards: map[string]string{adopted: "100.0 %"},
			stand: "adoption.low modes.share",
		},
		{
			run: valid, title: "MTA-STS survey: domains with record=valid", note: "the 5 domains of the run " + whole + " with record=valid",
			cards: map[string]string{adopted: fixedWords, refused: fixedWords, failing: "20.0 %", enforce: "75.0 %"},
			stand: "modes.share tls_reasons.share tls_reasons.of_failures errors_by_manager.share",
			fixed: "adoption.low adoption.high verdicts.share verdicts.of_present errors_by_stage.share managers.share strict_lenient.share",
		},
		{
			run: failed, title: "MTA-STS survey: domains with record=valid, then policy=unreachable", note: "chosen from the 5 domains",
			cards: map[string]string{adopted: fixedWords, failing: fixedWords},
			stand: "tls_reasons.of_failures",
			fixed: "adoption.low tls_reasons.share errors_by_stage.share",
		},
	} {
		r, _ := makeReport(t, []string{test.run})
		var page, twin bytes.Buffer
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page.String(), "<h1>"+test.title+"</h1>") || !strings.Contains(page.String(), test.note) {
			t.Errorf("%s: the page has no title %q or no note %q", test.run, test.title, test.note)
		}
		if test.note != "" {
			here, text := " Here: "+r.Run().Selection.title()+".", r.Tables["modes"].Query.Denominator
			if !strings.Contains(text, here) {
				t.Errorf("%s: the denominator of modes is %q, without %q", test.run, text, here)
			}
		}
		for _, c := range r.cards() {
			if want, ok := test.cards[c.Label]; ok && c.Value != want {
				t.Errorf("%s: %s: %s, want %s", test.run, c.Label, c.Value, want)
			}
		}
		if err := r.WriteJSON(&twin); err != nil {
			t.Fatal(err)
		}
		var said struct {
			Runs   []Run `json:"runs"`
			Tables map[string]struct {
				Rows  []map[string]any `json:"rows"`
				Fixed []string         `json:"fixed_by_selection"`
			} `json:"tables"`
		}
		if err := json.Unmarshal(twin.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		if s := said.Runs[0].Selection; (s == nil) != (test.note == "") {
			t.Errorf("%s: JSON says of the selection %+v", test.run, s)
		}
		for _, name := range strings.Fields(test.stand + " " + test.fixed) {
			query, column, _ := strings.Cut(name, ".")
			table := said.Tables[query]
			if len(table.Rows) == 0 {
				t.Errorf("%s: %s: no rows", test.run, query)
				continue
			}
			fixed := strings.Contains(test.fixed, name)
			if v := table.Rows[0][column]; (v == nil) != fixed || slices.Contains(table.Fixed, column) != fixed {
				t.Errorf("%s: %s is %v; fixed are %v", test.run, name, v, table.Fixed)
			}
		}
		fixed := strings.Contains(test.fixed, "adoption.low")
		if chart, err := chartOf(r.Tables["adoption"]); err != nil || (chart == nil) != fixed {
			t.Errorf("%s: a chart of adoption: %v, %v", test.run, chart != nil, err)
		}
		var file bytes.Buffer
		if err := r.Tables["adoption"].WriteCSV(&file); err != nil || strings.Contains(file.String(), fixedWords) != fixed {
			t.Errorf("%s: adoption.csv says %s, %v", test.run, file.String(), err)
		}
	}

	// A selection is compared with what it was chosen from, and the report says of which of them it is.
	r, _ := makeReport(t, []string{whole, valid})
	found := differences(r.Runs)
	if len(found) != 1 || found[0].Name != "selection" || r.Regressions() != 0 {
		t.Errorf("%+v differ, with %d regressions", found, r.Regressions())
	}
	notes := strings.Join(r.notes(), " ")
	const differ = "These runs asked different things. Selection (everything, then the 5 domains"
	for _, want := range []string{"This run is a selection: ", differ} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes are %q, without %q", notes, want)
		}
	}

	// Shares of what changed are of domains that any of the runs chose.
	var runs []Run
	for _, dir := range []string{valid, first} {
		run, err := ReadRun(dir)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	r = &Report{Made: time.Now(), Runs: runs}
	table := &Table{Query: Query{SQL: "FROM changed"}, Columns: []Column{{"share", KindShare}}, Rows: [][]any{{0.5}}}
	if table.holdToSelections(r.about(table.Query)); table.Rows[0][0] != nil ||
		table.Query.Denominator != " Here: domains with record=valid; the first 3 entries." {
		t.Errorf("changes are of %q, with a share of %v", table.Query.Denominator, table.Rows[0][0])
	}
}
