package portfolio

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A testRow is what a row of a test has; its rank is its place.
type testRow struct {
	domain, verdict string
	tags            map[string]string
	change          func(*output.Row)
}

// writeRun writes a run of parts of four ranks, whose rows come in no order.
func writeRun(t *testing.T, status output.Status, tags string, rows ...testRow) (dir string) {
	t.Helper()
	dir = t.TempDir()
	data, err := output.Open(dir, output.Identity{Input: "ab"})
	if err != nil {
		t.Fatal(err)
	}
	m := &output.Manifest{
		Status: status, Plan: output.Plan{Parts: (len(rows) + 3) / 4}, Config: map[string]string{"tags": "[" + tags + "]"},
	}
	for k := range m.Plan.Parts {
		p, err := data.Create(k, int64(4*k+1), int64(4*k+4))
		if err != nil {
			t.Fatal(err)
		}
		for i := min(4*k+3, len(rows)-1); i >= 4*k; i-- {
			row := output.Row{
				Domain: rows[i].domain, Rank: int64(i + 1), List: "p.csv", TLD: "example", Tags: rows[i].tags, Record: "absent",
				RecordReason: "nodata", Policy: "not_fetched", Verdict: rows[i].verdict, ObservedAt: time.Unix(0, 0),
			}
			if row.Verdict == "broken" {
				row.Record, row.RecordReason, row.Policy = "valid", "", "unreachable"
				row.PolicyStage, row.PolicyReason = "tls", "expired"
			}
			if rows[i].change != nil {
				rows[i].change(&row)
			}
			if err := p.Write([]output.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func list(t *testing.T, dir string, q Query, format Format) (string, Result) {
	t.Helper()
	var out bytes.Buffer
	result, err := List(&out, dir, q, format)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), result
}

func owned(owner, team string) map[string]string {
	return map[string]string{"owner": owner, "team": team}
}

func portfolioRun(t *testing.T, status output.Status) string {
	t.Helper()
	dir := writeRun(t, status, "owner,team",
		testRow{"a.example", "no_sts", owned("Ann", "it"), nil},
		testRow{"b.example", "broken", owned("Bob", "retail"), func(r *output.Row) {
			r.Findings = []string{"max_age_short"}
		}},
		testRow{"c.example", "unknown", owned("Cec", "it"), func(r *output.Row) {
			r.Record, r.RecordReason = "unknown", "servfail"
		}},
		testRow{"d.example", "no_sts", nil, nil},
		testRow{"e.example", "broken", owned("Ann", "retail"), nil},
		testRow{"f.example", "broken", map[string]string{"team": "it"}, nil},
	)
	duplicates := `{"domain":"b.example","list":"p.csv","line":9,"tags":{"owner":"Dan","team":"it"},"first":{}}
{"domain":"z.example","list":"p.csv","line":10,"tags":{"owner":"Dan","team":"it"},"first":{}}
`
	writeDuplicates(t, dir, duplicates)
	return dir
}

func writeDuplicates(t *testing.T, dir, lines string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, domains.DuplicatesFile), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := output.ReadManifest(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	m.Inputs = []output.Input{{OtherTags: int64(strings.Count(lines, "\n"))}}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
}

// Each query lists the domains that it asks for, the worst verdict first where it names some, by rank, and once for
// each owner.
func TestList(t *testing.T) {
	dir := portfolioRun(t, output.StatusComplete)
	for _, tt := range []struct {
		query Query
		want  string // domain and owner of each line
		says  string // of the query
	}{
		{Query{}, "a Ann, b Bob, b Dan, c Cec, d -, e Ann, f -", "any"},
		{Query{Verdicts: []string{"broken"}}, "b Bob, b Dan, e Ann, f -", "verdict broken"},
		{Query{Verdicts: []string{"broken", "unknown"}}, "b Bob, b Dan, e Ann, f -, c Cec", "verdict broken or unknown"},
		{Query{Verdicts: []string{"unknown", "no_sts", "broken"}}, "b Bob, b Dan, e Ann, f -, c Cec, a Ann, d -",
			"verdict unknown or no_sts or broken"},
		{Query{Verdicts: []string{"no_sts", "broken"}, Limit: 3}, "b Bob, b Dan, e Ann", "verdict no_sts or broken"},
		{Query{Verdicts: []string{"broken", "unknown"}, Limit: 5}, "b Bob, b Dan, e Ann, f -, c Cec",
			"verdict broken or unknown"},
		{Query{Verdicts: []string{"enforce_refused"}}, "", "verdict enforce_refused"},
		{Query{Findings: []string{"max_age_short"}}, "b Bob, b Dan", "finding max_age_short"},
		{Query{Findings: []string{"max_age_short", "wildcard_suspected"}, Verdicts: []string{"unknown"}}, "",
			"verdict unknown, finding max_age_short or wildcard_suspected"},
		{Query{Tags: []Tag{{"team", "it"}}}, "a Ann, b Dan, c Cec, f -", "tag team=it"},
		{Query{Tags: []Tag{{"team", "it"}, {"team", "retail"}}}, "a Ann, b Bob, b Dan, c Cec, e Ann, f -",
			"tag team=it or team=retail"},
		{Query{Tags: []Tag{{"team", "retail"}, {"owner", "Ann"}}}, "e Ann", "tag team=retail, tag owner=Ann"},
		{Query{Tags: []Tag{{"TEAM", "Retail"}, {"Owner", "Ann"}}}, "e Ann", "tag TEAM=Retail, tag Owner=Ann"},
		{Query{Tags: []Tag{{"owner", ""}}}, "d -, f -", "tag owner="},
		{Query{Tags: []Tag{{"team", "it"}}, Verdicts: []string{"broken"}}, "b Dan, f -", "verdict broken, tag team=it"},
		{Query{Limit: 3}, "a Ann, b Bob, b Dan", "any"},
		{Query{By: "TEAM"}, "a Ann, b Dan, c Cec, f -, b Bob, e Ann, d -", "any"}, // each team has 2 broken
		{Query{By: "owner", Verdicts: []string{"no_sts", "broken"}}, "e Ann, a Ann, b Bob, b Dan, f -, d -",
			"verdict no_sts or broken"},
		{Query{By: "team", Limit: 3}, "a Ann, b Dan, c Cec", "any"},
		{Query{By: "team", Tags: []Tag{{"team", "it"}}}, "a Ann, b Dan, c Cec, f -", "tag team=it"},
		{Query{Limit: 5}, "a Ann, b Bob, b Dan, c Cec, d -", "any"},
	} {
		q := tt.query
		q.Columns = []string{"domain", "owner"}
		text, result := list(t, dir, q, Format{JSON: true})
		var got []string
		for line := range strings.Lines(text) {
			var row struct {
				Domain string
				Owner  *string
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			owner := "-"
			if row.Owner != nil {
				owner = *row.Owner
			}
			got = append(got, strings.TrimSuffix(row.Domain, ".example")+" "+owner)
		}
		want := Result{Lines: int64(len(got)), Parts: 2, Of: 2}
		if strings.Join(got, ", ") != tt.want || result != want || q.String() != tt.says {
			t.Errorf("%s: %s and %+v, want %s", q, strings.Join(got, ", "), result, tt.want)
		}
	}
}

// An unfinished run, and one that lacks parts, is listed as far as it is there.
func TestListUnfinished(t *testing.T) {
	dir := portfolioRun(t, output.StatusRunning)
	if _, result := list(t, dir, Query{}, Format{}); result != (Result{Lines: 7, Parts: 2, Of: 2, Unfinished: true}) {
		t.Errorf("%+v", result)
	}
	dir = portfolioRun(t, output.StatusSuspect)
	if err := os.Remove(filepath.Join(dir, output.PartName(0))); err != nil {
		t.Fatal(err)
	}
	if _, result := list(t, dir, Query{}, Format{}); result != (Result{Lines: 2, Parts: 1, Of: 2, Unfinished: true}) {
		t.Errorf("%+v", result)
	}
	if err := os.WriteFile(filepath.Join(dir, output.PartName(0)), []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := List(new(bytes.Buffer), dir, Query{}, Format{}); !errors.Is(err, output.ErrDamaged) {
		t.Errorf("%v", err)
	}
	dir = portfolioRun(t, output.StatusComplete)
	if err := os.Remove(filepath.Join(dir, domains.DuplicatesFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := List(new(bytes.Buffer), dir, Query{}, Format{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("other owners are gone: %v", err)
	}
	if _, err := List(new(bytes.Buffer), t.TempDir(), Query{}, Format{}); err == nil {
		t.Error("an empty directory is listed")
	}
}

// Words that are not known are refused in a line, with what was meant or where they are listed.
func TestListRefuses(t *testing.T) {
	dir := portfolioRun(t, output.StatusComplete)
	for _, tt := range []struct {
		query Query
		says  string
	}{
		{Query{Verdicts: []string{"broken", "brokn"}}, `"brokn" is no verdict: did you mean broken?`},
		{Query{Verdicts: []string{"x"}}, `"x" is no verdict: they are no_sts, unknown, broken, valid_none, testing_ok, ` +
			`testing_would_fail, enforce_ok, enforce_partial, enforce_refused`},
		{Query{Findings: []string{"max_age_shrot"}}, `"max_age_shrot" is no finding: did you mean max_age_short?`},
		{Query{Findings: []string{"x"}}, `"x" is no finding: stsscan schema lists them under findings`},
		{Query{Tags: []Tag{{"tean", "it"}}}, `"tean" is no tag of ` + dir + `: did you mean team?`},
		{Query{Tags: []Tag{{"x", "it"}}}, `"x" is no tag of ` + dir + `: they are owner, team`},
		{Query{Columns: []string{"domain", "mx.hosts"}}, `"mx.hosts" is no column: did you mean mx.host?`},
		{Query{By: "taem"}, `"taem" is no tag of ` + dir + `: did you mean team?`},
		{Query{Columns: []string{"teem"}}, `"teem" is no column: did you mean team?`},
		{Query{Columns: []string{""}}, `"" is no column: stsscan schema lists them; others are reason, remedy, ` +
			`registered_domain and tags: they are owner, team`},
	} {
		_, err := List(new(bytes.Buffer), dir, tt.query, Format{})
		if !errors.Is(err, ErrQuery) || err.Error() != "unknown word: "+tt.says {
			t.Errorf("%+v: %v, want %s", tt.query, err, tt.says)
		}
	}
	for _, text := range []string{"", "team", "=it"} {
		if _, err := ParseTag(text); err == nil {
			t.Errorf("the tag %q is read", text)
		}
	}
	if tag, err := ParseTag("team=a=b"); err != nil || tag != (Tag{"team", "a=b"}) {
		t.Errorf("%v, %v", tag, err)
	}
}

// A value that no row has is said, with those that are there.
func TestListNoSuchTag(t *testing.T) {
	dir := portfolioRun(t, output.StatusComplete)
	var rows []testRow
	for i := range 12 {
		rows = append(rows, testRow{fmt.Sprintf("a%d.example", i), "no_sts", owned("", fmt.Sprintf("t%02d\x1b", 12-i)), nil})
	}
	many := writeRun(t, output.StatusComplete, "owner,team", rows...)
	for _, tt := range []struct {
		dir   string
		query Query
		says  string
	}{
		{dir, Query{}, ""},
		{dir, Query{Tags: []Tag{{"team", "IT"}}}, ""},
		{dir, Query{Tags: []Tag{{"Team", "ti"}}}, "no domain has team=ti; values of team: it, retail"},
		{dir, Query{Tags: []Tag{{"team", "it"}, {"team", "ti"}}}, "no domain has team=ti; values of team: it, retail"},
		{dir, Query{Tags: []Tag{{"owner", "x"}, {"team", "ti"}}}, "no domain has owner=x; values of owner: Ann, Bob, Cec, " +
			"Dan\nno domain has team=ti; values of team: it, retail"},
		{dir, Query{Tags: []Tag{{"owner", "Ann"}}, Verdicts: []string{"unknown"}, Findings: nil},
			"no domain with verdict unknown has owner=Ann; values of owner: Cec"},
		{dir, Query{Tags: []Tag{{"team", "it"}, {"team", "ti"}}, Limit: 1}, ""},
		{dir, Query{Tags: []Tag{{"team", "ti"}}, Verdicts: []string{"enforce_ok"}}, ""},
		{many, Query{Tags: []Tag{{"team", "ti"}}}, "no domain has team=ti; some values of team: " +
			`t01\u001b, t02\u001b, t05\u001b, t06\u001b, t07\u001b, t08\u001b, t09\u001b, t10\u001b, t11\u001b, t12\u001b`},
		{many, Query{Tags: []Tag{{"owner", "Ann"}}}, ""},
	} {
		if _, result := list(t, tt.dir, tt.query, Format{}); result.NoSuchTag != tt.says {
			t.Errorf("%s: %s, want %s", tt.query, result.NoSuchTag, tt.says)
		}
	}
}

// Each column can be shown, in each format, and NULL is told from the empty text in JSON.
func TestColumns(t *testing.T) {
	dir := writeRun(t, output.StatusComplete, "owner",
		testRow{"a.example", "enforce_refused", map[string]string{"owner": ""}, func(r *output.Row) {
			r.Record, r.Policy, r.MXMatch = "valid", "valid", "none"
			r.MX = []output.MXHost{{Host: "mx.example", Preference: 5}, {Host: "mx2.example"}}
			r.TXT, r.MXUnused = [][]byte{[]byte("v=STSv1; id=1;"), {0xff}}, []string{"x.example", "y.example"}
			r.SetZoneName("example")
		}},
		testRow{"b.example", "no_sts", nil, nil},
	)
	for _, name := range append(Columns(), "tags", "owner", "OWNER") {
		for _, format := range []Format{{}, {CSV: true}, {JSON: true}} {
			list(t, dir, Query{Columns: []string{name}}, format)
		}
	}
	q := Query{Columns: []string{"domain", "owner", "tags", "mx.host", "mx.preference", "mx_unused", "txt", "zone", "ttl"}}
	text, _ := list(t, dir, q, Format{JSON: true})
	const want = `{"domain":"a.example","owner":"","tags":{"owner":""},"mx.host":["mx.example","mx2.example"],` +
		`"mx.preference":[5,0],"mx_unused":["x.example","y.example"],"txt":["v=STSv1; id=1;",{"base64":"/w=="}],` +
		`"zone":"example","ttl":null}` + "\n" +
		`{"domain":"b.example","owner":null,"tags":null,"mx.host":null,"mx.preference":null,"mx_unused":null,"txt":null,` +
		`"zone":null,"ttl":null}` + "\n"
	if text != want {
		t.Errorf("%s, want\n%s", text, want)
	}
	text, _ = list(t, dir, q, Format{CSV: true})
	const wantCSV = "domain,owner,owner,mx.host,mx.preference,mx_unused,txt,zone,ttl\r\n" +
		`a.example,,,"mx.example, mx2.example","5, 0","x.example, y.example","v=STSv1; id=1;, {""base64"":""/w==""}",example,` +
		"\r\nb.example,,,,,,,,\r\n"
	if text != wantCSV {
		t.Errorf("%q, want\n%q", text, wantCSV)
	}
}

// What strangers and lists wrote reaches no terminal as a command, and no spreadsheet as a formula.
func TestHostileCells(t *testing.T) {
	const evil = "\x1b[31m\u202e\r\n\t\u009b"
	for _, tt := range []struct{ tag, csv string }{
		{"=1+1", "'=1+1"}, {"@SUM(A1)", "'@SUM(A1)"}, {"+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"}, {"-x", "'-x"},
		{"-", "'-"}, {"-5", "-5"}, {"+49.5", "+49.5"}, {"a=1", "a=1"}, {"", ""}, {"\t=1", `\u0009=1`},
		{`say "a, b"`, `say "a, b"`},
		{evil, `\u001b[31m\u202e\u000d\u000a\u0009\u009b`},
	} {
		tags := map[string]string{"owner": tt.tag}
		dir := writeRun(t, output.StatusComplete, "owner", testRow{"a.example", "broken", tags, nil})
		text, _ := list(t, dir, Query{Columns: []string{"owner"}}, Format{CSV: true})
		records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(records) != 2 || records[1][0] != tt.csv {
			t.Errorf("%q: %q, %v", tt.tag, records, err)
		}
		for _, format := range []Format{{}, {Width: 80}, {JSON: true}, {CSV: true}} {
			text, _ := list(t, dir, Query{Columns: []string{"domain", "owner", "tags"}}, format)
			if strings.ContainsAny(text, "\x1b\u202e\t\u009b") || format.JSON && !strings.Contains(text, `"owner":"`) {
				t.Errorf("%q: %q", tt.tag, text)
			}
		}
	}
}
