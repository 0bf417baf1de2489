package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"stsscan/internal/egress"
	"stsscan/internal/pipeline"
)

// A moment in the life of a run, so many seconds after the one before.
type scene struct {
	after int
	done  int64
	left  pipeline.Left
}

// watched is what a log hears of scenes.
func watched(scenes []scene) []string {
	var out bytes.Buffer
	console := &console{out: &out}
	now := time.Unix(1_000_000, 0)
	var s scene
	w := &watcher{
		console: console, log: console.newLogger(false, false), total: 1000, logged: now,
		counts:  func() pipeline.Counts { return pipeline.Counts{Absent: s.done} },
		left:    func() pipeline.Left { return s.left },
		done:    pipeline.Counts.Done,
		manners: func() egress.MannersCounts { return egress.MannersCounts{} },
	}
	for _, s = range scenes {
		now = now.Add(time.Duration(s.after) * time.Second)
		w.update(now)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "msg=")
		text, _, _ = strings.Cut(text, " present=")
		lines = append(lines, text)
	}
	return lines
}

func TestWatcherLog(t *testing.T) {
	none, tail := pipeline.Left{}, pipeline.Left{Tail: true, Lookups: 37, Most: 40 * time.Second}
	rest := func(seconds int64) pipeline.Left {
		return pipeline.Left{Waiting: 120, First: time.Unix(1_000_000+seconds, 0), Last: time.Unix(1_000_000+seconds, 0)}
	}
	for _, tt := range []struct {
		name   string
		scenes []scene
		want   []string
	}{
		{"nothing at first", []scene{{0, 0, none}, {1, 10, none}}, nil},
		{"steady", []scene{{0, 0, none}, {5, 250, none}, {5, 500, none}},
			[]string{"progress domains=500 of=1000 per_second=50 left=10s"}},
		{"the rate is the latest one", []scene{{0, 0, none}, {10, 900, none}, {10, 900, none}, {10, 910, none}}, []string{
			"progress domains=900 of=1000 per_second=90 left=1s", "progress domains=900 of=1000 per_second=0 left=unknown",
			"progress domains=910 of=1000 per_second=1 left=1m30s",
		}},
		{"no time has passed", []scene{{0, 0, none}, {10, 0, none}, {0, 5, none}},
			[]string{"progress domains=0 of=1000 per_second=0 left=unknown"}},
		{"more than there were", []scene{{0, 0, none}, {10, 1010, none}},
			[]string{"progress domains=1010 of=1000 per_second=101 left=unknown"}},
		{"a tail of a moment", []scene{{0, 0, none}, {1, 963, tail}, {1, 1000, none}}, nil},
		{"a tail is told once", []scene{{0, 0, none}, {1, 963, tail}, {1, 963, tail}, {1, 963, tail}},
			[]string{`"waiting for 37 names, 40 s at most"`}},
		{"and each other tail", []scene{{0, 963, tail}, {1, 963, tail}, {1, 970, none}, {1, 970, tail}, {1, 970, tail}},
			[]string{`"waiting for 37 names, 40 s at most"`, `"waiting for 37 names, 40 s at most"`}},
		{"instead of a time left", []scene{{0, 963, tail}, {1, 963, tail}, {9, 963, tail}},
			[]string{`"waiting for 37 names, 40 s at most"`,
				`progress domains=963 of=1000 per_second=0 left="waiting for 37 names, 40 s at most"`}},
		{"a pause", []scene{{0, 880, rest(250)}, {10, 880, rest(250)}},
			[]string{`progress domains=880 of=1000 per_second=0 left="all 120 names that are left are asked again in 4 min"`}},
	} {
		if got := watched(tt.scenes); strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// The line of the bar has room on the screen, and what matters most.
func TestFitting(t *testing.T) {
	counts := pipeline.Counts{Present: 10, PolicyValid: 6, Unknown: 552, Transient: 547}
	hosts := egress.MannersCounts{Waiting: 3}
	tail := "waiting for 60 names, 40 s at most"
	for _, tt := range []struct {
		columns     int
		waits, want string
	}{
		{9, tail, ""},
		{15, tail, "19940/20000"},
		{60, tail, "waiting for 60 names, 40 s at most, 19940/20000, records 10"},
		{60, "", "19940/20000, records 10, valid policies 6, unknown 552"},
		{140, tail, "waiting for 60 names, 40 s at most, 19940/20000, records 10, valid policies 6, unknown 552, " +
			"waiting for hosts 3, to ask again 547"},
	} {
		got := joinFitting(tt.columns, barTexts(19940, 20000, tt.waits, counts, hosts))
		if got != tt.want {
			t.Errorf("%d columns: %q, want %q", tt.columns, got, tt.want)
		}
	}
}

func TestSpeedText(t *testing.T) {
	for rate, want := range map[float64]string{
		0.1: "6 domains/min", 0.99: "59 domains/min", 1: "1 domains/s", 43210.7: "43211 domains/s",
	} {
		if got := speed(rate); got != want {
			t.Errorf("%v: %q, want %q", rate, got, want)
		}
	}
}
