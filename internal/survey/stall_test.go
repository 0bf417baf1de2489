package survey

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
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
)

// What fails while the process is stopped is provisional, and counts for no pass.
func TestMakeInterrupted(t *testing.T) {
	r := New(Config{Deadline: 20 * time.Second, Passes: 2}, t.Context())
	none, little, much := stalled{}, stalled{3, 6 * time.Second}, stalled{4, 8 * time.Second}
	first, last := Previous{}, Previous{pass: 1, Pending: codes.PendingTransient} // whose deadline is a minute
	silent := output.Row{Record: "unknown", RecordReason: "timeout"}
	denied := output.Row{Record: "absent", RecordReason: "nxdomain"}
	fetched := func(stage, reason string) output.Row {
		return output.Row{
			Record: "valid", WildcardSuspected: new(false), Policy: "unreachable", PolicyStage: stage, PolicyReason: reason,
		}
	}
	slow := fetched("body", "timeout")
	noMX := slow
	noMX.MXReason = "timeout"
	lacksTLSA := output.Row{
		Record: "valid", WildcardSuspected: new(false), Policy: "valid", DANE: "none", // whatever its host has
		MX: []output.MXHost{{TLSA: new("insecure")}, {TLSA: new("unknown")}},
	}
	knowsTLSA := lacksTLSA
	knowsTLSA.MX = lacksTLSA.MX[:1]
	for name, c := range map[string]struct {
		row      output.Row
		previous Previous
		lost     stalled
		want     string
	}{
		"silence":                        {silent, first, none, ""},
		"silence, stopped":               {silent, first, little, "interrupted"},
		"a denial, stopped":              {denied, first, much, ""},
		"a slow policy":                  {slow, last, none, ""},
		"a slow policy, stopped":         {slow, last, little, ""}, // for a tenth of its time
		"a slow policy, stopped long":    {slow, last, much, "interrupted"},
		"a slow policy in a first pass":  {slow, first, much, ""},
		"a slow policy and no MX":        {noMX, last, little, "interrupted"},
		"a slow handshake, stopped":      {fetched("tls", "handshake_timeout"), last, little, ""},
		"a slow handshake, stopped long": {fetched("tls", "handshake_timeout"), last, much, "interrupted"},
		"a slow handshake in the first":  {fetched("tls", "handshake_timeout"), first, much, ""},
		"a slow header, stopped":         {fetched("http", "timeout"), last, little, ""},
		"a silent address, stopped":      {fetched("tcp", "timeout"), last, little, "interrupted"}, // its limit is no longer than ever
		"a reset in the body, stopped":   {fetched("body", "reset"), last, little, "interrupted"},
		"a slow policy without MX first": {noMX, first, little, "interrupted"},
		"a host without word":            {lacksTLSA, first, none, ""},
		"a host without word, stopped":   {lacksTLSA, first, little, "interrupted"},
		"all that was asked for":         {knowsTLSA, first, little, ""},
	} {
		before := stalled{5, time.Minute}
		now := stalled{before.times + c.lost.times, before.time + c.lost.time}
		r.stalls = stallWatch{stalled: now} // this test may have to wait itself
		if r.makeInterrupted(&c.row, &c.previous, before); c.row.Pending != c.want {
			t.Errorf("%s: pending %q, want %q", name, c.row.Pending, c.want)
		}
	}
}

// A survey that ends before the next look at the clock looks itself. Without regular looks it says nothing.
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
			if got := w.look(now, log); got.times != want || w.seen() != got {
				t.Errorf("watched %v, %d, %v later: %d stalls, want %d", watched, i, tt.after, got.times, want)
			}
		}
	}
}

// Goroutines that could run and get no processor are a stall, though the clock is looked at in time.
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
	now := time.Now()
	got := w.look(now, log)
	if got == before {
		t.Error("it was not noticed that goroutines had no processor")
	}
	w.waited = 0 // as if more had waited
	if again := w.look(now.Add(stallLook), log); again.times != got.times+1 || again.time-got.time != stallLook {
		t.Errorf("%v more of the same", again.time-got.time)
	}
}

// A probe that was stopped on the way is no finding about the host: the host is probed again. One that
// nothing stopped counts.
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
			config := through(t, impatient{world}, world)
			transport, ok := config.Client.Transport.(*egress.Transport)
			if !ok {
				t.Fatal("no transport of our own")
			}
			config.Mail.Prober = starttls.New(starttls.Config{Dialer: MailDoor(transport.MailDialer())})
			r := New(config, t.Context())
			if stalled {
				r.stalls.tick(time.Now(), r.config.Log) // and never again: the handshake takes 5 s
			}
			row := &output.Row{Domain: "example.com", MX: []output.MXHost{{Host: "mx.example.com"}}}
			if _, err := r.probe(row, new(Previous)); err != nil {
				t.Fatal(err)
			}
			if got := row.MX[0].STARTTLS; stalled != (row.Pending == "interrupted") || stalled != (got == nil) {
				t.Errorf("stalled %v: pending %q, starttls %v", stalled, row.Pending, got)
			}
		})
	}
}
