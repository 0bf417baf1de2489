package pipeline

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
)

// What fails while the process is stopped is provisional, and counts for no pass.
func TestExcuse(t *testing.T) {
	w := newTown()
	s := w.survey(t, listed{parts: 1, size: 3}, 1)
	r := newSurveyor(s.Config.withDefaults(), t.Context())
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

// A survey that ends before the clock was looked at looks itself. Where nobody
// looks at it regularly, it says nothing.
func TestStallWatchClock(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, watched := range []bool{true, false} {
		var w stallWatch
		now := time.Now()
		if watched {
			w.tick(now, log)
		}
		for i, tt := range []struct {
			after  time.Duration
			stalls int64
		}{{stallLook, 0}, {stallTime, 0}, {1, 1}, {time.Millisecond, 1}, {time.Hour, 2}} {
			now = now.Add(tt.after)
			w.waited = w.waitedTooLong() // this test may have to wait itself
			want := tt.stalls
			if !watched {
				want = 0
			}
			if got := w.look(now, log); got != want || w.count() != got {
				t.Errorf("watched %v, %d, %v later: %d stalls, want %d", watched, i, tt.after, got, want)
			}
		}
	}
}

// Goroutines that could run and get no processor are a stall, though the clock is
// looked at in time.
func TestStallWatchScheduler(t *testing.T) {
	var w stallWatch
	log := slog.New(slog.DiscardHandler)
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
	if got := w.look(time.Now(), log); got == before {
		t.Error("nobody noticed that goroutines had no processor")
	}
}

// A probe that was stopped on the way is no finding about the host: the row waits
// to be asked again. One that nothing stopped counts.
func TestProbeStalled(t *testing.T) {
	for _, stalled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "world.txtar")
			text := "-- zone --\nmx.example.com. A 22.1.0.1\n-- faults --\nmx.example.com smtp good silent\n"
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			world, err := simnet.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer world.Close()
			config := inEngine(t, impatient{inMemory{world: world}}, world)
			transport, ok := config.Client.Transport.(*egress.Transport)
			if !ok {
				t.Fatal("no transport of our own")
			}
			config.Mail.Prober = starttls.New(starttls.Config{Door: MailDoor(transport.MailDoor())})
			r := newSurveyor(config.withDefaults(), t.Context())
			if stalled {
				r.stalls.tick(time.Now(), r.Log) // and never again: the handshake takes 5 s
			}
			row := &output.Row{Domain: "example.com", MX: []output.MXHost{{Host: "mx.example.com"}}}
			mx := mtasts.MX{Kind: codes.MXHosts, Hosts: []mtasts.MXHost{{Name: "mx.example.com"}}}
			if err := r.probe(row, mx, new(earlier)); err != nil {
				t.Fatal(err)
			}
			if got := row.MX[0].STARTTLS; stalled != (row.Pending == "interrupted") || stalled != (got == nil) {
				t.Errorf("stalled %v: pending %q, starttls %v", stalled, row.Pending, got)
			}
		})
	}
}
