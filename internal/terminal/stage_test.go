package terminal

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Off a terminal a log line comes each ten seconds, also where nothing more is told.
func TestStagesLog(t *testing.T) {
	for name, c := range map[string]struct {
		at   Stage
		want string
	}{
		"nothing is told": {},
		"octets of a total": {
			Stage{Name: "reading the lists", Unit: "octets", Done: 10, Total: 40, Entries: 3},
			`msg="reading the lists" octets=10 of=40 entries=3`,
		},
		"standard input": {
			Stage{Name: "reading the lists", Unit: "octets", Done: 10, Entries: 3},
			`msg="reading the lists" octets=10 entries=3`,
		},
		"repeats": {Stage{Name: "finding repeats", Entries: 3}, `msg="finding repeats" entries=3`},
		"parts": {
			Stage{Name: "writing parts", Unit: "parts", Total: 64, Entries: 3}, `msg="writing parts" parts=0 of=64 entries=3`,
		},
		"a lock": {Stage{Name: "waiting"}, `msg=waiting`},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			console := NewConsole(&out)
			tell, stop := ReportStages(console, console.Log(false, false), ModeLog)
			if c.at.Name != "" {
				tell(c.at)
			}
			time.Sleep(logInterval - time.Millisecond)
			synctest.Wait()
			console.mu.Lock()
			if out.Len() > 0 {
				t.Errorf("%s: said too soon: %s", name, &out)
			}
			console.mu.Unlock()
			time.Sleep(logInterval + logInterval/2)
			stop()
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			switch {
			case c.want == "" && out.Len() == 0:
			case len(lines) != 2 || !strings.HasSuffix(lines[0], c.want) || !strings.HasSuffix(lines[1], c.want):
				t.Errorf("%s: said %q, want %q twice", name, lines, c.want)
			}
		})
	}
}

// On a terminal each stage has a line, and none is left in the end.
func TestStagesLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 100)
		console := s.console()
		log := console.Log(false, false)
		tell, stop := ReportStages(console, log, ModeLine)
		time.Sleep(lineInterval / 2) // all that follows is between two looks
		shows := func(want string, at Stage) {
			t.Helper()
			tell(at)
			time.Sleep(lineInterval)
			synctest.Wait()
			console.mu.Lock() // later looks come after this one
			rows := strings.Split(strings.TrimSpace(strings.Join(s.rows(), "\n")), "\n")
			console.mu.Unlock()
			if got := rows[len(rows)-1]; got != want {
				t.Errorf("%+v: %q, want %q", at, got, want)
			}
		}
		reading := Stage{Name: "reading the lists", Unit: "octets", Done: 20e6, Total: 40e6, Entries: 7}
		shows("50% [=========>..........] reading the lists, 20 MB/40 MB, 7 entries", reading)
		log.Info("between")
		time.Sleep(9 * lineInterval)
		reading.Done, reading.Entries = 30e6, 1900
		shows("75% [==============>.....] reading the lists, 30 MB/40 MB, 1,900 entries", reading)
		time.Sleep(20 * lineInterval)
		shows("75% [==============>.....] reading the lists, 30 MB/40 MB, 1,900 entries, 8 s left", reading)
		shows("finding repeats, 9 entries", Stage{Name: "finding repeats", Entries: 9})
		shows("reading the lists, 20 MB, 9 entries", Stage{Name: "reading the lists", Unit: "octets", Done: 20e6, Entries: 9})
		shows("25% [====>...............] writing parts, 16/64, 9 entries",
			Stage{Name: "writing parts", Unit: "parts", Done: 16, Total: 64, Entries: 9})
		stop()
		if text := strings.TrimSpace(strings.Join(s.rows(), "\n")); !strings.HasSuffix(text, "msg=between") {
			t.Errorf("left on the screen: %q", text)
		}
		tell(Stage{Name: "late"}) // by what was left behind
	})
}

// With --quiet or --progress off nothing is said.
func TestStagesOff(t *testing.T) {
	tell, stop := ReportStages(NewConsole(nil), nil, ModeOff)
	stop()
	if tell != nil {
		t.Error("something is told")
	}
}
