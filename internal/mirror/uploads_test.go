package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"stsscan/internal/mirror"
	"stsscan/internal/store"
)

// newGate is a gate before an empty store. Its channel must be made in the bubble.
func newGate(t *testing.T) *gate { return &gate{Store: store.NewDir(t.TempDir())} }

// A part is put before the manifest that lists it, and of several manifests that wait, the last one. Whoever writes
// waits while many files wait. The end of the work lets none of them go.
func TestOrder(t *testing.T) {
	g, dir := newGate(t), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		g.pass = make(chan error)
		m := open(t, g, dir)
		ctx, stop := context.WithCancel(t.Context())
		working, u := m.Start(ctx, nil)
		wrote, parts := 0, 12
		go func() {
			for k := range parts {
				write(t, dir, fmt.Sprintf("part-%d", k), fmt.Sprint(k))
				u.File(fmt.Sprintf("part-%d", k))
				write(t, dir, "run.json", fmt.Sprint(k))
				if err := u.Now("run.json"); err != nil {
					t.Error(err)
				}
				wrote++
			}
		}()
		synctest.Wait()
		if wrote >= parts || wrote < 4 {
			t.Errorf("%d parts are written while none is put", wrote)
		}
		stop()
		synctest.Wait()
		if wrote != parts || working.Err() == nil {
			t.Errorf("%d parts are written after the end of the work", wrote)
		}
		go func() {
			for range parts + 1 {
				g.pass <- nil
			}
		}()
		if err := errors.Join(u.Flush(), u.Close(), u.Close()); err != nil {
			t.Error(err)
		}
		write(t, dir, "run.json", "after the end")
		if err := errors.Join(u.Now("run.json"), u.Close()); err != nil {
			t.Error(err)
		}
	})
	want := []string{"part-0=0"}
	for k := 1; k < 12; k++ {
		want = append(want, fmt.Sprintf("part-%d=%d", k, k))
	}
	if want = append(want, "run.json=11"); !slices.Equal(g.puts, want) {
		t.Errorf("put were %q, want %q", g.puts, want)
	}
}

// The first failure ends the work, and nothing is put after it.
func TestFailure(t *testing.T) {
	for cause, want := range map[error]error{
		store.ErrUnavailable: mirror.ErrNotPut, store.ErrChanged: mirror.ErrOvertaken,
	} {
		g, dir := newGate(t), t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			g.pass = make(chan error)
			m := open(t, g, dir)
			working, u := m.Start(t.Context(), nil)
			write(t, dir, "part-0", "0")
			write(t, dir, "run.json", "1")
			u.File("part-0")
			go func() { g.pass <- cause }()
			<-working.Done()
			if err := context.Cause(working); !errors.Is(err, want) || !errors.Is(u.Err(), want) {
				t.Errorf("%v: the cause is %v", cause, err)
			}
			for range 20 { // without waiting
				u.File("part-0")
			}
			if err := errors.Join(u.Now("run.json"), u.Flush()); !errors.Is(err, want) {
				t.Errorf("%v: %v", cause, err)
			}
			if err := u.Close(); !errors.Is(err, want) {
				t.Errorf("%v: %v", cause, err)
			}
		})
		if g.puts != nil {
			t.Errorf("put were %q", g.puts)
		}
	}
}

// Without a store nothing happens.
func TestNoUploads(t *testing.T) {
	var u *mirror.Uploads
	u.File("part-0")
	u.Remove("part-0")
	if err := errors.Join(u.Now("run.json"), u.Flush(), u.Err(), u.Close()); err != nil {
		t.Error(err)
	}
}

// What is not permitted is not put.
func TestPermit(t *testing.T) {
	s, dir := store.NewDir(t.TempDir()), t.TempDir()
	errLost := errors.New("lost")
	asked := 0
	working, u := open(t, s, dir).Start(t.Context(), func() error {
		if asked++; asked > 2 {
			return errLost
		}
		return nil
	})
	for k := range 3 {
		write(t, dir, fmt.Sprintf("part-%d", k), fmt.Sprint(k))
		u.File(fmt.Sprintf("part-%d", k))
	}
	if err := u.Close(); err != errLost || context.Cause(working) != errLost {
		t.Errorf("%v, and the cause is %v", err, context.Cause(working))
	}
	want(t, s, map[string]string{"part-0": "0", "part-1": "1"})
}
