package monitor

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const interval = time.Second

// A bed is an upstream that a Group watches. At each check it answers as the fields say.
type bed struct {
	group   *Group
	breaker Breaker
	began   time.Time

	mu               sync.Mutex
	result           Result
	answered, failed int64 // questions, while canaries are asked
	tally            Tally
}

// watch begins to watch, inside of a synctest bubble. It returns between two checks.
func watch(t *testing.T, c Config) *bed {
	b := &bed{began: time.Now(), answered: 1000}
	time.Sleep(interval) // no moment is 0
	c.Interval, c.Settled, c.Now, c.Log = interval, 15*interval, b.now, slog.New(slog.DiscardHandler)
	b.group = New(t.Context(), c, []Upstream{{
		Addr: netip.MustParseAddrPort("192.0.2.1:53"), Breaker: &b.breaker,
		Check: func() (Result, string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.tally.Answered += b.answered
			b.tally.Failed += b.failed
			return b.result, "as it was told"
		},
		Tally: func() Tally {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.tally
		},
	}})
	go b.group.Run()
	time.Sleep(interval / 2)
	b.pass(3)
	return b
}

func (b *bed) now() time.Duration { return time.Since(b.began) }

// answer sets the result of the next checks, and what is answered meanwhile.
func (b *bed) answer(result Result, answered, failed int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.result, b.answered, b.failed = result, answered, failed
}

// pass lets so many checks happen.
func (b *bed) pass(checks int) {
	time.Sleep(time.Duration(checks) * interval)
	synctest.Wait()
}

func TestDecide(t *testing.T) {
	type state struct{ open, distrusted bool }
	for _, c := range []struct {
		title            string
		result           Result
		answered, failed int64
		want             state
	}{
		{"well", Good, 1000, 0, state{}},
		{"names that fail, and canaries that do not", Good, 1000, 9000, state{}},
		{"a canary is lost", Failed, 1000, 0, state{}},
		{"a canary is lost, and much else", Failed, 1000, 9000, state{open: true}},
		{"nothing is answered", Failed, 0, 1000, state{open: true}},
		{"nothing is asked", Failed, 0, 0, state{open: true}},
		{"a wrong answer, and all else is well", Wrong, 1000, 0, state{open: true, distrusted: true}},
	} {
		t.Run(c.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := watch(t, Config{MaxPause: time.Hour})
				b.answer(c.result, c.answered, c.failed)
				good := b.breaker.LastGood()
				b.pass(1)
				if noted := b.breaker.LastGood() > good; noted != (c.result == Good) {
					t.Errorf("noted as good: %v", noted)
				}
				if got := (state{b.breaker.IsOpen(), b.breaker.IsDistrusted()}); got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
			})
		})
	}
}

// What was said between the last good canary and the last wrong one is not to be believed, and what was said
// before and after is.
func TestDistrustedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, Config{MaxPause: time.Hour})
		good := b.breaker.LastGood()
		b.answer(Wrong, 1000, 0)
		b.pass(3)
		wrong := b.now()
		if !b.breaker.OpenedSince(good) || b.breaker.OpenedSince(wrong) || b.breaker.LastGood() != good {
			t.Errorf("opened at %v, the last good one at %v", b.breaker.Opened(), b.breaker.LastGood())
		}
		b.answer(Good, 1000, 0)
		if b.pass(closingRounds - 1); !b.breaker.IsOpen() {
			t.Error("closed too early")
		}
		if b.pass(1); b.breaker.IsOpen() || b.breaker.IsDistrusted() {
			t.Error("still open")
		}
		for _, c := range []struct {
			title    string
			from, to time.Duration
			want     bool
		}{
			{"before", 0, good - 1, false},
			{"across", 0, b.now(), true},
			{"since the last good one", good, good, true},
			{"while wrong", wrong - interval, wrong - interval, true},
			{"after", wrong, b.now(), false},
		} {
			if got := b.breaker.Distrusts(c.from, c.to); got != c.want {
				t.Errorf("%s: distrusted %v", c.title, got)
			}
		}
		counts, events, paused := b.group.Report()
		if c := counts[0]; c.Wrong != 3 || c.Stopped != 1 || c.Failed != 0 || c.Good < closingRounds {
			t.Errorf("%+v", c)
		}
		if len(events) != 2 || events[0].What != "stopped" || events[1].What != "resumed" || paused <= 0 {
			t.Errorf("%+v, paused for %v", events, paused)
		}
	})
}

// Silence beyond the limit stops an upstream though its canaries are answered.
func TestMaxSilence(t *testing.T) {
	for missed, want := range map[int]bool{10: false, 100: true} { // of 1000, beside a limit of 5 %
		synctest.Test(t, func(t *testing.T) {
			b := watch(t, Config{MaxPause: time.Hour, MaxSilence: 0.05})
			b.breaker.Silence.Begun(b.now(), 1000)
			for range missed {
				b.breaker.Silence.Missed(b.now())
			}
			if b.pass(30); b.breaker.Opened() > 0 != want {
				t.Errorf("%d missed: stopped at %v", missed, b.breaker.Opened())
			}
		})
	}
}

// A failure that waits has a canary asked sooner than at the next interval.
func TestWantCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, Config{MaxPause: time.Hour})
		good := b.breaker.LastGood()
		b.breaker.WantCanary()
		time.Sleep(b.group.Soon() + 1)
		synctest.Wait()
		if b.breaker.LastGood() <= good {
			t.Error("no canary was asked")
		}
	})
	new(Breaker).WantCanary() // without a monitor it does nothing
}

// Once all upstreams are stopped for too long, waiting makes no sense.
func TestHope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watch(t, Config{MaxPause: 10 * interval})
		b.answer(Wrong, 1000, 0)
		if b.pass(9); b.group.Hope().Err() != nil {
			t.Error("given up too early")
		}
		if b.pass(4); !errors.Is(context.Cause(b.group.Hope()), ErrUntrusted) {
			t.Errorf("the cause is %v", context.Cause(b.group.Hope()))
		}
	})
}
