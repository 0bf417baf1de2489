package pipeline

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// TestEngines holds the real Engine, and each one that stands in for it in the tests of this package, to what the
// pipeline relies on: [testEngine].
func TestEngines(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	memory := inMemory{world: world}
	for name, open := range map[string]func(t *testing.T) Engine{
		"resolver":         func(t *testing.T) Engine { return overLoopback(t, world) },
		"watched resolver": func(t *testing.T) Engine { return withCanaries(overLoopback(t, world)) },
		"in memory":        func(*testing.T) Engine { return memory },
		"interrupting":     func(*testing.T) Engine { return &interrupting{Engine: memory, after: 1, interrupt: func() {}} },
		"slow surveys":     func(*testing.T) Engine { return &slowSurveys{Engine: memory} },
		"town":             func(*testing.T) Engine { return newTown() },
		"failing town":     func(*testing.T) Engine { return failingTown() },
		"stuck town":       func(*testing.T) Engine { return newStuckTown() },
		"outage":           func(*testing.T) Engine { return &outage{town: newTown(), back: time.Now()} },
		"doubtful": func(*testing.T) Engine {
			believe := func(time.Time, time.Time) resolver.Trust { return resolver.Trusted }
			return &doubtful{town: newTown(), vouch: believe, times: make(map[resolver.Trust]int)}
		},
		"floods": func(*testing.T) Engine {
			none := func(string) []dns.RR { return nil }
			return &floods{texts: none, window: 3, answered: func(int) {}, released: make(chan struct{})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			testEngine(t, open)
		})
	}
}

// overLoopback is a resolver that asks world.
func overLoopback(t *testing.T, world *simnet.World) *resolver.Resolver {
	t.Helper()
	server, err := world.Listen(t.Context(), simnet.Addrs{DNS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	upstreams := []netip.AddrPort{server.DNS}
	engine, err := resolver.New(resolver.Config{Upstreams: upstreams, Timeout: time.Second, Retries: 2, Lanes: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

func withCanaries(engine *resolver.Resolver) *resolver.Resolver {
	canaries := resolver.Preflight{Zone: simnet.CanaryZone}.Canaries()
	engine.Watch(resolver.Watch{Canaries: canaries, Interval: 50 * time.Millisecond})
	return engine
}

// failingTown is a town with silence and SERVFAIL.
func failingTown() *town {
	w := newTown()
	w.fails = func(domain string, _ int) int {
		return map[int64]int{0: -1, 1: dns.RcodeServerFailure}[rankOf(domain)%3]
	}
	return w
}

// testEngine holds an Engine to what the pipeline relies on. It must say something, if only that it failed, of the
// names of domainOf.
func testEngine(t *testing.T, open func(t *testing.T) Engine) {
	for name, test := range map[string]func(*testing.T, Engine){
		"each question has one answer":       oneAnswerEach,
		"what is held back holds up nothing": oneAtATime,
		"the wish to stop ends a sweep":      endsWithCause,
		"exchange beside a sweep":            exchangesBeside,
		"trust":                              tellsTrust,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// A sweeping is one Sweep over the names of domainOf, from 1 to last. It holds the Engine to how it calls next and
// yield.
type sweeping struct {
	*testing.T
	last int64
	hold func(given, answered int64) bool // whether next has nothing to give for now

	inNext, over    atomic.Bool
	given, answered atomic.Int64
	mu              sync.Mutex
	answers         map[int64]resolver.Answer
	questions       map[int64]resolver.Question
}

func newSweeping(t *testing.T, last int64) *sweeping {
	return &sweeping{
		T: t, last: last, hold: func(int64, int64) bool { return false },
		answers: make(map[int64]resolver.Answer), questions: make(map[int64]resolver.Question),
	}
}

func (s *sweeping) next(into []resolver.Question) (n int, more bool) {
	if s.inNext.Swap(true) {
		s.Error("next is called by two goroutines at a time")
	}
	defer s.inNext.Store(false)
	if len(into) == 0 {
		s.Error("next is called with no room")
	}
	for ; n < len(into) && s.given.Load() < s.last && !s.hold(s.given.Load(), s.answered.Load()); n++ {
		rank := s.given.Add(1)
		into[n] = resolver.Question{
			Label: mtasts.RecordLabel, Name: domainOf(rank), Type: dns.TypeTXT, Tag: -rank, Again: rank%2 == 0, Patient: rank%3 == 0,
		}
		if rank%5 == 0 {
			into[n].Label, into[n].Type = "", dns.TypeSOA
		}
		s.mu.Lock()
		s.questions[-rank] = into[n]
		s.mu.Unlock()
	}
	return n, s.given.Load() < s.last
}

func (s *sweeping) yield(answers []resolver.Answer) {
	if s.over.Load() {
		s.Error("an answer comes after the end of the Sweep")
	}
	for _, a := range answers {
		s.mu.Lock()
		q, asked := s.questions[a.Tag]
		if _, twice := s.answers[a.Tag]; twice || !asked {
			s.Errorf("tag %d: asked %v, answered before %v", a.Tag, asked, twice)
		}
		s.answers[a.Tag] = a
		s.mu.Unlock()
		checkAnswer(s.T, q, a)
		s.answered.Add(1)
	}
}

// checkAnswer holds an answer to its Outcome.
func checkAnswer(t *testing.T, q resolver.Question, a resolver.Answer) {
	t.Helper()
	if (a.Err != nil) != (a.Outcome == resolver.Failed) || (a.Msg != nil) != (a.Outcome == resolver.Reply) {
		t.Errorf("outcome %d with message %v, error %v", a.Outcome, a.Msg, a.Err)
	}
	if (a.Rcode == -1) != (a.Outcome == resolver.Failed) {
		t.Errorf("outcome %d with rcode %d", a.Outcome, a.Rcode)
	}
	if a.Msg != nil && !slices.Equal(a.Msg.Question, message(q).Question) {
		t.Errorf("a reply to %v, not %v", a.Msg.Question, message(q).Question)
	}
}

func (s *sweeping) run(ctx context.Context, engine Engine) error {
	err := engine.Sweep(ctx, s.next, s.yield)
	s.over.Store(true)
	return err
}

// Each question has one answer with its tag; next is called by one goroutine at a time, and asked again where it
// has nothing to give.
func oneAnswerEach(t *testing.T, engine Engine) {
	s := newSweeping(t, 100)
	asked := make(map[int64]int)
	s.hold = func(given, _ int64) bool {
		asked[given]++
		return given%3 == 0 && asked[given] <= 2 // so that one call at least has nothing to give
	}
	if err := s.run(t.Context(), engine); err != nil || len(s.answers) != 100 {
		t.Errorf("error %v, %d answers", err, len(s.answers))
	}
}

// An answer comes though next gives no more before it has come.
func oneAtATime(t *testing.T, engine Engine) {
	s := newSweeping(t, 10)
	s.hold = func(given, answered int64) bool { return answered < given }
	if err := s.run(t.Context(), engine); err != nil || len(s.answers) != 10 {
		t.Errorf("error %v, %d answers", err, len(s.answers))
	}
}

// A Sweep ends with the cause of ctx, while next has nothing to give and nothing is in flight, and where it ended
// before.
func endsWithCause(t *testing.T, engine Engine) {
	enough := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	for range 2 {
		s := newSweeping(t, 10)
		s.hold = func(given, answered int64) bool {
			if answered >= 5 {
				stop(enough)
			}
			return given == 5
		}
		if err := s.run(ctx, engine); !errors.Is(err, enough) {
			t.Errorf("error %v, want the cause", err)
		}
	}
}

// All may be called beside a Sweep, by many at a time, and Exchange leaves the question as it is.
func exchangesBeside(t *testing.T, engine Engine) {
	s := newSweeping(t, 50)
	exchanged := make(chan struct{})
	s.hold = func(given, _ int64) bool {
		select {
		case <-exchanged:
			return false
		default:
			return given == 40
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.run(t.Context(), engine); err != nil || len(s.answers) != 50 {
			t.Errorf("error %v, %d answers", err, len(s.answers))
		}
	})
	var askers sync.WaitGroup
	for i := range int64(4) {
		askers.Go(func() {
			for rank := 10 * i; rank < 10*i+5; rank++ {
				q := new(dns.Msg).SetQuestion(dns.Fqdn(mtasts.RecordLabel+"."+domainOf(rank)), dns.TypeTXT)
				before := q.String()
				reply, err := engine.Exchange(t.Context(), q)
				switch {
				case q.String() != before:
					t.Errorf("the question was %s and is %s", before, q)
				case (err == nil) != (reply != nil):
					t.Errorf("reply %v, error %v", reply, err)
				case err == nil && !slices.Equal(reply.Question, q.Question):
					t.Errorf("a reply to %v, not %v", reply.Question, q.Question)
				}
			}
		})
	}
	askers.Go(func() {
		began := time.Now()
		for range 5 {
			engine.Vouch(began, time.Now())
			if err := engine.Await(t.Context()); err != nil {
				t.Errorf("await: %v", err)
			}
		}
	})
	askers.Wait()
	close(exchanged)
	all.Wait()

	ended, end := context.WithCancel(t.Context())
	end()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(mtasts.RecordLabel+"."+domainOf(1)), dns.TypeTXT)
	if reply, err := engine.Exchange(ended, q); (err == nil) != (reply != nil) {
		t.Errorf("reply %v, error %v", reply, err)
	}
}

// Upstreams have numbers that hold, and may be avoided; Await ends with its context; answers are believed in the
// end, and judging them holds up nothing.
func tellsTrust(t *testing.T, engine Engine) {
	if n := engine.Number(netip.AddrPort{}); n != 0 {
		t.Errorf("no upstream has the number %d", n)
	}
	if err := engine.Await(t.Context()); err != nil {
		t.Errorf("await: %v", err)
	}
	began := time.Now()
	first, second := newSweeping(t, 4), newSweeping(t, 4)
	if err := first.run(t.Context(), engine); err != nil {
		t.Fatal(err)
	}
	err := engine.Sweep(t.Context(), func(into []resolver.Question) (n int, more bool) {
		n, more = second.next(into)
		for i := range into[:n] {
			into[i].Avoid = engine.Number(first.answers[into[i].Tag].Trace.Upstream)
		}
		return n, more
	}, second.yield)
	if err != nil || len(second.answers) != 4 {
		t.Errorf("upstreams avoided: error %v, %d answers", err, len(second.answers))
	}

	enough := errors.New("enough")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(enough)
	if err := engine.Await(ctx); err != nil && !errors.Is(err, enough) {
		t.Errorf("await: %v, want the cause", err)
	}
	until := time.Now()
	for engine.Vouch(began, until) == resolver.Waiting {
		time.Sleep(vouchInterval)
	}
	if engine.Vouch(began, until) != resolver.Trusted {
		t.Error("good answers are not believed")
	}
}

// What wraps an Engine judges its answers as that does: a part that is not believed is scanned once more.
func TestWrappedEngine(t *testing.T) {
	w := newTown()
	var doubts int
	d := &doubtful{town: w, times: make(map[resolver.Trust]int), vouch: func(from, to time.Time) resolver.Trust {
		if doubts++; doubts == 1 {
			return resolver.Distrusted
		}
		return resolver.Trusted
	}}
	s := w.survey(t, listed{parts: 1, size: 10}, 1)
	s.Engine = struct{ Engine }{d}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if counts := s.Stats.Counts(); counts.Discarded != 1 || counts.Domains() != 10 {
		t.Errorf("counts %+v", counts)
	}
}
