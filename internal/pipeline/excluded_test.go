package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/starttls"
)

// exclusions are those of a file with these entries.
func exclusions(t *testing.T, entries ...string) *domains.Exclusions {
	t.Helper()
	path := filepath.Join(t.TempDir(), "exclude")
	if err := os.WriteFile(path, []byte(strings.Join(entries, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	x, err := domains.ReadExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// asked are the domains whose record was asked for.
func (w *town) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for name := range w.lookups {
		if !strings.HasPrefix(name, "_") { // of TLSRPT, or made up
			names = append(names, name)
		}
	}
	return names
}

// Names of those who opt out while a run lasts get no row, and are counted, from the next part on; a part without
// other names has no rows, also when it is scanned again.
func TestExcludedBetweenParts(t *testing.T) {
	const size = 10
	w := newTown()
	s := w.survey(t, listed{parts: 4, size: size}, 1)
	late := []string{"=d1.example.com", "d13.example.com", "=d15.example.com"}
	for rank := 2*size + 1; rank <= 3*size; rank++ {
		late = append(late, domainOf(int64(rank)))
	}
	grown := exclusions(t, late...)
	times := 0
	s.OpenParts = 1
	s.Excluded = func() (*domains.Exclusions, error) {
		if times++; times == 1 {
			return nil, nil
		}
		return grown, nil
	}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, s.dir)
	for part, want := range []int64{0, 2, size, 0} {
		info := s.parts[part]
		if info.ExcludedLate != want || info.Rows != size-want {
			t.Errorf("part %d: %d rows and %d names excluded late, want %d", part, info.Rows, info.ExcludedLate, want)
		}
	}
	for _, name := range w.asked() {
		if rows[name] == nil {
			t.Errorf("%s was asked, and has no row", name)
		}
	}
	if c := s.Stats.Counts(); c.Excluded != 2+size || c.Done() != 4*size || len(rows) != 3*size-2 ||
		rows["d1.example.com"] == nil {
		t.Errorf("%+v, %d rows", c, len(rows))
	}
	if times != 4 {
		t.Errorf("read %d times for 4 parts", times)
	}

	before := s.parts[2]
	s.Source = &only{k: 2}
	if err := Run(t.Context(), s.Config); err != nil || s.parts[2].SHA256 != before.SHA256 {
		t.Errorf("again %+v, was %+v, %v", s.parts[2], before, err)
	}
}

// A part that is scanned once more, since its answers could not be believed, leaves out the same names, and counts
// them once.
func TestExcludedFromPartsDoneAgain(t *testing.T) {
	w := newTown()
	var began time.Time
	d := &doubtful{town: w, times: make(map[resolver.Trust]int), vouch: func(from, _ time.Time) resolver.Trust {
		if began.IsZero() {
			began = time.Now()
		}
		if from.Before(began) {
			return resolver.Distrusted
		}
		return resolver.Trusted
	}}
	s := w.survey(t, listed{parts: 2, size: 10}, 1)
	s.Engine = d
	grown := exclusions(t, "=d3.example.com", "=d11.example.com", "=d12.example.com")
	s.Excluded = func() (*domains.Exclusions, error) { return grown, nil }
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if d.times[resolver.Distrusted] == 0 || s.parts[0].ExcludedLate != 1 || s.parts[1].ExcludedLate != 2 {
		t.Errorf("judged %v, %d and %d excluded", d.times, s.parts[0].ExcludedLate, s.parts[1].ExcludedLate)
	}
	if c := s.Stats.Counts(); c.Excluded != 3 || c.Done() != 20 {
		t.Errorf("%+v", c)
	}
}

// only is the Source of one part.
type only struct {
	k    int
	done bool
}

func (o *only) Next(context.Context) (int, bool, error) {
	ok := !o.done
	o.done = true
	return o.k, ok, nil
}

// Which rows are about an opt-out.
func TestExcludes(t *testing.T) {
	late := exclusions(t, "optout.com", "=mta-sts.exact.example", "22.66.0.0/16")
	addr := func(s string) *string { return &s }
	for _, tt := range []struct {
		row  output.Row
		want bool
	}{
		{output.Row{Domain: "a.example", HostCNAMEs: []string{"b.example"}, HostAddrs: []string{"22.1.0.1"}}, false},
		{output.Row{Domain: "sub.optout.com"}, true},
		{output.Row{Domain: "exact.example"}, true},
		{output.Row{Domain: "sub.exact.example"}, false},
		{output.Row{Domain: "a.example", CNAMEs: []string{"optout.com"}}, false}, // of the record: no host is connected to
		{output.Row{Domain: "a.example", HostCNAMEs: []string{"b.example", "sts.optout.com"}}, true},
		{output.Row{Domain: "a.example", HostAddrs: []string{"22.66.0.1", "22.66.0.2"}}, true},
		{output.Row{Domain: "a.example", HostAddrs: []string{"22.66.0.1", "22.1.0.2"}}, false},
		{output.Row{Domain: "a.example", MX: []output.MXHost{{Host: "mx.example"}, {Host: "mx.optout.com"}}}, true},
		{output.Row{Domain: "a.example", MX: []output.MXHost{{Host: "mx.example", Addr: addr("22.66.0.1")}}}, true},
		{output.Row{Domain: "a.example", MX: []output.MXHost{{Host: "mx.example", Addr: addr("22.1.0.1")}}}, false},
	} {
		if got := excludes(late, &tt.row); got != tt.want {
			t.Errorf("%+v: %v", tt.row, got)
		}
		if excludes(nil, &tt.row) {
			t.Errorf("%+v: there are no opt-outs", tt.row)
		}
	}
}

// Rows that wait when a host in them opts out become final as they stand, whatever they wait for, and nothing about
// them is asked again; the others go on. It makes no difference whether the rows were read before or after.
func TestExcludedBetweenPasses(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		t.Run(fmt.Sprintf("read ahead %v", ahead), func(t *testing.T) { excludedBetweenPasses(t, ahead) })
	}
}

func excludedBetweenPasses(t *testing.T, ahead bool) {
	const parts, size = 2, 10
	w := newTown()
	var mu sync.Mutex
	open := false // for those who wait for manners
	later := func() error {
		mu.Lock()
		defer mu.Unlock()
		if !open {
			return errLater{}
		}
		return nil
	}
	w.fails = func(domain string, time int) int {
		if strings.HasPrefix(domain, "d2.") || strings.HasPrefix(domain, "d3.") { // d2 opts out
			return dns.RcodeServerFailure
		}
		return 0
	}
	w.addr = func(domain string) string {
		if strings.HasPrefix(domain, "d7.") {
			return "22.66.0.1" // a network that opts out
		}
		return "22.1.0.1"
	}
	w.serve = func(domain, _ string) (int, error) {
		switch strings.TrimSuffix(domain, ".example.com") {
		case "d4", "d5", "d7", "d12": // d4 opts out, and the Policy Host of d12
			return 200, later()
		}
		return 200, nil
	}
	door := &busyDoor{dialled: make(map[string]int), serve: func(host, _ string) (int, error) {
		if host == "d6.example.com" || host == "d13.example.com" { // d6, its own MX host, opts out
			return 0, later()
		}
		return 0, nil
	}}
	s := w.survey(t, listed{parts: parts, size: size}, 2)
	s.Mail.Prober = starttls.New(starttls.Config{Dialer: door})
	s.intervals = intervals{hold: 1, revisit: 1e9, minPause: 1, maxPause: 1e6}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	out := []string{"d2", "d4", "d6", "d7", "d12"}
	wait := append([]string{"d3", "d5", "d13"}, out...)
	if got := s.pending(); int(got) != len(wait) {
		t.Fatalf("%d rows wait, want %d", got, len(wait))
	}
	before := make(map[string]int)
	for _, name := range wait {
		before[name] = w.lookups[name+".example.com"]
	}
	first := rowsIn(t, s.dir)

	mu.Lock()
	open = true
	mu.Unlock()
	grown := exclusions(t, "d2.example.com", "=d4.example.com", "d6.example.com", "22.66.0.0/16",
		"=mta-sts.d12.example.com")
	times := 0
	s.Excluded = func() (*domains.Exclusions, error) {
		if times++; ahead && times == 1 { // of the round, whose first part is read now
			return nil, nil
		}
		return grown, nil
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, s.dir)
	if c := s.Stats.Counts(); s.pending() != 0 || c.Waiting() != 0 || len(rows) != parts*size || c.Excluded != 0 {
		t.Errorf("%d rows wait, %+v, %d rows", s.pending(), c, len(rows))
	}
	for _, name := range wait {
		domain := name + ".example.com"
		row, was := rows[domain], first[domain]
		ended := slices.Contains(row.Findings, "excluded_late")
		asked := w.lookups[domain] > before[name]
		if ended != slices.Contains(out, name) || asked == ended && name != "d13" || row.Pending != "" {
			t.Errorf("%s: pending %q, findings %q, asked again %v", domain, row.Pending, row.Findings, asked)
		}
		if ended && (row.Policy != was.Policy || row.Record != was.Record || row.RecordReason != was.RecordReason ||
			row.Pass != was.Pass ||
			w.fetches[domain] > 0 != (name == "d6") || door.dialled[domain] > 0 || len(row.MX) > 0 && name != "d2") {
			t.Errorf("%s: record %s, policy %s, fetched %d times, dialled %d times, %d MX hosts",
				domain, row.Record, row.Policy, w.fetches[domain], door.dialled[domain], len(row.MX))
		}
		verdict := "unknown policy"
		switch name {
		case "d2":
			verdict = "unknown " // by its record
		case "d6":
			verdict = "valid_none policy"
		}
		if ended && row.Verdict+" "+row.VerdictBasis != verdict {
			t.Errorf("%s: verdict %s by %q, want %s", domain, row.Verdict, row.VerdictBasis, verdict)
		}
	}
}

// If it is not known who opted out, no more names are admitted: what is in flight is finished, whole parts are
// whole, and the run ends with the reason.
func TestExclusionsAreLost(t *testing.T) {
	lost := fmt.Errorf("%w: a host slipped", domains.ErrExclusions)
	w := newTown()
	w.serve = func(domain, _ string) (int, error) {
		if w.count(w.fetches, domain+" tried") == 1 {
			return 503, nil
		}
		return 200, nil
	}
	s := w.survey(t, listed{parts: 4, size: 10}, 2)
	times, fails := 0, 3
	s.OpenParts = 1
	s.Excluded = func() (*domains.Exclusions, error) {
		if times++; times >= fails {
			return nil, lost
		}
		return nil, nil
	}
	if err := Run(t.Context(), s.Config); !errors.Is(err, domains.ErrExclusions) {
		t.Fatalf("%v", err)
	}
	if len(s.parts) != 2 || len(w.asked()) != 20 {
		t.Errorf("%d parts, %d domains asked, want 2 and 20", len(s.parts), len(w.asked()))
	}

	for _, fails = range []int{1, 2} { // at the beginning of a round, and of a part
		times = 0
		waiting := s.pending()
		if err := Repass(t.Context(), s.Config, s.infos()); !errors.Is(err, domains.ErrExclusions) {
			t.Fatalf("%v", err)
		}
		if s.pending() != waiting || waiting != 20 {
			t.Errorf("%d of %d rows wait", s.pending(), waiting)
		}
	}
	for name, n := range w.lookups {
		if n != 1 {
			t.Errorf("%s was asked %d times", name, n)
		}
	}
	times, fails = 0, 1000
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil || s.pending() != 0 {
		t.Errorf("%v, %d rows wait", err, s.pending())
	}
}
