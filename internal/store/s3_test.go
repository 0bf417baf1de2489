package store_test

import (
	"io"
	"net/http"
	"testing"

	"stsscan/internal/store"
	"stsscan/internal/store/storetest"
)

// open opens a store, which must be possible.
func open(t *testing.T, location string, c store.Config) store.Store {
	t.Helper()
	s, err := store.Open(location, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestS3(t *testing.T) {
	for _, location := range []string{"s3://surveys", "s3://surveys/2026/night 1/"} {
		storetest.Conform(t, func(t *testing.T) store.Store {
			return open(t, location, storetest.Config(storetest.NewServer().Start(t)))
		})
	}
}

// TestS3UnconditionalRemoval has servers that do not know the condition of a deletion: one ignores it, one refuses it.
func TestS3UnconditionalRemoval(t *testing.T) {
	storetest.Conform(t, func(t *testing.T) store.Store {
		server := storetest.NewServer()
		server.Ignored = []string{"DELETE If-Match"}
		return open(t, "s3://surveys/run", storetest.Config(server.Start(t)))
	})
	server := storetest.NewServer()
	server.Fault = func(request storetest.Request) storetest.Fault {
		if request.Kind == "remove" && request.N == 1 {
			return storetest.Refuse(http.StatusNotImplemented, "NotImplemented")
		}
		return storetest.Fault{}
	}
	bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
		was, err := s.Put(t.Context(), "run.json", []byte("one"), store.Absent)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), "run.json", was); err != nil {
			t.Error(err)
		}
		if objects, err := s.List(t.Context(), ""); err != nil || len(objects) > 0 {
			t.Errorf("there is %+v, %v", objects, err)
		}
	})
}

func TestS3Race(t *testing.T) {
	endpoint := storetest.NewServer().Start(t)
	var racers []store.Store
	for range 16 {
		racers = append(racers, open(t, "s3://surveys/run", storetest.Config(endpoint)))
	}
	storetest.Race(t, racers, 20)
	storetest.RaceRemove(t, racers, 20)
}

// TestS3RaceOverFaults has requests that take effect, or do not, and are not answered. No racer takes another's
// object for its own, or its own for another's.
func TestS3RaceOverFaults(t *testing.T) {
	server := storetest.NewServer()
	server.Fault = func(request storetest.Request) storetest.Fault {
		switch {
		case request.Kind != "put" || request.N%3 != 0:
			return storetest.Fault{}
		case request.N%2 == 0:
			return storetest.Drop()
		}
		return storetest.Drop().After()
	}
	bubble(t, server, io.Discard, func(t *testing.T, s store.Store) {
		racers := make([]store.Store, 16)
		for i := range racers {
			racers[i] = s
		}
		storetest.Race(t, racers, 50)
	})
}
