package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// A scene is a moment in the life of a run, so many seconds after the one before.
type scene struct {
	after float64
	Progress
}

// reported is what a log hears of scenes, without the time and without counts.
func reported(scenes []scene) []string {
	var out bytes.Buffer
	c := NewConsole(&out)
	now := time.Unix(1_000_000, 0)
	r := NewReporter(c, c.Log(false, false), ModeLog, now)
	for _, s := range scenes {
		now = now.Add(time.Duration(s.after * float64(time.Second)))
		s.Total, s.Counts = 1000, []Count{{Text: "records", Key: "present", N: 3}, {Key: "absent", N: 5}}
		r.Report(now, s.Progress)
	}
	r.End(Progress{Done: 1000, Total: 1000})
	var lines []string
	for line := range strings.Lines(out.String()) {
		_, text, _ := strings.Cut(strings.TrimSpace(line), "msg=")
		text, _ = strings.CutSuffix(text, " present=3 absent=5")
		lines = append(lines, text)
	}
	return lines
}

func TestReportedLog(t *testing.T) {
	first := func(after float64, n int64) scene { // of a run of one pass
		return scene{after, Progress{Done: n, Asked: n, Due: 1000 - n}}
	}
	some := func(after float64, n int64) scene { // ten of them are asked again
		return scene{after, Progress{Done: n - 10, Asked: n, Due: 1000 - n}}
	}
	tail := func(after float64) scene {
		return scene{after, Progress{Done: 963, Asked: 963, Due: 37, Waits: "waiting for 37 names, 40 s at most"}}
	}
	pause := func(after float64) scene {
		return scene{after, Progress{Done: 987, Asked: 1000, Due: 13, Pause: true,
			Waits: "waiting until 20:47:35 to ask 13 domains again"}}
	}
	second := func(after float64, n int64) scene {
		return scene{after, Progress{Done: 987 + n, Asked: 1000 + n, Due: 13 - n}}
	}
	const paused = `progress domains=987 of=1000 percent=98 left="waiting until 20:47:35 to ask 13 domains again"`
	for _, tt := range []struct {
		name   string
		scenes []scene
		want   []string
	}{
		{"nothing at first", []scene{first(0, 0), first(1, 10)}, nil},
		{"steady", []scene{first(0, 0), first(5, 250), first(5, 500)},
			[]string{`progress domains=500 of=1000 percent=50 per_second=50 left="10 s left"`}},
		{"what earlier processes did is no rate", []scene{first(0, 500), first(5, 550), first(5, 600)},
			[]string{`progress domains=600 of=1000 percent=60 per_second=10 left="40 s left"`}},
		{"no time left is known yet", []scene{first(9, 0), first(1, 10)}, []string{"progress domains=10 of=1000 percent=1"}},
		{"nor where nothing moves", []scene{first(0, 900), first(10, 900)}, []string{"progress domains=900 of=1000 percent=90"}},
		{"more passes follow", []scene{some(0, 10), some(10, 510)},
			[]string{`progress domains=500 of=1000 percent=50 per_second=50 left="10 s left in this pass"`}},
		{"a tail of a moment", []scene{first(0, 0), tail(1), first(1, 1000)}, nil},
		{"a tail is told once", []scene{first(0, 0), tail(1), tail(1), tail(1)}, []string{`"waiting for 37 names, 40 s at most"`}},
		{"and each other tail", []scene{tail(0), tail(1), first(1, 970), tail(1), tail(1)},
			[]string{`"waiting for 37 names, 40 s at most"`, `"waiting for 37 names, 40 s at most"`}},
		{"instead of a time left", []scene{tail(0), tail(1), tail(9)}, []string{`"waiting for 37 names, 40 s at most"`,
			`progress domains=963 of=1000 percent=96 left="waiting for 37 names, 40 s at most"`}},
		{"nor what a rate before says", []scene{first(0, 0), first(5, 900), tail(5)},
			[]string{`progress domains=963 of=1000 percent=96 left="waiting for 37 names, 40 s at most"`}},
		{"a pause", []scene{first(0, 880), pause(1), pause(9)}, []string{paused}},
		{"after a short pause the rate is another", []scene{first(0, 0), first(6, 990), pause(2), second(2, 3)},
			[]string{"progress domains=990 of=1000 percent=99"}},
		{"the pause is no part of the rate", []scene{pause(10), pause(10), second(10, 0), second(5, 5), second(5, 10)},
			[]string{paused, paused, `progress domains=987 of=1000 percent=98`,
				`progress domains=997 of=1000 percent=99 per_second=1 left="3 s left"`}},
	} {
		if got := reported(tt.scenes); strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
	}
}

// The same words stand on the line.
func TestReportedLine(t *testing.T) {
	s := newScreen(t, 120)
	c := s.console()
	now := time.Unix(1_000_000, 0)
	r := NewReporter(c, c.Log(false, false), ModeLine, now)
	counts := []Count{{Text: "records", N: 1040}, {Key: "absent", N: 5}, {Text: "unknown", N: 0}}
	for _, tt := range []struct {
		after time.Duration
		p     Progress
		want  string
	}{
		{0, Progress{}, "0% [....................] 0/20,000, records 1,040"},
		{6 * time.Second, Progress{Done: 5000, Asked: 6000, Due: 14_000},
			"25% [====>...............] 5,000/20,000, 1,000 domains/s, 14 s left in this pass, records 1,040"},
		{0, Progress{Done: 19_963, Asked: 19_963, Due: 37, Waits: "waiting for 37 names, 40 s at most"},
			"99% [==================>.] 19,963/20,000, waiting for 37 names, 40 s at most, records 1,040"},
		{0, Progress{Done: 19_987, Due: 13, Pause: true, Waits: "waiting until 20:47:35 to ask 13 domains again"},
			"99% [==================>.] 19,987/20,000, waiting until 20:47:35 to ask 13 domains again, records 1,040"},
	} {
		now = now.Add(tt.after)
		tt.p.Total, tt.p.Counts = 20_000, counts
		r.Report(now, tt.p)
		if lines := s.lines(); len(lines) != 1 || lines[0] != tt.want {
			t.Errorf("%q, want %q", lines, tt.want)
		}
	}
}
