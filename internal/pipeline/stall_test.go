package pipeline

import (
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"stsscan/internal/output"
)

// What fails while the process is stopped is provisional, and counts for no pass.
func TestExcuse(t *testing.T) {
	w := newTown()
	s := w.survey(t, listed{parts: 1, size: 3}, 1)
	r := &run{Config: s.Config.withDefaults()}
	row := &output.Row{Record: "unknown", RecordReason: "timeout"}
	r.excuse(row, 0)
	if row.Pending != "" {
		t.Errorf("pending %q without a stall", row.Pending)
	}
	r.stalls.stalls++
	r.excuse(row, 0)
	if row.Pending != "interrupted" {
		t.Errorf("pending %q after a stall", row.Pending)
	}
	fine := &output.Row{Record: "absent", RecordReason: "nxdomain"}
	if r.excuse(fine, 0); fine.Pending != "" {
		t.Errorf("a denial is %q after a stall", fine.Pending)
	}
}

// A survey that ends before anybody has looked at the clock looks itself.
func TestStallWatchClock(t *testing.T) {
	var w stallWatch
	log := slog.New(slog.DiscardHandler)
	now := time.Now()
	for i, tt := range []struct {
		after  time.Duration
		stalls int64
	}{{0, 0}, {stallLook, 0}, {stallLook + stallTime, 0}, {stallLook + stallTime + 1, 1}, {time.Millisecond, 1}, {time.Hour, 2}} {
		now = now.Add(tt.after)
		w.waited = w.waitedTooLong() // this test may have to wait itself
		if got := w.look(now, log); got != tt.stalls || w.count() != got {
			t.Errorf("%d, %v later: %d stalls, want %d", i, tt.after, got, tt.stalls)
		}
	}
}

// Goroutines that could run and get no processor are a stall, though the clock is
// looked at in time.
func TestStallWatchScheduler(t *testing.T) {
	var w stallWatch
	log := slog.New(slog.DiscardHandler)
	w.look(time.Now(), log)
	before := w.look(time.Now(), log)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	until := time.Now().Add(5 * stallTime / 4)
	var all sync.WaitGroup
	for range 150 { // a turn is 10 ms, so that each waits 1.5 s for the next
		all.Go(func() {
			for time.Now().Before(until) {
			}
		})
	}
	all.Wait()
	w.looked = time.Now() // by the clock there is nothing to be seen
	if got := w.look(time.Now(), log); got == before {
		t.Error("nobody noticed that goroutines had no processor")
	}
}
