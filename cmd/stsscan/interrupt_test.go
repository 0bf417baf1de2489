package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/pipeline"
)

// The first signal stops a command, or ends it where nothing is to be finished;
// what ends it at once is another signal, or the end of its time.
func TestSignals(t *testing.T) {
	scan, cat := graceOf([]string{"scan", "-o", "run", "list"}), graceOf([]string{"cat", "run"})
	type signals []os.Signal
	type times []time.Duration
	const term, ms = syscall.SIGTERM, time.Millisecond
	for _, tt := range []struct {
		title  string
		grace  grace
		after  times // when signals come
		kinds  signals
		status int
		ends   time.Duration // after the first signal
	}{
		{"one", scan, times{0}, signals{term}, exitIncomplete, longestStop},
		{"timeout sends two", scan, times{0, 10 * ms}, signals{term, term}, exitIncomplete, longestStop},
		{"three at once", scan, times{0, 0, 0}, signals{term, term, term}, exitIncomplete, longestStop},
		{"again after a second", scan, times{0, 1000 * ms}, signals{os.Interrupt, os.Interrupt}, exitInterrupted, 1000 * ms},
		{"a third one", scan, times{0, 900 * ms, 1800 * ms}, signals{term, term, term}, exitInterrupted, 1800 * ms},
		{"another one", scan, times{0, 10 * ms}, signals{os.Interrupt, term}, exitInterrupted, 10 * ms},
		{"one for cat", cat, times{0}, signals{term}, exitInterrupted, 0},
	} {
		t.Run(tt.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				received := make(chan os.Signal, 4)
				began, stopped := time.Now(), time.Duration(-1)
				for i, kind := range tt.kinds {
					time.AfterFunc(tt.after[i], func() { received <- kind })
				}
				status, words := awaitSignals(received, tt.grace, func() { stopped = time.Since(began) })
				if took := time.Since(began); status != tt.status || took != tt.ends || words == "" {
					t.Errorf("status %d after %v, %q", status, took, words)
				}
				if finishes := tt.grace.time > 0; finishes != (stopped == 0) {
					t.Errorf("told to stop after %v", stopped)
				}
			})
		})
	}
}

// Commands that have something to finish are told to, the others end at once.
func TestGraces(t *testing.T) {
	for _, cmd := range newRoot(streams{}).Commands() {
		finishes := cmd.Name() == "scan" || cmd.Name() == "demo" || cmd.Name() == "simnet"
		if g := graceOf([]string{cmd.Name()}); (g.time > 0) != finishes || g.time >= 30*time.Second {
			t.Errorf("%s: %+v", cmd.Name(), g)
		}
	}
	for _, args := range [][]string{nil, {"--help"}, {"nonsense"}} {
		if g := graceOf(args); g.time != 0 {
			t.Errorf("%q: %+v", args, g)
		}
	}
}

// What hangs is left behind when the scan is interrupted, and what ends soon is
// waited for.
func TestUnlessInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		over := false
		_, err := unlessInterrupted(ctx, func() { over = true }, func() (int, error) { <-hangs; return 1, nil })
		var status *statusError
		if !errors.Is(err, pipeline.ErrInterrupted) || !errors.As(err, &status) || status.status != exitIncomplete {
			t.Errorf("it hangs: %v", err)
		}
		if over {
			t.Error("it hangs, and is over")
		}
		close(hangs)
		synctest.Wait()
		if !over {
			t.Error("it was left behind, and is never over")
		}
		slow := func() (int, error) { time.Sleep(time.Second); return 7, nil }
		got, err := unlessInterrupted(ctx, func() { t.Error("it is over twice") }, slow)
		if got != 7 || err != nil {
			t.Errorf("it takes a second: %d, %v", got, err)
		}
	})
}
