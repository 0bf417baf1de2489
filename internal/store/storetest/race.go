package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"stsscan/internal/store"
)

// Race lets racers, each with its own store at the same place, want the same things at the same time: a new object,
// and the next version of it. In each round one of them wins, the others are told so, and the object has what the
// winner put.
func Race(t *testing.T, racers []store.Store, rounds int) {
	for round := range rounds {
		name := fmt.Sprintf("part-%06d.parquet", round)
		race(t, racers, name, race(t, racers, name, store.Absent, 0), 0)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

// RaceRemove lets half of the racers replace what the other half removes. Either the object is gone and none of them
// has replaced it, or it has been replaced and none of them has removed it.
func RaceRemove(t *testing.T, racers []store.Store, rounds int) {
	for round := range rounds {
		name := fmt.Sprintf("claim-%d.json", round)
		race(t, racers, name, put(t, racers[0], name, "one", store.Absent), len(racers)/2)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}

// race lets all racers replace version was of an object, but for the first removers, which remove it, and gives the
// version of the winner.
func race(t *testing.T, racers []store.Store, name string, was store.Version, removers int) store.Version {
	t.Helper()
	content := func(racer int) string { return fmt.Sprintf("%s of racer %d after %q", name, racer, was) }
	versions, errs := make([]store.Version, len(racers)), make([]error, len(racers))
	start := make(chan struct{})
	var running sync.WaitGroup
	for i, racer := range racers {
		running.Go(func() {
			<-start
			if i < removers {
				errs[i] = racer.Remove(t.Context(), name, was)
			} else {
				versions[i], errs[i] = racer.Put(t.Context(), name, []byte(content(i)), was)
			}
		})
	}
	close(start)
	running.Wait()

	winner, removed := -1, 0
	for i, err := range errs {
		switch {
		case err == nil && i < removers:
			removed++ // it may have been another that removed it
		case err == nil && winner >= 0:
			t.Errorf("racers %d and %d have both put %s after %q", winner, i, name, was)
		case err == nil:
			winner = i
		case !errors.Is(err, store.ErrChanged):
			t.Errorf("racer %d: %v", i, err)
		}
	}
	switch {
	case winner < 0 && removed == 0:
		t.Errorf("nobody has won %s after %q", name, was)
	case winner < 0:
		wantNames(t, racers[0], name)
	case removed > 0:
		t.Errorf("%s was put by racer %d, and removed by %d others, after %q", name, winner, removed, was)
	default:
		wantContent(t, racers[0], name, content(winner), versions[winner])
		return versions[winner]
	}
	return store.Absent
}
