package changes

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// TestWriteText has what people see of two nights.
func TestWriteText(t *testing.T) {
	old, new := twoRuns(t, nil)
	diff := compared(t, old, new, "team")
	for _, test := range []struct {
		name  string
		write func(*strings.Builder) error
		want  string
	}{
		{"text", func(w *strings.Builder) error { return diff.WriteText(w, 0) }, `
monday (2026-11-29 02:10) to tuesday (2026-11-30 02:10), times in UTC

team retail: 2 broken, 1 new since 2026-11-29 02:10; 1 regression
  breaks.example  policy broken: enforce → tls: expired
      Broken: the certificate has expired.
      Renew the certificate of mta-sts.breaks.example (section 3.3).
      Senders that cached the policy of 2026-11-29 02:30 go on by it until 2026-12-06 02:30.
  Better: policy mended 1 (mended.example)
  Still broken: 1 (http: not_found 1)
      stsscan list tuesday --verdict enforce_refused,broken --tag team=retail

team it: 2 broken, 0 new since 2026-11-29 02:10; 1 regression
  leaves.example  abandoned abruptly: valid → nxdomain
      Publish the record at _mta-sts.leaves.example again.
      Senders that cached the policy of 2026-11-29 02:30 go on by it until 2026-12-06 02:30.
  Better: adopted 1 (adopts.example)
  Broken, and not known or not listed before: 2 (tls: expired 2)
      stsscan list tuesday --verdict enforce_refused,broken --tag team=it

No team: 1 broken, 1 new since 2026-11-29 02:10
  adopts-badly.example  adopted: nxdomain → valid
      Broken: there is no file at /.well-known/mta-sts.txt.
      Serve /.well-known/mta-sts.txt with status 200 at mta-sts.adopts-badly.example (section 3.3).

Not compared: 1 domain with a record that is new in the lists, 1 that is gone from them.
`},
		{"markdown", func(w *strings.Builder) error { return diff.WriteMarkdown(w) }, `
**monday (2026-11-29 02:10) to tuesday (2026-11-30 02:10), times in UTC**

### team retail: 2 broken, 1 new since 2026-11-29 02:10; 1 regression

- ` + "`breaks.example`" + `: **policy broken**, enforce → tls: expired
  - Broken: the certificate has expired.
  - Renew the certificate of mta-sts.breaks.example (section 3.3).
  - Senders that cached the policy of 2026-11-29 02:30 go on by it until 2026-12-06 02:30.
- Better: policy mended 1 (mended.example)
- Still broken: 1 (http: not\_found 1)
  - ` + "`stsscan list tuesday --verdict enforce_refused,broken --tag team=retail`" + `

### team it: 2 broken, 0 new since 2026-11-29 02:10; 1 regression

- ` + "`leaves.example`" + `: **abandoned abruptly**, valid → nxdomain
  - Publish the record at \_mta-sts.leaves.example again.
  - Senders that cached the policy of 2026-11-29 02:30 go on by it until 2026-12-06 02:30.
- Better: adopted 1 (adopts.example)
- Broken, and not known or not listed before: 2 (tls: expired 2)
  - ` + "`stsscan list tuesday --verdict enforce_refused,broken --tag team=it`" + `

### No team: 1 broken, 1 new since 2026-11-29 02:10

- ` + "`adopts-badly.example`" + `: **adopted**, nxdomain → valid
  - Broken: there is no file at /.well-known/mta-sts.txt.
  - Serve /.well-known/mta-sts.txt with status 200 at mta-sts.adopts-badly.example (section 3.3).

Not compared: 1 domain with a record that is new in the lists, 1 that is gone from them.
`},
	} {
		var text strings.Builder
		if err := test.write(&text); err != nil {
			t.Fatal(err)
		}
		if got := "\n" + text.String(); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// TestQuiet has a night in which nothing changed, unless a domain is broken of which that was not known before.
func TestQuiet(t *testing.T) {
	bad, other := good("bad.example"), good("other.example")
	fail(&bad, "http", "not_found")
	fail(&other, "tls", "expired")
	unknown := good("other.example")
	unknown.Policy, unknown.Verdict, unknown.PolicySHA256 = "unknown", "unknown", ""
	for _, tt := range []struct {
		old, new []output.Row
		want     string
	}{
		{[]output.Row{good("a.example"), bad}, []output.Row{good("a.example"), bad},
			"Nothing changed since 2026-11-29 02:10; 1 domain is broken, as before.\n" +
				"  No team: 1 broken, 0 new\n      stsscan list tuesday --verdict enforce_refused,broken\n"},
		{[]output.Row{bad, unknown}, []output.Row{bad, other}, "\nNo team: 2 broken, 0 new since 2026-11-29 02:10\n" +
			"  Still broken: 1 (http: not_found 1)\n" +
			"  Broken, and not known or not listed before: 1 (tls: expired 1)\n" +
			"      stsscan list tuesday --verdict enforce_refused,broken --tag team=\n"},
	} {
		t.Chdir(t.TempDir())
		old, new := writeRun(t, "monday", monday, nil, tt.old...), writeRun(t, "tuesday", tuesday, nil, tt.new...)
		var text strings.Builder
		if err := compared(t, old, new, "team").WriteText(&text, 0); err != nil {
			t.Fatal(err)
		}
		want := "monday (2026-11-29 02:10) to tuesday (2026-11-30 02:10), times in UTC\n" + tt.want
		if text.String() != want {
			t.Errorf("got\n%s\nwant\n%s", text.String(), want)
		}
	}
}

// TestWhose has the other tags of a domain behind it, in the order of the columns, and finds the tag of the groups in
// upper or lower case.
func TestWhose(t *testing.T) {
	t.Chdir(t.TempDir())
	before, after := good("a.example"), good("a.example")
	after.Mode = "testing"
	after.Tags = map[string]string{"Business unit": "Retail", "Owner": "Jane_Doe", "note": "", "desk": "7"}
	carried := func(m *output.Manifest) { m.Config["tags"] = "[Owner,Business unit,note,desk]" }
	old, new := writeRun(t, "monday", monday, carried, before), writeRun(t, "tuesday", tuesday, carried, after)
	for by, want := range map[string]string{
		"business UNIT": "Business unit Retail: 0 broken, 0 new since 2026-11-29 02:10; 1 regression\n" +
			"  a.example (Owner: Jane_Doe, desk: 7)  mode lowered: enforce → testing\n",
		"": "All domains: 0 broken, 0 new since 2026-11-29 02:10; 1 regression\n" +
			"  a.example  mode lowered: enforce → testing\n",
	} {
		var text, markdown strings.Builder
		diff := compared(t, old, new, by)
		if err := errors.Join(diff.WriteText(&text, 0), diff.WriteMarkdown(&markdown)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), want) {
			t.Errorf("--by %q: got\n%s\nwant\n%s", by, text.String(), want)
		}
		const escaped = "- `a.example` (Owner: Jane\\_Doe, desk: 7): **mode lowered**, "
		if by != "" && !strings.Contains(markdown.String(), escaped) {
			t.Errorf("the Markdown lacks %s:\n%s", escaped, markdown.String())
		}
	}
}

// TestNothingChanged says so, and what is broken all the same: of each team where there are teams.
func TestNothingChanged(t *testing.T) {
	t.Chdir(t.TempDir())
	var rows []output.Row
	teamOf := map[string]string{"a.example": "a team", "b.example": "", "c.example": "it", "d.example": "it"}
	for domain, team := range teamOf {
		bad := good(domain)
		fail(&bad, "http", "not_found")
		bad.Tags = map[string]string{"team": team}
		rows = append(rows, bad)
	}
	rows = append(rows, good("good.example"))
	old, new := writeRun(t, "monday", monday, nil, rows...), writeRun(t, "to day", tuesday, nil, rows...)
	const (
		quiet = "monday (2026-11-29 02:10) to to day (2026-11-30 02:10), times in UTC\n" +
			"Nothing changed since 2026-11-29 02:10; 4 domains are broken, as before.\n"
		teams   = "  team it: 2 broken, 0 new\n  No team: 1 broken, 0 new\n  team a team: 1 broken, 0 new\n"
		command = "      stsscan list 'to day' --verdict enforce_refused,broken\n"
	)
	for by, want := range map[string]string{"": quiet + command, "team": quiet + teams + command} {
		var text strings.Builder
		if err := compared(t, old, new, by).WriteText(&text, 0); err != nil {
			t.Fatal(err)
		}
		if text.String() != want {
			t.Errorf("got\n%s\nwant\n%s", text.String(), want)
		}
	}
}

// TestShellWord quotes what a shell does not take as it is.
func TestShellWord(t *testing.T) {
	for text, want := range map[string]string{
		"run/2026-11-30": "run/2026-11-30", "team=it": "team=it", "": "''", "Business unit=M&A": "'Business unit=M&A'",
		"it's $HOME `x`": `'it'\''s $HOME ` + "`x`'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestColumns breaks lines at blanks where the terminal has too few columns, and leaves names and commands whole.
func TestColumns(t *testing.T) {
	old, new := twoRuns(t, nil)
	var text strings.Builder
	if err := compared(t, old, new, "team").WriteText(&text, 40); err != nil {
		t.Fatal(err)
	}
	const want = `
monday (2026-11-29 02:10) to tuesday
  (2026-11-30 02:10), times in UTC

team retail: 2 broken, 1 new since
  2026-11-29 02:10; 1 regression
  breaks.example  policy broken: enforce
    → tls: expired
      Broken: the certificate has
        expired.
      Renew the certificate of
        mta-sts.breaks.example (section
        3.3).
      Senders that cached the policy of
        2026-11-29 02:30 go on by it
        until 2026-12-06 02:30.
  Better: policy mended 1
    (mended.example)
  Still broken: 1 (http: not_found 1)
      stsscan list tuesday --verdict enforce_refused,broken --tag team=retail
`
	if got := "\n" + text.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostileText lets nothing that lists or strangers say act on a terminal, in Markdown or in JSON.
func TestHostileText(t *testing.T) {
	t.Chdir(t.TempDir())
	before, after := good("a.example"), good("a.example")
	after.PolicySHA256, after.MXPatterns = "bbbb", []string{"mx.a.example", "\x1b[31m`x`@here"}
	after.MXMatch, after.Verdict = "none", "enforce_refused"
	after.Tags = map[string]string{"team": "\x1b]0;x\a<b>*_|\u202e"}
	diff := compared(t, writeRun(t, "monday", monday, nil, before), writeRun(t, "tuesday", tuesday, nil, after), "team")
	var text, markdown, data strings.Builder
	if err := diff.WriteText(&text, 0); err != nil {
		t.Fatal(err)
	}
	if err := diff.WriteMarkdown(&markdown); err != nil {
		t.Fatal(err)
	}
	if err := diff.WriteJSON(&data); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"text": text.String(), "markdown": markdown.String(), "JSON": data.String()} {
		if strings.ContainsAny(got, "\x1b\a\u202e") {
			t.Errorf("%s has control characters: %q", name, got)
		}
	}
	if n := strings.Count(text.String(), "Senders that cached"); n != 1 { // said of the second change alone
		t.Errorf("%d lines about senders:\n%s", n, text.String())
	}
	for _, want := range []string{"team \\x1b\\]0;x\\a\\<b\\>\\*\\_\\|\\u202e: ", "added \\x1b\\[31m\\`x\\`\\@here"} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("the Markdown lacks %s:\n%s", want, markdown.String())
		}
	}
}

// TestWriteJSON has the keys that programs read.
func TestWriteJSON(t *testing.T) {
	old, new := twoRuns(t, nil)
	var text strings.Builder
	if err := compared(t, old, new, "team").WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	const want = `{"old":{"run":"monday","started_at":"2026-11-29T02:10:00Z","status":"complete","reasons":[]},` +
		`"new":{"run":"tuesday","started_at":"2026-11-30T02:10:00Z","status":"complete","reasons":[]},"notes":[],"tag":"team",` +
		`"broken":5,"new_broken":2,"regressions":2,"changed":5,"arrived":1,"left":1,"missing":0,"groups":[{"value":"retail","broken":2,` +
		`"new_broken":1,"regressions":1,"stay_broken":{"http: not_found":1},"unclear_broken":{},"changes":[{"domain":"breaks.example",` +
		`"kind":"policy broken","regression":true,"gain":false,"before":"enforce","after":"tls: expired",` +
		`"broken":true,"new_broken":true,"reason":"the certificate has expired","tags":{"team":"retail"},"remedy":"Renew the certificate of mta-sts.breaks.example (section 3.3).",` +
		`"cached_policy":"Senders that cached the policy of 2026-11-29 02:30 go on by it until 2026-12-06 02:30."},`
	if !strings.HasPrefix(text.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
	if !json.Valid([]byte(text.String())) || strings.Count(text.String(), "\n") != 1 {
		t.Errorf("not one line of JSON: %s", text.String())
	}
}
