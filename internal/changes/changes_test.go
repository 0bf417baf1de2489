package changes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// writeRun writes a run of rows into a directory, and its manifest as edit leaves it.
func writeRun(t *testing.T, dir string, started time.Time, edit func(*output.Manifest), rows ...output.Row) Run {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := output.Open(dir, output.Identity{Input: "input", Run: dir})
	if err != nil {
		t.Fatal(err)
	}
	part, err := d.Create(0, 1, int64(len(rows)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		rows[i].Rank = int64(i + 1)
	}
	if err := part.Write(rows); err != nil {
		t.Fatal(err)
	}
	if _, err := part.Commit(); err != nil {
		t.Fatal(err)
	}
	m := output.Manifest{
		Run: dir, Status: output.StatusComplete, StartedAt: started,
		Config: map[string]string{"tags": "[team]", "passes": "2"},
	}
	if edit != nil {
		edit(&m)
	}
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	return readRun(t, dir)
}

func readRun(t *testing.T, dir string) Run {
	t.Helper()
	run, err := ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

var (
	monday  = time.Date(2026, 11, 29, 2, 10, 0, 0, time.UTC)
	tuesday = monday.Add(24 * time.Hour)
)

// twoRuns are two nights of the teams retail and it.
func twoRuns(t *testing.T, edit func(*output.Manifest)) (old, new Run) {
	t.Helper()
	row := func(domain, team string, change func(*output.Row)) output.Row {
		r := good(domain)
		if change != nil {
			change(&r)
		}
		if team != "" {
			r.Tags = map[string]string{"team": team}
		}
		return r
	}
	expired := func(r *output.Row) { fail(r, codes.StageTLS, codes.PolicyReason(codes.TLSExpired)) }
	notFound := func(r *output.Row) { fail(r, codes.StageHTTP, codes.ReasonNotFound) }
	gone := func(r *output.Row) { *r = absent(r.Domain) }
	unknown := func(r *output.Row) {
		*r = absent(r.Domain)
		r.Record, r.RecordReason, r.Verdict = "unknown", "timeout", "unknown"
	}
	t.Chdir(t.TempDir())
	old = writeRun(t, "monday", monday, nil,
		row("breaks.example", "retail", nil), row("broken.example", "retail", notFound),
		row("mended.example", "retail", notFound), row("leaves.example", "it", nil),
		row("adopts.example", "it", gone), row("adopts-badly.example", "", gone),
		row("same.example", "it", nil), row("never.example", "it", gone), row("delisted.example", "it", nil),
		row("unknown.example", "it", unknown),
	)
	new = writeRun(t, "tuesday", tuesday, edit,
		row("breaks.example", "retail", expired), row("broken.example", "retail", notFound),
		row("mended.example", "retail", nil), row("leaves.example", "it", gone),
		row("adopts.example", "it", nil), row("adopts-badly.example", "", notFound),
		row("same.example", "it", nil), row("never.example", "it", gone), row("listed.example", "it", expired),
		row("unknown.example", "it", expired),
	)
	return old, new
}

// compared compares two runs.
func compared(t *testing.T, old, new Run, by string) *Diff {
	t.Helper()
	diff, err := Compare(old, new, by)
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

// TestCompare has what is told of two runs, by team.
func TestCompare(t *testing.T) {
	old, new := twoRuns(t, nil)
	var got []string
	diff := compared(t, old, new, "team")
	for _, g := range diff.Groups {
		got = append(got,
			fmt.Sprintf("%s: %d broken, %d new, %v stay, %v unclear", g.Value, g.Broken, g.New, g.Stays, g.Unclear))
		for _, c := range g.Changes {
			got = append(got, fmt.Sprintf("%s %s: %s to %s, %v", c.Domain, c.Kind, c.Before, c.After, c.Regression))
		}
	}
	want := []string{
		"retail: 2 broken, 1 new, map[http: not_found:1] stay, map[] unclear",
		"breaks.example policy broken: enforce to tls: expired, true",
		"mended.example policy mended: http: not_found to enforce, false",
		"it: 2 broken, 0 new, map[] stay, map[tls: expired:2] unclear",
		"leaves.example abandoned abruptly: valid to nxdomain, true",
		"adopts.example adopted: nxdomain to valid, false",
		": 1 broken, 1 new, map[] stay, map[] unclear",
		"adopts-badly.example adopted: nxdomain to valid, false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if diff.Regressions != 2 || diff.Changed != 5 || diff.Arrived != 1 || diff.Left != 1 || diff.Total.Broken != 5 ||
		diff.Total.New != 2 {
		t.Errorf("%d regressions, %d changed, %d arrived, %d left, total %+v",
			diff.Regressions, diff.Changed, diff.Arrived, diff.Left, diff.Total)
	}
}

// TestTop has the domains that are newly broken before all others, each with what is wrong and what to do, whatever
// changed of it, and as many as the heading counts.
func TestTop(t *testing.T) {
	inTesting := func(r *output.Row) { r.Mode, r.PolicySHA256, r.Verdict = "testing", "bbbb", "testing_ok" }
	unprobed := func(r *output.Row) { // which shows no change of the hosts where the run before did not probe
		r.VerdictBasis, r.Verdict = "certificates", "enforce_refused"
		r.MX[0].STARTTLS, r.MX[0].TLSError = new(string(codes.STARTTLSCertificate)), new(string(codes.TLSExpired))
	}
	same := func(*output.Row) {}
	gone := func(r *output.Row) { *r = absent(r.Domain) }
	var before, after []output.Row
	for _, test := range []struct {
		domain   string
		old, new func(*output.Row)
	}{
		{"mended.example", func(r *output.Row) { fail(r, codes.StageHTTP, codes.ReasonNotFound) }, same},
		{"lowers.example", same, inTesting},
		{"does-not-exist.example", same, func(r *output.Row) { gone(r); r.RecordReason = "no_domain" }},
		{"adopts.example", gone, func(r *output.Row) { fail(r, codes.StageHTTP, codes.ReasonNotFound) }},
		{"renews.example", same, func(r *output.Row) { unprobed(r); r.RecordID = "2" }},
		{"raises.example", inTesting, unprobed},
	} {
		old, new := good(test.domain), good(test.domain)
		test.old(&old)
		test.new(&new)
		before, after = append(before, old), append(after, new)
	}
	t.Chdir(t.TempDir())
	diff := compared(t, writeRun(t, "monday", monday, nil, before...), writeRun(t, "tuesday", tuesday, nil, after...), "")
	var got []string
	newBroken := make(map[string]bool)
	for _, c := range diff.Groups[0].Changes {
		got = append(got, fmt.Sprintf("%s, %s, %v %v %v: %s: %s",
			c.Domain, c.Kind, c.Regression, c.Broken, c.NewBroken, c.Reason, c.Remedy))
		if c.NewBroken {
			newBroken[c.Domain] = true
		}
	}
	want := []string{
		"raises.example, policy changed, id did not, true true true: mx.raises.example: the certificate has expired: " +
			"Renew the certificate of mx.raises.example (section 4.2). " +
			"Change the id of the record at _mta-sts.raises.example: senders do not see the new policy before (section 3.1).",
		"raises.example, mode raised, false true true: mx.raises.example: the certificate has expired: " +
			"Renew the certificate of mx.raises.example (section 4.2).",
		"renews.example, id changed, policy did not, false true true: mx.renews.example: the certificate has expired: " +
			"Renew the certificate of mx.renews.example (section 4.2).",
		"adopts.example, adopted, false true true: there is no file at /.well-known/mta-sts.txt: " +
			"Serve /.well-known/mta-sts.txt with status 200 at mta-sts.adopts.example (section 3.3).",
		"does-not-exist.example, abandoned abruptly, true false false: : " +
			"The domain does not exist: register it again, or take it off the list.",
		"lowers.example, mode lowered, true false false: : " +
			"Set mode enforce again unless this was meant, then change the id of the record (sections 3.1 and 5).",
		"lowers.example, policy changed, id did not, true false false: : " +
			"Change the id of the record at _mta-sts.lowers.example: senders do not see the new policy before (section 3.1).",
		"mended.example, policy mended, false false false: : ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := diff.Groups[0].New; n != len(newBroken) || n != 3 {
		t.Errorf("%d new, want the %d that stand at the top", n, len(newBroken))
	}
	if n := diff.Groups[0].Regressions(); n != 3 {
		t.Errorf("%d domains with a regression, want 3", n)
	}
}

// TestDuplicates counts a domain for each team that an entry of the lists names.
func TestDuplicates(t *testing.T) {
	old, new := twoRuns(t, func(m *output.Manifest) { m.Inputs = []output.Input{{OtherTags: 3}} })
	const lines = `
{"domain":"breaks.example","list":"b.csv","line":3,"tags":{"team":"it"},"first":{"list":"list.csv","line":1}}
{"domain":"breaks.example","list":"b.csv","line":4,"tags":{"team":"it"},"first":{"list":"list.csv","line":1}}
{"domain":"same.example","list":"b.csv","line":5,"tags":{"team":"web"},"first":{"list":"list.csv","line":7}}
`
	if err := os.WriteFile(filepath.Join(new.Dir, domains.DuplicatesFile), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	var got []string
	diff := compared(t, old, new, "team")
	for _, g := range diff.Groups {
		got = append(got, fmt.Sprintf("%s: %d broken, %d new, %d regressions", g.Value, g.Broken, g.New, g.Regressions()))
		for _, c := range g.Changes {
			if c.Tags["team"] != g.Value {
				t.Errorf("%q has the tags %v of %s", g.Value, c.Tags, c.Domain)
			}
		}
	}
	want := []string{
		"it: 3 broken, 1 new, 2 regressions", "retail: 2 broken, 1 new, 1 regressions", ": 1 broken, 1 new, 0 regressions",
	}
	if !slices.Equal(got, want) || diff.Regressions != 2 {
		t.Errorf("%q and %d regressions, want %q and 2", got, diff.Regressions, want)
	}
	if err := os.Remove(filepath.Join(new.Dir, domains.DuplicatesFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Compare(old, new, "team"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the other teams are gone: %v", err)
	}
}

// TestRefused has the runs that are not compared.
func TestRefused(t *testing.T) {
	status := func(s output.Status) func(*output.Manifest) { return func(m *output.Manifest) { m.Status = s } }
	old, new := twoRuns(t, nil)
	unfinished := writeRun(t, "unfinished", monday, status(output.StatusIncomplete), good("a.example"))
	killed := writeRun(t, "killed", monday, status(output.StatusRunning), good("a.example"))
	suspect := writeRun(t, "suspect", monday, status(output.StatusSuspect), good("a.example"))
	oneOfTwo := func(m *output.Manifest) { m.Shard = &output.Shard{Index: 1, Of: 2} }
	shard := writeRun(t, "shard", monday, oneOfTwo, good("a.example"))
	if err := os.CopyFS("copy", os.DirFS(new.Dir)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		old, new Run
		by       string
		want     error
	}{
		{"two complete runs", old, new, "team", nil},
		{"the older one is not complete", unfinished, new, "", ErrUnfinished},
		{"the older one was killed", killed, new, "", ErrUnfinished},
		{"the older one lacks a shard", shard, new, "", ErrUnfinished},
		{"the older one is suspect", suspect, new, "", nil},
		{"the newer one is not complete", suspect, unfinished, "", nil},
		{"the same", new, new, "", ErrSame},
		{"a copy", new, readRun(t, "copy"), "", ErrSame},
		{"the newer one first", new, old, "", ErrOrder},
		{"a tag in another case", old, new, "Team", nil},
		{"no such tag", old, new, "owner", ErrTag},
	} {
		if _, err := Compare(test.old, test.new, test.by); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	for _, test := range []struct {
		most int
		want error
	}{{10, nil}, {9, ErrTooMany}, {6, ErrTooMany}} {
		c := newComparison(old, new)
		c.most = test.most
		if err := c.read(); !errors.Is(err, test.want) {
			t.Errorf("at most %d domains: %v, want %v", test.most, err, test.want)
		}
	}
	c := newComparison(old, old)
	c.most = 5
	if err := c.read(); !errors.Is(err, ErrTooMany) {
		t.Errorf("at most 5 of the 6 domains of one run: %v", err)
	}
}
