package pipeline

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// A stuckTown is a town in which something never ends by itself.
type stuckTown struct {
	*town
	stuck func(what, domain string) bool // what: sweep, lane, lookup, policy, mail, fault, await, doubt

	given, hits atomic.Int64 // names that were admitted; times that something was stuck

	mu    sync.Mutex
	asked map[string][]time.Time // when policies were asked for
}

// is reports whether something is stuck.
func (e *stuckTown) is(what, domain string) bool {
	if !e.stuck(what, domain) {
		return false
	}
	e.hits.Add(1)
	return true
}

func (e *stuckTown) hang(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func (e *stuckTown) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	domain := strings.TrimPrefix(strings.TrimSuffix(q.Question[0].Name, "."), mtasts.RecordLabel+".")
	switch q.Question[0].Qtype {
	case dns.TypeMX:
		if e.is("mail", domain) {
			return nil, e.hang(ctx)
		}
	case dns.TypeTXT:
		if e.is("lookup", domain) {
			return nil, e.hang(ctx)
		}
		if e.is("fault", domain) {
			return nil, errLocal{}
		}
	}
	return e.town.Exchange(ctx, q)
}

func (e *stuckTown) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	into := make([]resolver.Question, 4)
	lost := false
	for more := true; more && ctx.Err() == nil; {
		if e.given.Load() >= stuckSize && e.is("lane", "") {
			_ = e.hang(ctx)
			next(into)
			break
		}
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		e.given.Add(int64(n))
		for _, q := range into[:n] {
			a := resolver.Answer{Tag: q.Tag, Outcome: resolver.Reply, Trace: resolver.Trace{Attempts: 1, Upstream: upstreams[0]}}
			switch {
			case e.is("sweep", q.Name):
				lost = true
				continue
			case e.stuck("lookup", q.Name), e.stuck("fault", q.Name):
				a.Outcome, a.Rcode, a.Err = resolver.Failed, -1, errLocal{}
			default:
				a.Msg, a.Err = e.town.Exchange(ctx, message(q))
			}
			yield([]resolver.Answer{a})
		}
	}
	if lost {
		return e.hang(ctx)
	}
	return context.Cause(ctx)
}

func (e *stuckTown) RoundTrip(req *http.Request) (*http.Response, error) {
	domain := strings.TrimPrefix(req.URL.Host, "mta-sts.")
	e.mu.Lock()
	e.asked[domain] = append(e.asked[domain], time.Now())
	e.mu.Unlock()
	if e.is("policy", domain) {
		return nil, e.hang(req.Context())
	}
	return e.town.RoundTrip(req)
}

func (e *stuckTown) Await(ctx context.Context) error {
	if e.is("await", "") {
		return e.hang(ctx)
	}
	return nil
}

func (e *stuckTown) Vouch(time.Time, time.Time) resolver.Trust {
	if e.is("doubt", "") {
		return resolver.Waiting
	}
	return resolver.Trusted
}

// Domains are stuck from the 11th on: it, and as many as there are slots for, are all names of two parts, and some
// of the third.
const (
	stuckParts, stuckSize = 4, 20
	stuckFrom             = 11
	stuckSlots            = 10 + 2*10 + 2*4 + 1
	stuckGiven            = stuckFrom - 1 + stuckSlots
	stuckSurveys          = 4
	stuckDelay            = time.Second // between passes
)

func newStuckTown() *stuckTown {
	none := func(string, string) bool { return false }
	return &stuckTown{town: newTown(), asked: make(map[string][]time.Time), stuck: none}
}

// survey is that of a town in which something may be stuck.
func (e *stuckTown) survey(t *testing.T) *townSurvey {
	s := e.town.survey(t, listed{parts: stuckParts, size: stuckSize}, 2)
	s.Engine, s.Client.Exchanger, s.Client.Transport = e, e, e
	s.InFlight, s.Surveys, s.maxWaiting, s.OpenParts, s.PassDelay = 10, stuckSurveys, 1, stuckParts, stuckDelay
	s.grace = grace{inFlight: 50 * time.Millisecond, total: 2 * time.Second}
	return s
}

// interrupt calls a stage of a run and ends its context when so many names were admitted and so much is stuck. The
// stage has to end.
func (e *stuckTown) interrupt(t *testing.T, given, hits int64, stage func(ctx context.Context) error) {
	t.Helper()
	e.given.Store(0)
	e.hits.Store(0)
	interruptWhen(t, func() bool { return e.given.Load() >= given && e.hits.Load() >= hits }, stage)
}

func interruptWhen(t *testing.T, ready func() bool, stage func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- stage(ctx) }()
	patience := time.After(time.Minute)
	for !ready() {
		select {
		case err := <-ended:
			t.Fatalf("the run ended by itself: %v", err)
		case <-patience:
			t.Fatal("waited for too long")
		case <-time.After(5 * time.Millisecond):
		}
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, ErrInterrupted) {
			t.Fatalf("interrupted: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the run goes on")
	}
}

// resume finishes a run that was interrupted, and holds it to the time between two fetches of a policy.
func (e *stuckTown) resume(t *testing.T, s *townSurvey) {
	t.Helper()
	e.stuck = func(string, string) bool { return false }
	s.Source = &queue.Static{Parts: s.list.parts, Done: func(k int) bool { _, whole := s.parts[k]; return whole }}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	rows := rowsIn(t, s.dir)
	if len(rows) != stuckParts*stuckSize || s.pending() != 0 || s.Stats.Counts().Waiting() != 0 {
		t.Errorf("%d rows, %d of them provisional, %d in the counts", len(rows), s.pending(), s.Stats.Counts().Waiting())
	}
	for domain, row := range rows {
		if row.Policy != "valid" || row.Pending != "" || row.MXKind == "" {
			t.Errorf("%s: policy %s, pending %q, mx %q", domain, row.Policy, row.Pending, row.MXKind)
		}
		for i, at := range e.asked[domain][1:] {
			if between := at.Sub(e.asked[domain][i]); between < stuckDelay {
				t.Errorf("%s: its policy was asked for again after %v", domain, between)
			}
		}
	}
}

// Whatever a run waits for, it ends soon when it is asked to, with a row for each name of the parts whose names
// were all admitted, and goes on from there.
func TestGrace(t *testing.T) {
	for _, tt := range []struct {
		what           string
		given, hits    int64
		rows           int64 // that are there when the run is asked to stop
		files          int
		record, policy string // of the rows that are cut short; the policy of those whose surveys had begun
	}{
		{"sweep", stuckGiven, stuckSlots, stuckFrom - 1, 2, "unknown", "not_fetched"},
		{"lane", stuckSize, 1, stuckSize, 1, "", ""},
		{"lookup", stuckGiven, stuckSurveys, stuckFrom - 1, 2, "unknown", "not_fetched"},
		{"policy", stuckGiven, stuckSurveys, stuckFrom - 1, 2, "valid", "unknown"},
		{"mail", stuckGiven, stuckSurveys, stuckFrom - 1, 2, "valid", "valid"},
		{"await", stuckSlots, stuckSurveys, 0, 1, "valid", "unknown"},
		{"doubt", stuckSize, 1, stuckSize, 0, "", ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			e := newStuckTown()
			e.stuck = func(what, domain string) bool {
				return what == tt.what && (domain == "" || rankOf(domain) >= stuckFrom)
			}
			s := e.survey(t)
			ready := func() bool {
				return e.given.Load() >= tt.given && e.hits.Load() >= tt.hits && s.Stats.Counts().Domains() >= tt.rows
			}
			interruptWhen(t, ready, func(ctx context.Context) error { return Run(ctx, s.Config) })

			rows := rowsIn(t, s.dir)
			if len(s.parts) != tt.files || len(rows) != tt.files*stuckSize {
				t.Errorf("%d parts and %d rows, want %d parts", len(s.parts), len(rows), tt.files)
			}
			policies := 0
			for domain, row := range rows {
				want := ""
				if tt.record != "" && row.Rank >= stuckFrom || tt.what == "await" {
					want = string(codes.PendingInterrupted)
				}
				if row.Pending != want || row.Pass != 1 {
					t.Errorf("%s: pending %q, pass %d", domain, row.Pending, row.Pass)
				}
				if want != "" && (row.Record != tt.record || row.RecordReason != "" || row.Error != "") {
					t.Errorf("%s: record %s, %q, %q", domain, row.Record, row.RecordReason, row.Error)
				}
				if want != "" && row.Policy == tt.policy {
					policies++
				}
			}
			if tt.record != "" && policies < stuckSurveys {
				t.Errorf("%d rows say that the policy is %s", policies, tt.policy)
			}
			if got := s.Stats.Counts().Waiting(); tt.files > 0 && got < s.pending() {
				t.Errorf("%d wait by the counts, %d rows are provisional", got, s.pending())
			}
			s.Stats = new(Stats)
			for _, info := range s.parts {
				s.Stats.Waits(info.Counts.Pending)
			}
			e.resume(t, s)
		})
	}
}

// A fault of this machine that comes while a run ends is none of the domain's.
func TestGraceFaults(t *testing.T) {
	t.Parallel()
	e := newStuckTown()
	e.stuck = func(what, domain string) bool { return what == "fault" && rankOf(domain) >= stuckFrom }
	s := e.survey(t)
	e.interrupt(t, stuckGiven, stuckSurveys, func(ctx context.Context) error { return Run(ctx, s.Config) })
	if len(s.parts) != 2 || s.pending() != 2*stuckSize-stuckFrom+1 {
		t.Errorf("%d parts, %d rows are provisional", len(s.parts), s.pending())
	}
}

// In a later pass names keep the rows that they have, unless their policies were asked for.
func TestGraceOfRepass(t *testing.T) {
	for _, what := range []string{"sweep", "lookup", "policy", "mail"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := newStuckTown()
			failing := true
			e.serve = func(domain, _ string) (int, error) {
				if failing {
					return 503, nil
				}
				return 200, nil
			}
			s := e.survey(t)
			if err := Run(t.Context(), s.Config); err != nil {
				t.Fatal(err)
			}
			failing = false
			before := rowsIn(t, s.dir)
			e.stuck = func(kind, domain string) bool { return kind == what && rankOf(domain) >= stuckFrom }
			e.interrupt(t, 0, stuckSurveys, func(ctx context.Context) error { return Repass(ctx, s.Config, s.infos()) })

			waiting := int64(0)
			for domain, row := range rowsIn(t, s.dir) {
				asked := len(e.asked[domain]) > 1
				want := codes.PendingTransient
				switch {
				case asked && (row.Rank >= stuckFrom || row.Pending != ""): // a busy machine outlasts the grace
					want = codes.PendingInterrupted
				case asked:
					want = ""
				}
				if row.Pending != string(want) || asked != (row.Pass == 2) {
					t.Errorf("%s: pending %q, pass %d, asked again: %v", domain, row.Pending, row.Pass, asked)
				}
				if !asked && !row.ObservedAt.Equal(before[domain].ObservedAt) {
					t.Errorf("%s has another row", domain)
				}
				if row.Pending != "" {
					waiting++
				}
			}
			if got := s.Stats.Counts().Waiting(); got != waiting || waiting != s.pending() {
				t.Errorf("%d wait by the counts, %d rows are provisional, and %d by the footers", got, waiting, s.pending())
			}
			e.resume(t, s)
		})
	}
}

// What waits for its turn at an address keeps waiting: no host was asked.
func TestGraceTurns(t *testing.T) {
	t.Parallel()
	e := newStuckTown()
	e.addr = func(string) string { return "22.1.0.1" }
	s := e.survey(t)
	s.Surveys, s.PassDelay = 2*maxPerAddr, time.Hour
	var dialled atomic.Int64
	transport, err := egress.NewTransport(egress.Config{
		Resolve: survey.Hosts(e, nil), Manners: egress.Manners{HostConnections: 1, HostRate: -1, NetworkRate: -1, Queue: -1, MaxWait: -1},
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dialled.Add(1)
			return nil, e.hang(ctx)
		},
		DialTimeout: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client.Transport, s.Deadline = transport, time.Hour
	putOff := func() bool { return transport.Manners().PutOff == stuckParts*stuckSize-1 && dialled.Load() == 1 }
	interruptWhen(t, putOff, func(ctx context.Context) error { return Run(ctx, s.Config) })

	wait := func() bool { return transport.Manners().Waiting == maxPerAddr-1 && dialled.Load() == 2 }
	interruptWhen(t, wait, func(ctx context.Context) error { return Repass(ctx, s.Config, s.infos()) })
	interrupted := 0
	for _, row := range rowsIn(t, s.dir) {
		switch codes.Pending(row.Pending) {
		case codes.PendingInterrupted:
			interrupted++
		case codes.PendingManners:
		default:
			t.Errorf("%s: pending %q", row.Domain, row.Pending)
		}
	}
	if interrupted != 2 {
		t.Errorf("%d rows were interrupted, want the two that were asked", interrupted)
	}
}

// A part that is not whole when the time is over leaves no file, however many there are.
func TestGraceOverdue(t *testing.T) {
	t.Parallel()
	e := newStuckTown()
	e.stuck = func(what, domain string) bool { return what == "policy" && rankOf(domain) >= stuckFrom }
	s := e.survey(t)
	s.grace.total = 100 * time.Millisecond
	note := s.Wrote
	s.Wrote = func(info output.PartInfo) { // a slow disk
		time.Sleep(10 * s.grace.total)
		note(info)
	}
	e.interrupt(t, stuckGiven, stuckSurveys, func(ctx context.Context) error { return Run(ctx, s.Config) })
	if len(s.parts) > 1 {
		t.Errorf("%d parts were written, want the one that was begun in time", len(s.parts))
	}
	s.Wrote, s.Stats = note, new(Stats)
	for _, info := range s.parts {
		s.Stats.Waits(info.Counts.Pending)
	}
	e.resume(t, s)
}

// A fault that was in the way until the end of a run that was interrupted is no reason to say that it lasts: not
// all was asked that was to be.
func TestGraceInTheLastRound(t *testing.T) {
	t.Parallel()
	w := newTown()
	w.serve = func(string, string) (int, error) { return 0, errLocal{} }
	s := w.survey(t, listed{parts: 1, size: admissionSize + 4}, 2)
	s.tries = 1
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := 0
	w.heard = func(resolver.Question, time.Duration) {
		if heard++; heard == 2*admissionSize+4 { // of the last round, the first that were read
			cancel()
		}
	}
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrInterrupted) || errors.Is(err, ErrLocalFault) {
		t.Fatalf("error %v", err)
	}
}

// Visits that have nothing to ask at the moment, while another one has, are ended with it: what they have found is
// written.
func TestGraceOfPausedParts(t *testing.T) {
	t.Parallel()
	const size = 2 * maxPerAddr
	w := newTown()
	w.addr = func(domain string) string {
		if rankOf(domain) <= size {
			return "22.1.0.1"
		}
		return "22.1.0.2"
	}
	w.serve = func(string, string) (int, error) { return 0, errLater{} }
	s := w.survey(t, listed{parts: 2, size: size}, 2)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	goOn := make(chan struct{})
	const found = 3
	var asked, done atomic.Int64
	w.serve = func(string, string) (int, error) {
		if asked.Add(1) > found {
			<-goOn
		}
		done.Add(1)
		return 200, nil
	}
	w.heard = func(q resolver.Question, _ time.Duration) {
		if rankOf(q.Name) > size && ctx.Err() == nil {
			for done.Load() < found {
				time.Sleep(time.Millisecond)
			}
			cancel()
			close(goOn)
		}
	}
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if was := w.fetches[domain] > 0; was != (row.Pending == "") {
			t.Errorf("%s: pending %q, asked: %v", domain, row.Pending, was)
		}
	}
	if got := s.Stats.Counts().Waiting(); got != s.pending() {
		t.Errorf("%d wait by the counts, %d rows are provisional", got, s.pending())
	}
}
