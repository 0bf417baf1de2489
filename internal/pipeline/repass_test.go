package pipeline

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/resolver"
	"stsscan/internal/starttls"
	"stsscan/internal/survey"
)

// passDelay is short; a second comes on top, since rows tell whole ones.
const passDelay = 100 * time.Millisecond

// A town is an Engine and a RoundTripper in which every domain has a record and a policy, but for what goes wrong.
type town struct {
	resolver.Unwatched
	fails func(domain string, time int) int      // rcode of the n-th question for a record, -1: silence, 0: none fails
	dead  func(domain string) bool               // SERVFAIL for the SOA too
	addr  func(domain string) string             // of the Policy Host
	serve func(domain, addr string) (int, error) // status of the policy
	heard func(resolver.Question, time.Duration) // of each question of the sieve
	began time.Time

	mu      sync.Mutex
	lookups map[string]int
	fetches map[string]int
}

func newTown() *town {
	return &town{
		fails: func(string, int) int { return 0 }, dead: func(string) bool { return false },
		addr:  func(string) string { return "198.18.0.1" },
		serve: func(string, string) (int, error) { return 200, nil },
		heard: func(resolver.Question, time.Duration) {}, began: time.Now(),
		lookups: make(map[string]int), fetches: make(map[string]int),
	}
}

func (w *town) count(of map[string]int, domain string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	of[domain]++
	return of[domain]
}

func (w *town) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	asked := q.Question[0]
	domain := strings.TrimSuffix(asked.Name, ".")
	reply := new(dns.Msg).SetReply(q)
	head := dns.RR_Header{Name: asked.Name, Rrtype: asked.Qtype, Class: dns.ClassINET, Ttl: 60}
	switch asked.Qtype {
	case dns.TypeTXT:
		domain = strings.TrimPrefix(domain, mtasts.RecordLabel+".")
		switch rcode := w.fails(domain, w.count(w.lookups, domain)); {
		case rcode < 0:
			return nil, context.DeadlineExceeded
		case rcode > 0:
			return reply.SetRcode(q, rcode), nil
		}
		reply.Answer = []dns.RR{&dns.TXT{Hdr: head, Txt: []string{"v=STSv1; id=1;"}}}
	case dns.TypeSOA:
		if w.dead(domain) {
			return reply.SetRcode(q, dns.RcodeServerFailure), nil
		}
		reply.Answer = []dns.RR{&dns.SOA{Hdr: head, Ns: "ns.", Mbox: "h."}}
	case dns.TypeA:
		addr := netip.MustParseAddr(w.addr(strings.TrimPrefix(domain, "mta-sts.")))
		reply.Answer = []dns.RR{&dns.A{Hdr: head, A: addr.AsSlice()}}
	default:
		reply.Ns = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: asked.Name, Rrtype: dns.TypeSOA, Class: dns.ClassINET},
			Ns: "ns.", Mbox: "h."}}
	}
	return reply, nil
}

func (w *town) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	into := make([]resolver.Question, 4)
	for more := true; more && ctx.Err() == nil; {
		var n int
		if n, more = next(into); n == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		for _, q := range into[:n] {
			w.heard(q, time.Since(w.began))
			a := resolver.Answer{Tag: q.Tag, Outcome: resolver.Reply,
				Trace: resolver.Trace{Attempts: 1, Upstream: upstreams[1-q.Avoid%2]}}
			if a.Msg, a.Err = w.Exchange(ctx, message(q)); a.Err != nil {
				a.Outcome, a.Rcode = resolver.Failed, -1
			}
			yield([]resolver.Answer{a})
		}
	}
	return context.Cause(ctx)
}

var upstreams = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("192.0.2.2:53")}

// Number is what a Resolver with these upstreams would say.
func (w *town) Number(addr netip.AddrPort) uint16 { return uint16(slices.Index(upstreams, addr) + 1) }

func (w *town) RoundTrip(req *http.Request) (*http.Response, error) {
	domain := strings.TrimPrefix(req.URL.Host, "mta-sts.")
	addrs, err := survey.Hosts(w, nil)(req.Context(), req.URL.Host)
	if err != nil {
		return nil, err
	}
	status, err := w.serve(domain, addrs[0].String())
	if err != nil {
		return nil, err
	}
	w.count(w.fetches, domain)
	const policy = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: io.NopCloser(strings.NewReader(policy)), ContentLength: int64(len(policy))}, nil
}

// A survey of a town, as a program makes it: one pass, and those after it.
type townSurvey struct {
	Config
	list  listed
	dir   string
	parts map[int]output.PartInfo
}

func (w *town) survey(t *testing.T, list listed, passes int) *townSurvey {
	t.Helper()
	s := &townSurvey{list: list, dir: t.TempDir(), parts: make(map[int]output.PartInfo)}
	dataset, err := output.Open(s.dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.Config = Config{
		Chunks: list, Source: &queue.Static{Parts: list.parts}, Dataset: dataset, Engine: w,
		Client: &mtasts.Client{Exchanger: w, Transport: w}, Passes: passes, PassDelay: passDelay, Stats: new(Stats),
		Wrote: func(info output.PartInfo) { s.parts[info.Part] = info },
	}
	return s
}

func (s *townSurvey) infos() []output.PartInfo { return slices.Collect(maps.Values(s.parts)) }

func (s *townSurvey) pending() (n int64) {
	for _, info := range s.parts {
		n += info.Pending
	}
	return n
}

// What fails once is asked again a while later, of another upstream, and the row tells both; what fails for good
// says how dead it is; what does not fail is asked once.
func TestPasses(t *testing.T) {
	const mends, broken, dead = "d3.example.com", "d14.example.com", "d15.example.com"
	const silent, refuses = "d26.example.com", "d27.example.com"
	w := newTown()
	w.fails = func(domain string, time int) int {
		switch {
		case domain == mends && time == 1, domain == broken, domain == dead:
			return dns.RcodeServerFailure
		case domain == silent:
			return -1
		}
		return 0
	}
	w.dead = func(domain string) bool { return domain == dead || domain == silent }
	w.serve = func(domain, addr string) (int, error) {
		if domain == refuses && w.count(w.fetches, domain+" tried") == 1 {
			return 503, nil
		}
		return 200, nil
	}
	asked := make(map[string][]time.Duration)
	zones := make(map[string]int)
	w.heard = func(q resolver.Question, at time.Duration) {
		if q.Type == resolver.TypeSOA {
			if zones[q.Name]++; q.Label != "" || !q.Again || !q.Patient {
				t.Errorf("of a zone: %+v", q)
			}
			return
		}
		asked[q.Name] = append(asked[q.Name], at)
		if again := len(asked[q.Name]) > 1; again != (q.Avoid == 2) {
			t.Errorf("%s, question %d: avoids upstream %d", q.Name, len(asked[q.Name]), q.Avoid)
		}
	}
	s := w.survey(t, listed{parts: 3, size: 10}, 2)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if got := s.pending(); got != 5 {
		t.Errorf("%d rows wait after the first pass, want 5", got)
	}
	if c := s.Stats.Counts(); c.Transient != 5 || c.Domains() != 30 {
		t.Errorf("counts %+v", c)
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	if c := s.Stats.Counts(); c.Transient != 0 || c.AskedAgain != 5 || c.Domains() != 30 || s.pending() != 0 {
		t.Errorf("at the end %+v, %d rows wait", c, s.pending())
	}
	rows := rowsIn(t, s.dir)
	if len(rows) != 30 {
		t.Errorf("%d rows, want 30", len(rows))
	}
	if want := map[string]int{broken: 1, dead: 1, silent: 1}; !maps.Equal(zones, want) {
		t.Errorf("zones were asked for: %v, want %v", zones, want)
	}
	type outcome struct{ record, reason, policy, first, firstReason, firstPolicy, firstStage string }
	want := map[string]outcome{
		mends:   {"valid", "", "valid", "unknown", "servfail", "not_fetched", ""},
		broken:  {"unknown", "servfail", "not_fetched", "unknown", "servfail", "not_fetched", ""},
		dead:    {"unknown", "zone_unreachable", "not_fetched", "unknown", "servfail", "not_fetched", ""},
		silent:  {"unknown", "zone_unreachable", "not_fetched", "unknown", "timeout", "not_fetched", ""},
		refuses: {"valid", "", "valid", "valid", "", "unreachable", "http"},
	}
	for domain, row := range rows {
		got := outcome{row.Record, row.RecordReason, row.Policy, row.FirstRecord, row.FirstRecordReason, row.FirstPolicy,
			row.FirstPolicyStage}
		expected, again := want[domain]
		if !again {
			expected = outcome{record: "valid", policy: "valid"}
		}
		passes := 1
		if again {
			passes = 2
		}
		if got != expected || row.Pending != "" || int(row.Pass) != passes || int(row.Attempts) != passes ||
			len(asked[domain]) != passes {
			t.Errorf("%s: %+v, pass %d, %d attempts, asked at %v; want %+v", domain, got, row.Pass, row.Attempts,
				asked[domain], expected)
		}
		if again && asked[domain][1]-asked[domain][0] < passDelay {
			t.Errorf("%s: asked at %v", domain, asked[domain])
		}
	}
}

// What takes long is asked again at the same time in many small parts, and in few large ones.
func TestRevisits(t *testing.T) {
	const parts = 3 * partsAtATime
	w := newTown()
	var arrived, alone atomic.Int64 // surveys of the second pass; those that did not see all others
	w.serve = func(domain, _ string) (int, error) {
		if w.count(w.fetches, domain+" tried") == 1 {
			return 503, nil
		}
		arrived.Add(1)
		for began := time.Now(); arrived.Load() < parts; time.Sleep(time.Millisecond) {
			if time.Since(began) > 5*time.Second {
				alone.Add(1)
				break
			}
		}
		return 200, nil
	}
	s := w.survey(t, listed{parts: parts, size: 1}, 2)
	if err := errors.Join(Run(t.Context(), s.Config), Repass(t.Context(), s.Config, s.infos())); err != nil {
		t.Fatal(err)
	}
	if alone.Load() > 0 || s.pending() != 0 {
		t.Errorf("%d of %d were not asked with all others, %d rows wait", alone.Load(), parts, s.pending())
	}
	for pending, want := range map[int64]int{1: mostParts, maxRevisit / 4: 4 * partsAtATime,
		maxRevisit: partsAtATime, 1 << 30: partsAtATime} {
		l := pendingParts{parts: map[int]output.PartInfo{0: {Pending: 1}, 1: {Pending: pending}}}
		if got := l.partsNow(); got != want {
			t.Errorf("%d rows wait: %d parts, want %d", pending, got, want)
		}
	}
}

// A run that makes one pass has no provisional rows.
func TestOnePass(t *testing.T) {
	w := newTown()
	w.fails = func(string, int) int { return dns.RcodeServerFailure }
	s := w.survey(t, listed{parts: 1, size: 4}, 1)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if row.Pending != "" || row.RecordReason != "servfail" {
			t.Errorf("%s: %s, pending %q", domain, row.RecordReason, row.Pending)
		}
	}
}

// errLater is the error of a transport that asked no host.
type errLater struct{}

func (errLater) Error() string { return "the address has had its share" }
func (errLater) Later() bool   { return true }

// perSecond is what an address may get: a hundred times the usual rate.
const perSecond = 200

// manners let so many requests through to each address, and a few wait.
func manners() func(domain, addr string) (int, error) {
	var mu sync.Mutex
	next := make(map[string]time.Time)
	return func(_, addr string) (int, error) {
		mu.Lock()
		at := next[addr]
		if now := time.Now(); at.Before(now) {
			at = now
		}
		if time.Until(at) > 10*time.Second/perSecond {
			mu.Unlock()
			return 0, errLater{}
		}
		next[addr] = at.Add(time.Second / perSecond)
		mu.Unlock()
		time.Sleep(time.Until(at))
		return 200, nil
	}
}

// stopping calls stop when so many requests have been let through.
func stopping(serve func(string, string) (int, error), after int, stop func()) func(string, string) (int, error) {
	var served atomic.Int64
	return func(domain, addr string) (int, error) {
		status, err := serve(domain, addr)
		if err == nil && served.Add(1) == int64(after) {
			stop()
		}
		return status, err
	}
}

// The domains of a large provider are worked through at the rate that its address allows, each once, while others
// go on; the rows on disk are the queue, and an interrupt loses nothing.
func TestRepassManners(t *testing.T) {
	const parts, size = 4, 50
	large := func(domain string) bool { return !strings.Contains(domain, "0.") }
	w := newTown()
	w.addr = func(domain string) string {
		if large(domain) {
			return "198.18.0.1"
		}
		return "198.18.1." + strings.TrimSuffix(strings.TrimPrefix(domain, "d"), "0.example.com")
	}
	w.serve = func(domain, _ string) (int, error) {
		if large(domain) {
			return 0, errLater{}
		}
		return 200, nil
	}
	s := w.survey(t, listed{parts: parts, size: size}, 2)
	s.intervals = intervals{hold: 20 * time.Millisecond, revisit: 500 * time.Millisecond,
		minPause: 10 * time.Millisecond, maxPause: time.Second}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	waiting := s.pending()
	if c := s.Stats.Counts(); waiting != parts*size*9/10 || c.Manners != waiting {
		t.Errorf("%d rows wait after the first pass, and %d are counted, want nine in ten", waiting, c.Manners)
	}
	for domain, row := range rowsIn(t, s.dir) {
		if !large(domain) && row.Pending != "" {
			t.Errorf("%s, whose address is its own, waits", domain)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.serve = stopping(manners(), 60, cancel)
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("interrupted: %v", err)
	}
	if left := s.pending(); left > waiting-60 || left == 0 {
		t.Errorf("%d of %d rows wait after 60 fetches", left, waiting)
	}
	wantOnce(t, w, s)

	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	if c := s.Stats.Counts(); c.Manners != 0 || s.pending() != 0 {
		t.Errorf("%d rows wait, and %d are counted", s.pending(), c.Manners)
	}
	rows := wantOnce(t, w, s)
	for domain, row := range rows {
		if row.Pending != "" || row.Policy != "valid" || row.Pass != 1 || row.FirstRecord != "" {
			t.Errorf("%s: policy %s, pass %d, first %q, pending %q", domain, row.Policy, row.Pass, row.FirstRecord, row.Pending)
		}
	}
	questions := 0
	for domain := range rows {
		questions += w.lookups[domain]
	}
	t.Logf("%v at %d a second, %d questions for records", time.Since(w.began), perSecond, questions)
	if questions > 4*len(rows) {
		t.Errorf("%d questions for %d records", questions, len(rows))
	}
}

// A busyDoor leads to mail servers at one address, none of which listens; those that must wait are not dialled.
type busyDoor struct {
	starttls.Dialer
	serve func(string, string) (int, error)

	mu      sync.Mutex
	dialled map[string]int
}

func (d *busyDoor) Dial(_ context.Context, host string, _ time.Duration) (net.Conn, netip.Addr, error) {
	const addr = "198.18.9.1"
	if _, err := d.serve(host, addr); err != nil {
		return nil, netip.MustParseAddr(addr), err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialled[host]++
	return nil, netip.MustParseAddr(addr), syscall.ECONNREFUSED
}

// Domains whose mail servers must wait are worked through too, at the rate that the servers' address allows; their
// policies are not fetched again for it.
func TestRepassProbes(t *testing.T) {
	const parts, size = 4, 50
	w := newTown()
	w.addr = func(domain string) string {
		return "198.18." + strings.TrimPrefix(strings.TrimSuffix(domain, ".example.com"), "d") + ".1"
	}
	w.serve = func(domain, _ string) (int, error) {
		if domain == "d7.example.com" && w.count(w.fetches, domain+" tried") == 1 {
			return 503, nil // and its mail server is asked once all the same
		}
		return 200, nil
	}
	door := &busyDoor{dialled: make(map[string]int), serve: func(string, string) (int, error) { return 0, errLater{} }}
	s := w.survey(t, listed{parts: parts, size: size}, 2)
	s.Mail.Prober = starttls.New(starttls.Config{Dialer: door})
	s.intervals = intervals{hold: 20 * time.Millisecond, revisit: 500 * time.Millisecond,
		minPause: 10 * time.Millisecond, maxPause: time.Second}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	for domain, row := range wantOnce(t, w, s) {
		if row.Pending != "manners" || row.Policy == "" || row.Verdict != "unknown" || len(row.MX) != 1 ||
			row.MX[0].STARTTLS != nil || *row.MX[0].Addr != "198.18.9.1" {
			t.Errorf("%s: policy %s, verdict %q, pending %q, %d MX hosts", domain, row.Policy, row.Verdict, row.Pending,
				len(row.MX))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	door.serve = stopping(manners(), 60, cancel)
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("interrupted: %v", err)
	}
	if left := s.pending(); left > parts*size-60 || left == 0 {
		t.Errorf("%d rows wait after 60 connections", left)
	}
	if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
		t.Fatal(err)
	}
	for domain, row := range rowsIn(t, s.dir) {
		fetched, passes := 1, 1
		if domain == "d7.example.com" {
			fetched, passes = 2, 2
		}
		if w.fetches[domain] != fetched || door.dialled[domain] != 1 || int(row.Pass) != passes ||
			int(row.Attempts) != passes {
			t.Errorf("%s: fetched %d times, dialled %d times, pass %d, %d attempts", domain, w.fetches[domain],
				door.dialled[domain], row.Pass, row.Attempts)
		}
		if row.Pending != "" || row.Policy != "valid" || row.Verdict == "" || len(row.MX) != 1 ||
			*row.MX[0].STARTTLS != "no_connection" || row.ObservedAt.IsZero() {
			t.Errorf("%s: policy %s, verdict %q, pending %q, %d MX hosts", domain, row.Policy, row.Verdict, row.Pending,
				len(row.MX))
		}
	}
}

// wantOnce holds the rows against the fetches: each name has one row, and one fetch unless it waits for that.
func wantOnce(t *testing.T, w *town, s *townSurvey) map[string]*output.Row {
	t.Helper()
	rows := rowsIn(t, s.dir)
	if want := s.list.parts * s.list.size; len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for domain, row := range rows {
		want := 1
		if row.Pending != "" && len(row.MX) == 0 {
			want = 0
		}
		if got := w.fetches[domain]; got != want {
			t.Errorf("%s: fetched %d times, pending %q", domain, got, row.Pending)
		}
	}
	return rows
}
