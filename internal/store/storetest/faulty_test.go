package storetest_test

import (
	"errors"
	"testing"

	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// TestFaulty calls a store that fails before its effect, after it, and then no more.
func TestFaulty(t *testing.T) {
	below := store.NewDir(t.TempDir())
	s := storetest.NewFaulty(below)
	if s.String() != below.String() {
		t.Errorf("it is %s", s)
	}
	for call, want := range []struct {
		err   error
		there bool
	}{{store.ErrUnavailable, false}, {store.ErrUnavailable, true}, {store.ErrChanged, true}} {
		_, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
		if _, errThere := below.Stat(t.Context(), "run.json"); !errors.Is(err, want.err) || (errThere == nil) != want.there {
			t.Errorf("put %d: %v, and then %v", call, err, errThere)
		}
	}
	for call := range 3 {
		content, _, err := s.Get(t.Context(), "run.json")
		if (err == nil) != (call == 2) || err == nil && string(content) != "one" {
			t.Errorf("get %d: %q, %v", call, content, err)
		}
		if _, err := s.Stat(t.Context(), "run.json"); (err == nil) != (call == 2) {
			t.Errorf("stat %d: %v", call, err)
		}
		if objects, err := s.List(t.Context(), ""); (err == nil) != (call == 2) || err == nil && len(objects) != 1 {
			t.Errorf("list %d: %v, %v", call, objects, err)
		}
	}
	now, err := below.Stat(t.Context(), "run.json")
	if err != nil {
		t.Fatal(err)
	}
	for call := range 3 {
		err := s.Remove(t.Context(), "run.json", now.Version)
		_, errThere := below.Stat(t.Context(), "run.json")
		if (err == nil) != (call == 2) || (errThere == nil) != (call == 0) {
			t.Errorf("remove %d: %v, and then %v", call, err, errThere)
		}
	}
}
