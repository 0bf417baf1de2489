package claim_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/claim"
	"stsscan/internal/store"
)

const name = "claim-3-of-64.json"

// config is that of a process of its own, on a machine of its own.
func config(s store.Store, host string) claim.Config {
	holder := claim.Holder{ID: host + "'s", Host: host, PID: 77, Boot: "boot of " + host, Lock: "1:2"}
	return claim.Config{Store: s, Name: name, Holder: holder, Log: slog.New(slog.DiscardHandler)}
}

// must takes a claim.
func must(t *testing.T, c claim.Config) *claim.Claim {
	t.Helper()
	held, err := claim.Take(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// release gives a claim back.
func release(t *testing.T, c *claim.Claim) {
	t.Helper()
	if err := c.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// isThere reports whether there is a claim.
func isThere(t *testing.T, s store.Store) bool {
	t.Helper()
	_, err := s.Stat(t.Context(), name)
	if m, ok := s.(*memory); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.version(name) != store.Absent
	}
	return err == nil
}

// took is how long a call takes, to the second.
func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began).Round(time.Second)
}

// A second taker is refused as soon as the first one renews its claim, and told who that is.
func TestTwoTakers(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		since := time.Now().UTC().Format(time.DateTime)
		first := must(t, config(s, "alpha"))
		ctx := first.While(t.Context())
		time.Sleep(time.Hour)
		var err error
		if after := took(func() { _, err = claim.Take(t.Context(), config(s, "beta")) }); after > 40*time.Second {
			t.Errorf("it took %v", after)
		}
		if !errors.Is(err, claim.ErrHeld) || !strings.Contains(err.Error(), "host alpha, pid 77, since "+since) {
			t.Errorf("the second one: %v", err)
		}
		if err := first.Check(t.Context()); err != nil || ctx.Err() != nil {
			t.Errorf("the first one: %v, %v", err, ctx.Err())
		}
		release(t, first)
		if isThere(t, s) {
			t.Error("the claim is left")
		}
		if err := first.Check(t.Context()); !errors.Is(err, claim.ErrLost) {
			t.Errorf("after its release: %v", err)
		}
		second := must(t, config(s, "beta"))
		if second.Elsewhere() {
			t.Error("it was free, and not taken over")
		}
		release(t, second)
	})
}

// Of many that want a claim at once, one gets it: where there is none, and where it is void.
func TestRacers(t *testing.T) {
	for _, void := range []bool{false, true} {
		t.Run(fmt.Sprintf("void=%v", void), func(t *testing.T) {
			eachStore(t, func(t *testing.T, s store.Store) {
				if void {
					must(t, config(s, "dead"))
				}
				var mu sync.Mutex
				var winners []*claim.Claim
				var racers sync.WaitGroup
				for i := range 16 {
					racers.Go(func() {
						got, err := claim.Take(t.Context(), config(s, fmt.Sprintf("host%d", i)))
						if err == nil {
							got.While(t.Context())
							mu.Lock()
							winners = append(winners, got)
							mu.Unlock()
						} else if !errors.Is(err, claim.ErrHeld) {
							t.Error(err)
						}
					})
				}
				racers.Wait()
				if len(winners) != 1 {
					t.Fatalf("%d winners", len(winners))
				}
				if winners[0].Elsewhere() != void {
					t.Errorf("taken over from elsewhere: %v", !void)
				}
				release(t, winners[0])
			})
		})
	}
}

// A claim that nobody renews is taken over after two minutes, not before.
func TestDiedElsewhere(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		must(t, config(s, "dead"))
		time.Sleep(time.Hour) // whoever comes has not seen that
		var c *claim.Claim
		after := took(func() { c = must(t, config(s, "next")) })
		if after < 2*time.Minute || after > 130*time.Second || !c.Elsewhere() {
			t.Errorf("after %v, from elsewhere: %v", after, c.Elsewhere())
		}
		release(t, c)
	})
}

// Who has the lock of the one before knows that it is dead. Another boot, or another lock file, does not.
func TestDiedHere(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*claim.Holder)
		atOnce bool
	}{
		{"same lock", func(*claim.Holder) {}, true},
		{"after another boot", func(h *claim.Holder) { h.Boot = "another" }, false},
		{"with another lock", func(h *claim.Holder) { h.Lock = "1:3" }, false},
		{"without a boot identity", func(h *claim.Holder) { h.Boot = "" }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, s store.Store) {
				before, now := config(s, "here"), config(s, "here")
				if now.Holder.ID = "another process"; tt.name == "without a boot identity" {
					before.Holder.Boot = ""
				}
				tt.change(&now.Holder)
				must(t, before)
				var c *claim.Claim
				atOnce := took(func() { c = must(t, now) }) == 0
				if atOnce != tt.atOnce || c.Elsewhere() == tt.atOnce {
					t.Errorf("at once: %v, from elsewhere: %v", atOnce, c.Elsewhere())
				}
				release(t, c)
			})
		})
	}
}

// A claim that is none belongs to somebody all the same, for two minutes.
func TestForeignClaims(t *testing.T) {
	for _, text := range []string{"", "{}", "\x00\xff", `{"holder": 5}`, `{"holder":"x","host":"\u001b[2J"}`, damaged} {
		t.Run(fmt.Sprintf("%q", text), func(t *testing.T) {
			s := newMemory()
			synctest.Test(t, func(t *testing.T) {
				s.putRaw(name, text)
				var c *claim.Claim
				if after := took(func() { c = must(t, config(s, "next")) }); after < 2*time.Minute {
					t.Errorf("after %v", after)
				}
				release(t, c)

				s.putRaw(name, text)
				time.AfterFunc(time.Minute, func() { s.putRaw(name, text) })
				_, err := claim.Take(t.Context(), config(s, "next"))
				if !errors.Is(err, claim.ErrHeld) || strings.ContainsRune(err.Error(), '\x1b') {
					t.Errorf("%q", err)
				}
			})
		})
	}
}

// A store that is out of reach tells nothing about a claim: that time does not count.
func TestOutOfReachWhileWaiting(t *testing.T) {
	s := newMemory()
	synctest.Test(t, func(t *testing.T) {
		must(t, config(s, "dead"))
		time.AfterFunc(time.Minute, func() { s.set(true) })
		time.AfterFunc(4*time.Minute, func() { s.set(false) })
		var c *claim.Claim
		if after := took(func() { c = must(t, config(s, "next")) }); after < 285*time.Second {
			t.Errorf("taken over after %v, three of which the store was out of reach", after)
		}
		release(t, c)

		s.set(true)
		var err error
		after := took(func() { _, err = claim.Take(t.Context(), config(s, "next")) })
		if !errors.Is(err, store.ErrUnavailable) || after > 11*time.Minute {
			t.Errorf("%v after %v", err, after)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		if _, err = claim.Take(ctx, config(s, "next")); err == nil || err.Error() != "enough" {
			t.Errorf("with a context that ends: %v", err)
		}
	})
}

func TestNewHolder(t *testing.T) {
	dir := t.TempDir()
	var holders []claim.Holder
	for _, file := range []string{"a", "a", "b"} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := claim.NewHolder(path)
		if err != nil {
			t.Fatal(err)
		}
		if h.PID != os.Getpid() || h.ID == "" || h.Host == "" {
			t.Errorf("%+v", h)
		}
		holders = append(holders, h)
	}
	a, again, b := holders[0], holders[1], holders[2]
	if a.ID == again.ID || a.Boot != again.Boot || a.Lock != again.Lock || a.Lock != "" && a.Lock == b.Lock {
		t.Errorf("%+v", holders)
	}
	if _, err := claim.NewHolder(filepath.Join(dir, "none")); err == nil {
		t.Error("a lock file that is not there")
	}
}

// Take gives up where no claim can be put.
func TestNoPlaceForAClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, config(nil, "alpha").Name), 0o755); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, err := claim.Take(t.Context(), config(store.NewDir(dir), "alpha"))
		if !errors.Is(err, store.ErrRefused) || time.Since(began) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
