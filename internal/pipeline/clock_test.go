package pipeline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"stsscan/internal/output"
)

// A provisional row waits for a pass and no longer, whatever clock its time was taken from; a time that has not
// come counts as that of the process's beginning, which says so.
func TestClockOfEarlierProcess(t *testing.T) {
	const again = "d3.example.com"
	clocks := map[string]time.Duration{"right": 0, "three days ahead": 72 * time.Hour, "behind": -time.Hour}
	for name, ahead := range clocks {
		t.Run(name, func(t *testing.T) {
			w := newTown()
			var asked []time.Time
			w.serve = func(domain, _ string) (int, error) {
				if domain != again {
					return 200, nil
				}
				if asked = append(asked, time.Now()); len(asked) == 1 {
					return 503, nil
				}
				return 200, nil
			}
			s := w.survey(t, listed{parts: 3, size: 10}, 2)
			s.Now = func() time.Time { return time.Now().Add(ahead) }
			if err := Run(t.Context(), s.Config); err != nil {
				t.Fatal(err)
			}
			if s.pending() != 1 {
				t.Fatalf("%d rows wait", s.pending())
			}
			var said safeBuffer
			s.Now, s.Log = nil, slog.New(slog.NewTextHandler(&said, nil))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := Repass(ctx, s.Config, s.infos()); err != nil {
				t.Fatal(err)
			}
			if s.pending() != 0 || len(asked) != 2 || ahead >= 0 && asked[1].Sub(asked[0]) < passDelay {
				t.Errorf("%d rows wait, asked at %v", s.pending(), asked)
			}
			if warned := strings.Contains(said.String(), "a time that has not come"); warned != (ahead > 0) {
				t.Errorf("said: %s", said.String())
			}
		})
	}
}

// What waits for its turn for longer than a pass says so, once.
func TestLongWait(t *testing.T) {
	const names = 5
	w := newTown()
	w.serve = func(string, string) (int, error) { return 0, errLater{} }
	s := w.survey(t, listed{parts: 1, size: names}, 2)
	const ms = time.Millisecond
	s.intervals = intervals{hold: ms, revisit: 20 * ms, minPause: ms, maxPause: 10 * ms}
	s.PassDelay = 20 * time.Millisecond
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	var said safeBuffer
	s.Log = slog.New(slog.NewTextHandler(&said, nil))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	looked := make(chan struct{})
	var once sync.Once
	w.serve = func(string, string) (int, error) {
		if time.Since(w.began) > time.Minute || strings.Contains(said.String(), "longer than a pass") {
			once.Do(func() { close(looked) })
		}
		return 0, errLater{}
	}
	go func() {
		<-looked
		time.Sleep(200 * time.Millisecond) // for it to be said twice
		cancel()
	}()
	if err := Repass(ctx, s.Config, s.infos()); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	text := said.String()
	if strings.Count(text, "longer than a pass") != 1 || !strings.Contains(text, "domains=5 until=") {
		t.Errorf("said: %s", text)
	}
}

// When what was observed at a time is due, by the clock of the process that has noted it.
func TestDue(t *testing.T) {
	now := time.Now()
	l := newPendingParts(func() time.Time { return now }, 5*time.Minute, 0)
	for observed, want := range map[time.Duration]time.Duration{
		0:                5 * time.Minute,
		-2 * time.Minute: 3 * time.Minute,
		-time.Hour:       0,
		time.Minute:      5 * time.Minute,
		72 * time.Hour:   5 * time.Minute,
	} {
		since := now.Add(observed).UTC().Truncate(time.Second)
		l.note(output.PartInfo{Pending: 1, PendingSince: &since})
		if wait := l.wait(now); wait < want || wait > want+time.Second {
			t.Errorf("observed at %v: it waits %v, want %v and a second", observed, wait, want)
		}
		// Clocks that are set change no wait: the time has a reading that they leave alone.
		due := l.due(since, l.noted[0])
		if !strings.Contains(due.String(), " m=") {
			t.Errorf("observed at %v: due %v", observed, due)
		}
		// A row that tells more than whole seconds is not due later than its part.
		if exact := l.due(since.Add(999*time.Millisecond), l.noted[0]); exact.After(due) {
			t.Errorf("observed at %v: due %v, and its part %v", observed, exact, due)
		}
	}
}

// A log whose times have not come keeps policies waiting for a pass from now.
func TestBegunInTheFuture(t *testing.T) {
	const names = 5
	w := newTown()
	s := w.survey(t, listed{parts: 1, size: names}, 2)
	s.PassDelay = time.Hour
	log, err := s.Dataset.Log(0, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for rank := int64(1); rank <= names; rank++ {
		if err := log.Begin(rank, began.Add(72*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), s.Config); err != nil {
		t.Fatal(err)
	}
	if waits := s.parts[0].Counts.Pending["interrupted"]; waits != names || len(w.fetches) != 0 {
		t.Errorf("%d rows wait, %d policies were fetched", waits, len(w.fetches))
	}
	if since := s.parts[0].PendingSince; since == nil || since.After(time.Now()) {
		t.Errorf("they wait since %v", since)
	}
}

// safeBuffer is a buffer that several goroutines may write to.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
