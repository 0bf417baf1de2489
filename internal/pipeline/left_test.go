package pipeline

import (
	"testing"
	"time"
)

func TestLeftWords(t *testing.T) {
	now := time.Date(2026, 11, 30, 20, 43, 25, 0, time.UTC)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for want, left := range map[string]Left{
		"": {}, "waiting until 20:47:35": {Waiting: 1200, First: in(250 * time.Second)},
		"waiting for 37 names": {Tail: true, Lookups: 37, Most: 40 * time.Second},
	} {
		if got := left.Brief(now); got != want {
			t.Errorf("in brief: %q, want %q", got, want)
		}
	}
	for _, tt := range []struct {
		left            Left
		words, underWay string
	}{
		{Left{}, "", ""},
		{Left{Lookups: 37, Answers: 25 * time.Second, Most: 40 * time.Second}, "",
			"37 names wait for their resolver, 25 s at most"},
		{Left{Tail: true, Lookups: 37, Answers: 24*time.Second + 1, Most: 40 * time.Second},
			"waiting for 37 names, 40 s at most",
			"37 names wait for their resolver, 25 s at most"},
		{Left{Tail: true, Lookups: 1, Surveys: 2, Answers: time.Second, Most: 70 * time.Second},
			"waiting for 3 names, 1 min 10 s at most",
			"1 name waits for its resolver, 1 s at most; 2 names in surveys, 1 min 10 s at most"},
		{Left{Tail: true, Surveys: 1}, "waiting for 1 name", "1 name in surveys"},
		{Left{Tail: true}, "", ""},
		{Left{Waiting: 1200, First: in(250 * time.Second), Last: in(250 * time.Second)},
			"waiting until 20:47:35 to ask 1,200 domains again", ""},
		{Left{Waiting: 120, First: in(250 * time.Second), Last: in(400 * time.Second)},
			"waiting until 20:47:35 to ask the first of 120 domains again", ""},
		{Left{Waiting: 1, First: in(4 * time.Hour), Last: in(time.Hour)}, "waiting until 2026-12-01 00:43:25 to ask 1 domain again", ""},
	} {
		if got := tt.left.Words(now); got != tt.words {
			t.Errorf("%+v: %q, want %q", tt.left, got, tt.words)
		}
		if got := tt.left.UnderWay(); got != tt.underWay {
			t.Errorf("%+v: %q, want %q", tt.left, got, tt.underWay)
		}
	}
}
