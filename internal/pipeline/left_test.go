package pipeline

import (
	"testing"
	"time"
)

func TestLeftWords(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	in := func(d time.Duration) time.Time { return now.Add(d) }
	if got := (Left{Waiting: 120, First: in(250 * time.Second)}).Brief(now); got != "asked again in 4 min 10 s" {
		t.Errorf("in brief: %q", got)
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
		{Left{Waiting: 120, First: in(250 * time.Second), Last: in(250 * time.Second)},
			"all 120 names that are left are asked again in 4 min 10 s", ""},
		{Left{Waiting: 120, First: in(250 * time.Second), Last: in(400 * time.Second)},
			"all 120 names that are left are asked again in 4 min 10 s to 6 min 40 s", ""},
		{Left{Waiting: 1, First: in(2 * time.Hour), Last: in(time.Hour)}, "the name that is left is asked again in 2 h", ""},
		{Left{Waiting: 2, First: in(-time.Hour)}, "all 2 names that are left are asked again in 0 s", ""},
	} {
		if got := tt.left.Words(now); got != tt.words {
			t.Errorf("%+v: %q, want %q", tt.left, got, tt.words)
		}
		if got := tt.left.UnderWay(); got != tt.underWay {
			t.Errorf("%+v: %q, want %q", tt.left, got, tt.underWay)
		}
	}
}

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 1: "1 s", time.Second: "1 s", 59 * time.Second: "59 s", time.Minute: "1 min",
		250 * time.Second: "4 min 10 s", time.Hour: "1 h", time.Hour + time.Second: "1 h 1 min",
		26*time.Hour + 5*time.Minute + time.Second: "26 h 6 min", time.Hour - 1: "1 h",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
