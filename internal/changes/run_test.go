package changes

import (
	"os"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// TestNotes has what is said of the runs before what changed.
func TestNotes(t *testing.T) {
	old, _ := twoRuns(t, nil)
	new := writeRun(t, "other", tuesday, func(m *output.Manifest) {
		m.Status, m.Reasons = output.StatusIncomplete, []string{"interrupted", "2 domains wait"}
		m.Config = map[string]string{"passes": "1", "probe-mx": "true", "deadline": "1m0s"}
		m.Config["names"], m.Config["limit"] = "registered", "9"
		m.Exclusions = "0123456789abcdef"
		m.Roots.Source = "company.pem"
		m.Resolvers = []output.Resolver{{Addr: "192.0.2.2:53"}, {Addr: "192.0.2.1:53"}}
	}, good("a.example"))
	old.config["probe-mx"], old.config["deadline"], old.roots.Source = "false", "1m0s (3m0s when asked again)", "bundle"
	old.config["names"], old.config["limit"] = "as_given", "0"
	old.Status, old.Reasons = output.StatusSuspect, []string{"200 of 300 records are unknown"}
	old.resolvers = []string{"192.0.2.3:53"}
	want := []string{
		"monday is suspect: 200 of 300 records are unknown: what it left unknown is no change",
		"other is not finished (interrupted; 2 domains wait): 1,234 domains have no row yet",
		"the runs differ in --names (as_given, then registered) and --limit (0, then 9) and exclusions (none, then 0123456789ab): domains that are not in both are left out",
		"the runs differ in --probe-mx (false, then true): verdicts that rest on certificates are compared between runs that probed alone",
		"the runs differ in --passes (2, then 1): failures that may pass are no changes where a run had fewer passes",
		"the runs differ in roots (bundle, then company.pem): certificates that lack nothing but trust are no changes",
		"the runs differ in resolvers (192.0.2.3:53, then 192.0.2.1:53 192.0.2.2:53): some changes may be those of the place",
	}
	if got := notes(old, new, 1234); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMissing has what is said of a new run that lacks rows: nothing that only a whole run can tell.
func TestMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	old := writeRun(t, "monday", monday, nil, good("a.example"), good("b.example"), good("c.example"))
	for _, test := range []struct {
		status  output.Status
		names   int64
		reasons []string
		note    string
		nothing string
		left    string
		missing int64
	}{
		{
			output.StatusRunning, 3, nil, "tuesday is not finished: 2 domains have no row yet",
			"Nothing changed since 2026-11-29 02:10, as far as there are rows.",
			"2 that have no row yet, or are gone from them.", 2,
		},
		{
			output.StatusIncomplete, 2, []string{"interrupted"},
			"tuesday is not finished (interrupted): 1 domain has no row yet",
			"Nothing changed since 2026-11-29 02:10, as far as there are rows.",
			"2 that have no row yet, or are gone from them.", 1,
		},
		{
			output.StatusIncomplete, 1, nil, "tuesday is not finished: rows that wait to be asked again are no change",
			"Nothing changed since 2026-11-29 02:10.", "2 that are gone from them.", 0,
		},
		{
			output.StatusComplete, 1, nil, "", "Nothing changed since 2026-11-29 02:10.", "2 that are gone from them.", 0,
		},
	} {
		edit := func(m *output.Manifest) {
			m.Status, m.Reasons, m.Inputs = test.status, test.reasons, []output.Input{{Names: test.names}}
		}
		if err := os.RemoveAll("tuesday"); err != nil {
			t.Fatal(err)
		}
		diff := compared(t, old, writeRun(t, "tuesday", tuesday, edit, good("a.example")), "")
		var text strings.Builder
		if err := diff.WriteText(&text, 0); err != nil {
			t.Fatal(err)
		}
		want := "monday (2026-11-29 02:10) to tuesday (2026-11-30 02:10), times in UTC\n"
		if test.note != "" {
			want += "Note: " + test.note + ".\n"
		}
		want += test.nothing + "\n\nNot compared: 0 domains with a record that are new in the lists, " + test.left + "\n"
		if got := text.String(); got != want || diff.Missing != test.missing {
			t.Errorf("%s, %d names: %d missing\n%s\nwant %d\n%s",
				test.status, test.names, diff.Missing, got, test.missing, want)
		}
	}
	running := func(m *output.Manifest) { m.Status = output.StatusRunning }
	killed := writeRun(t, "killed", monday, running, good("a.example"))
	const refused = "killed (not finished) is not complete, "
	if _, err := Compare(killed, old, ""); err == nil || !strings.HasPrefix(err.Error(), refused) {
		t.Errorf("a killed run as the old one: %v, want %s...", err, refused)
	}
}

// TestHowAsked has what each run asked beside the other, of shards together.
func TestHowAsked(t *testing.T) {
	run := func(passes string, roots string, shard *output.Shard, status output.Status) *output.Manifest {
		return &output.Manifest{
			Status: status, Config: map[string]string{"passes": passes}, Roots: output.Roots{Source: roots}, Shard: shard,
		}
	}
	type manifests []*output.Manifest
	shard := func(i int) *output.Shard { return &output.Shard{Index: i, Of: 2} }
	const complete, suspect, running = output.StatusComplete, output.StatusSuspect, output.StatusRunning
	for _, test := range []struct {
		name        string
		old, new    manifests
		before, now asked
		status      output.Status // of the new run
	}{
		{"the same", manifests{run("2", "bundle", nil, complete)}, manifests{run("2", "bundle", nil, complete)}, asked{}, asked{}, complete},
		{"fewer passes", manifests{run("2", "bundle", nil, complete)}, manifests{run("1", "bundle", nil, complete)}, asked{}, asked{fewerPasses: true}, complete},
		{"more passes", manifests{run("1", "bundle", nil, complete)}, manifests{run("2", "bundle", nil, complete)}, asked{}, asked{}, complete},
		{"passes that an older program does not tell", manifests{run("2", "bundle", nil, complete)}, manifests{run("", "bundle", nil, complete)}, asked{}, asked{}, complete},
		{
			"other roots", manifests{run("2", "bundle", nil, complete)}, manifests{run("2", "own.pem", nil, suspect)},
			asked{otherRoots: true}, asked{otherRoots: true}, suspect,
		},
		{
			"one shard with fewer passes, which was killed", manifests{run("2", "bundle", nil, complete)},
			manifests{run("2", "bundle", shard(0), suspect), run("1", "bundle", shard(1), running)},
			asked{}, asked{fewerPasses: true}, running,
		},
		{
			"one shard suspect", manifests{run("2", "bundle", nil, complete)},
			manifests{run("2", "bundle", shard(0), complete), run("2", "bundle", shard(1), suspect)}, asked{}, asked{}, suspect,
		},
	} {
		var runs [2]Run
		for i, list := range []manifests{test.old, test.new} {
			dir := t.TempDir()
			for _, m := range list {
				if err := m.Write(dir); err != nil {
					t.Fatal(err)
				}
			}
			runs[i] = readRun(t, dir)
		}
		before, now := howAsked(runs[0], runs[1])
		if before != test.before || now != test.now || runs[1].Status != test.status {
			t.Errorf("%s: %+v, then %+v, %s; want %+v, then %+v, %s",
				test.name, before, now, runs[1].Status, test.before, test.now, test.status)
		}
	}
}
