package rundir

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/claim"
	"stsscan/internal/queue"
)

// claimOf writes the claim of shard 1 of 2, as a process on another machine does.
func claimOf(t *testing.T, dir string, beat int) {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"holder": "other", "host": "there", "pid": 7, "boot": "another", "lock": "1:1", "beat": beat,
		"since": time.Now().UTC(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "claim-1-of-2.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A shard that was begun on another machine is taken over once its claim is void, and what is not known of it is noted.
// One whose claim is renewed is refused.
func TestLockElsewhere(t *testing.T) {
	for _, renewed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			d := Open(dir, queue.Shard{Index: 1, Of: 2}, "v0", slog.New(slog.DiscardHandler))
			claimOf(t, dir, 1)
			if renewed {
				time.AfterFunc(30*time.Second, func() { claimOf(t, dir, 2) })
			}
			began := time.Now()
			_, release, err := d.Lock(t.Context())
			if renewed {
				if !errors.Is(err, claim.ErrHeld) {
					t.Errorf("%v", err)
				}
				_, release, err = Open(dir, queue.Shard{Of: 2}, "v0", slog.New(slog.DiscardHandler)).Lock(t.Context())
				if err != nil {
					t.Fatalf("another shard: %v", err)
				}
				release()
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited < claim.Lasts || waited > claim.Lasts+time.Minute {
				t.Errorf("taken over after %v", waited)
			}
			if !d.elsewhere() {
				t.Error("nothing says that the shard was begun elsewhere")
			}
			release()
			if _, err := os.Stat(filepath.Join(dir, "claim-1-of-2.json")); err == nil {
				t.Error("the claim is still there")
			}
		})
	}
}

// A process that was paused goes on if its claim is as it was. If another one has it, it writes nothing more.
func TestLockLost(t *testing.T) {
	for _, overtaken := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			d := Open(dir, queue.Shard{Index: 1, Of: 2}, "v0", slog.New(slog.DiscardHandler))
			held, release, err := d.Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			path := filepath.Join(dir, "file")
			if err := d.Disk().WriteFile(path, nil); err != nil {
				t.Fatal(err)
			}
			if overtaken {
				claimOf(t, dir, 1)
			}
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			err = d.Disk().WriteFile(path, []byte("later"))
			if !overtaken {
				if err != nil || held.Err() != nil {
					t.Errorf("%v, %v", err, held.Err())
				}
				return
			}
			if !errors.Is(err, claim.ErrLost) || !errors.Is(context.Cause(held), claim.ErrLost) ||
				!errors.Is(Stopped(held), claim.ErrLost) {
				t.Errorf("%v, %v", err, context.Cause(held))
			}
			if text, _ := os.ReadFile(path); len(text) > 0 {
				t.Errorf("the file has %q", text)
			}
			if err := d.disk.Remove(path); !errors.Is(err, claim.ErrLost) {
				t.Errorf("%v", err)
			}
		})
	}
}
