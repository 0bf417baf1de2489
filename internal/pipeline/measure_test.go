package pipeline

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// An outlook says what it was told to, and that a question takes eight seconds, or with patience nine.
type outlook resolver.Progress

func (o outlook) Progress() resolver.Progress { return resolver.Progress(o) }

func (outlook) Longest(patient bool) time.Duration {
	if patient {
		return 9 * time.Second
	}
	return 8 * time.Second
}

// What admission stands still for is what the engine says, or else what the admission says; where all slots are
// taken, what most of them are taken for. What is left has a bound that the schedule gives.
func TestMeasurer(t *testing.T) {
	const (
		slots      = 100
		second     = time.Second
		survey     = (8 + 5 + 20 + 20) * second // a question, a turn, a retrieval, the mail side
		lastSurvey = (9 + 60 + 60 + 60) * second
	)
	for _, tt := range []struct {
		name      string
		why       codes.Standstill // of the admission
		engine    outlook
		admitted  int64
		settled   int64
		surveying int64
		again     bool
		passes    int // 0: 2
		want      codes.Standstill
		left      Left
	}{
		{name: "the engine has enough", why: codes.StandstillWindow, engine: outlook{Held: codes.StandstillRate},
			want: codes.StandstillRate},
		{name: "all resolvers are stopped", why: codes.StandstillSlots, admitted: 100,
			engine: outlook{Held: codes.StandstillPause, Questions: 100, Due: second},
			want:   codes.StandstillPause, left: Left{Lookups: 100, Answers: second, Most: second}},
		{name: "too many parts", why: codes.StandstillParts, want: codes.StandstillParts},
		{name: "no names yet", why: codes.StandstillSource, want: codes.StandstillSource},
		{name: "slots, most of them questions", why: codes.StandstillSlots, admitted: 90, surveying: 30,
			engine: outlook{Questions: 60, Due: 3 * second}, want: codes.StandstillSlots,
			left: Left{Lookups: 60, Surveys: 30, Answers: 3 * second, Most: 3 * survey}},
		{name: "slots, most of them surveys", why: codes.StandstillSlots, admitted: 90, surveying: 80,
			engine: outlook{Questions: 10, Due: second}, want: codes.StandstillSurveys,
			left: Left{Lookups: 10, Surveys: 80, Answers: second, Most: 8 * survey}},
		{name: "slots, most of them rows to be written", why: codes.StandstillSlots, admitted: 90, settled: 60, surveying: 20,
			engine: outlook{Questions: 10, Due: second}, want: codes.StandstillDisk,
			left: Left{Lookups: 10, Surveys: 20, Answers: second, Most: 2 * survey}},
		{name: "all are admitted", admitted: 90, settled: 53,
			engine: outlook{Held: codes.StandstillWindow, Questions: 37, Due: 25 * second},
			left:   Left{Tail: true, Lookups: 37, Answers: 25 * second, Most: 25 * second}},
		{name: "of the last pass", admitted: 90, settled: 53, again: true, engine: outlook{Questions: 37, Due: 25 * second},
			left: Left{Tail: true, Lookups: 37, Answers: 25 * second, Most: 34 * second}},
		{name: "of the only pass", admitted: 90, settled: 53, passes: 1, engine: outlook{Questions: 37, Due: 25 * second},
			left: Left{Tail: true, Lookups: 37, Answers: 25 * second, Most: 34 * second}},
		{name: "longer than at most", admitted: 90, settled: 87, engine: outlook{Questions: 3}, left: Left{Tail: true,
			Lookups: 3}},
		{name: "surveys alone", admitted: 90, settled: 89, surveying: 1, left: Left{Tail: true, Surveys: 1, Most: survey}},
		{name: "surveys alone, of the last pass", admitted: 90, settled: 89, surveying: 1, again: true,
			left: Left{Tail: true, Surveys: 1, Most: lastSurvey}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := Config{Deadline: 20 * time.Second, Passes: cmp.Or(tt.passes, 2)}.withDefaults()
			config.Engine = newTown()
			r := &run{config: config, repass: tt.again}
			m := r.measurer(config.surveyor(t.Context(), tt.again, false), new(surveys), slots)
			m.outlook, m.turn, m.surveys = tt.engine, 5*second, 10
			began := time.Now()
			m.latest = func() time.Duration { return time.Since(began) }
			m.begin()
			m.stats.names.admitted.Store(tt.admitted)
			m.stats.names.rows.Store(tt.settled)
			m.stats.surveying.Store(tt.surveying)
			m.stats.names.note(0, tt.why)
			now := time.Now()
			m.look(now.Add(time.Second))
			m.look(now.Add(2 * time.Second))
			p := m.stats.Performance()
			_, stood := p.Standstill[tt.want]
			if len(p.Standstill) > 1 || stood != (tt.want != "") || p.Tail > 0 == stood {
				t.Errorf("%v, and a tail of %v", p.Standstill, p.Tail)
			}
			left := m.stats.Left()
			if since := tt.left.Most - left.Most; tt.surveying > 0 && since > 0 && since < tt.left.Most {
				left.Most = tt.left.Most // the survey was begun a moment ago
			}
			if left != tt.left {
				t.Errorf("%+v, want %+v", left, tt.left)
			}
		})
	}
}

// A stragglers is an Engine that holds the answers for some names back until they are released.
type stragglers struct {
	inMemory
	held    func(domain string) bool
	release chan struct{}
}

func (e *stragglers) Sweep(
	ctx context.Context, next func([]resolver.Question) (int, bool), yield func([]resolver.Answer),
) error {
	late := make(map[int64]bool)
	var answers []resolver.Answer
	return e.inMemory.Sweep(ctx, func(into []resolver.Question) (int, bool) {
		n, more := next(into)
		for _, q := range into[:n] {
			late[q.Tag] = e.held(q.Name)
		}
		select {
		case <-e.release:
			if n == 0 && len(answers) > 0 {
				yield(answers)
				answers = nil
			}
		default:
		}
		return n, more
	}, func(some []resolver.Answer) {
		if late[some[0].Tag] {
			answers = append(answers, some...)
			return
		}
		yield(some)
	})
}

// soon waits until ok holds.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not seen: " + what)
		}
	}
}

// When all names of a pass are admitted, what is left of it is told, and its time is the tail; once it is over
// nothing is left.
func TestTail(t *testing.T) {
	world, err := simnet.Generate("zones", 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	engine := &stragglers{
		inMemory: inMemory{world: world}, release: make(chan struct{}),
		held: func(domain string) bool { return strings.HasPrefix(domain, "d7") },
	}
	config := inEngine(t, engine, world)
	config.Stats, config.Outlook = new(Stats), outlook{Questions: 3, Due: time.Minute}
	ended := make(chan error)
	dir := t.TempDir()
	go func() { ended <- scanInto(t.Context(), t, config, listed{parts: 3, size: 26}, dir) }()
	// d7, and d70 to d78: in the only pass, each may be followed by the question for its zone
	want := Left{Tail: true, Lookups: 10, Answers: time.Minute, Most: time.Minute + 9*time.Second}
	soon(t, "the tail", func() bool { return config.Stats.Left() == want && config.Stats.Performance().Tail > 0 })
	close(engine.release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	p := config.Stats.Performance()
	if left := config.Stats.Left(); left != (Left{}) || p.Rows != 78 || p.Peak <= 0 || p.Asking < p.Tail {
		t.Errorf("%+v, then %+v", p, left)
	}
}

// Between the passes it is told how long all that is left waits, once, and that time is counted.
func TestBetweenPasses(t *testing.T) {
	w := newTown()
	w.serve = func(domain, _ string) (int, error) {
		if domain == "d3.example.com" || domain == "d14.example.com" {
			return 503, nil
		}
		return 200, nil
	}
	s := w.survey(t, listed{parts: 3, size: 10}, 2)
	s.Stats = new(Stats)
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	var said safeBuffer
	s.Log, s.PassDelay = slog.New(slog.NewTextHandler(&said, nil)), time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- Repass(ctx, s.Config, s.infos()) }()
	soon(t, "a pause", func() bool { return s.Stats.Left().Waiting == 2 })
	left := s.Stats.Left()
	wait := time.Until(left.Last)
	if wait > time.Hour+time.Second || wait < time.Hour-time.Minute || left.First.After(left.Last) {
		t.Errorf("%+v", left)
	}
	time.Sleep(time.Millisecond)
	cancel()
	if err := <-ended; !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if text := said.String(); strings.Count(text, " to ask 2 domains again") != 1 {
		t.Errorf("said: %s", text)
	}
	if p := s.Stats.Performance(); p.Between <= 0 || s.Stats.Left() != (Left{}) {
		t.Errorf("%+v, %+v", p, s.Stats.Left())
	}
}

// A run that falls below a tenth of its peak for half a minute says so once, with what it stands still for, and
// what is under way.
func TestSlowRun(t *testing.T) {
	var said safeBuffer
	config := Config{Log: slog.New(slog.NewTextHandler(&said, nil))}.withDefaults()
	m := &measurer{
		stats: config.Stats, surveys: 10, slots: 100, log: config.Log,
		outlook: outlook{Held: codes.StandstillWaiting, Questions: 37, Due: 25 * time.Second},
	}
	m.begin()
	flow, now := &m.stats.names, time.Now()
	flow.note(137, codes.StandstillWindow)
	seconds := func(n int, perLook int64) {
		for range n * int(time.Second/standstillLook) {
			flow.note(int(perLook), codes.StandstillWindow)
			flow.rows.Add(perLook)
			now = now.Add(standstillLook)
			m.look(now)
		}
	}
	flow.rows.Add(100)
	seconds(60, 100)
	if said.String() != "" {
		t.Fatalf("said at its peak: %s", said.String())
	}
	seconds(120, 1)
	const want = `msg="the scan has been below a tenth of its peak for half a minute" per_second=`
	const left = `admission=waiting left="37 names wait for their resolver, 25 s at most"`
	if text := said.String(); strings.Count(text, want) != 1 || !strings.Contains(text, left) {
		t.Errorf("said: %s", text)
	}
}
