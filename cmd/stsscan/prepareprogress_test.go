package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/domains"
)

// A screen is a console that keeps what is written to it.
type screen struct {
	*console
	out bytes.Buffer
}

func newScreen() *screen {
	s := new(screen)
	s.console = &console{out: &s.out}
	return s
}

// said is what was written since the last call.
func (s *screen) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.out.Reset()
	return s.out.String()
}

// Off a terminal a log line comes each ten seconds, also where nothing more is told.
func TestPreparingLog(t *testing.T) {
	for name, c := range map[string]struct {
		at   domains.Progress
		want string
	}{
		"nothing is told": {},
		"octets of a total": {
			domains.Progress{Stage: domains.StageRead, Done: 10, Total: 40, Entries: 3},
			`msg="reading the lists" octets=10 of=40 entries=3`,
		},
		"standard input": {
			domains.Progress{Stage: domains.StageRead, Done: 10, Entries: 3},
			`msg="reading the lists" octets=10 entries=3`,
		},
		"repeats": {domains.Progress{Stage: domains.StageRepeats, Entries: 3}, `msg="finding repeats" entries=3`},
		"parts": {
			domains.Progress{Stage: domains.StageWrite, Done: 0, Total: 64, Entries: 3},
			`msg="writing parts" parts=0 of=64 entries=3`,
		},
		"a lock": {domains.Progress{Stage: domains.StageWait}, `msg="waiting for another process that prepares the lists"`},
	} {
		synctest.Test(t, func(t *testing.T) {
			console := newScreen()
			tell, stop := console.watchPreparing(progressLog, console.newLogger(false, false))
			if c.at.Stage != "" {
				tell(c.at)
			}
			time.Sleep(logInterval - time.Millisecond)
			synctest.Wait()
			if said := console.said(); said != "" {
				t.Errorf("%s: said too soon: %s", name, said)
			}
			time.Sleep(2 * logInterval)
			stop()
			said := console.said()
			lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
			switch {
			case c.want == "" && said == "":
			case len(lines) != 2 || !strings.HasSuffix(lines[0], c.want) || !strings.HasSuffix(lines[1], c.want):
				t.Errorf("%s: said %q, want %q twice", name, lines, c.want)
			}
		})
	}
}

// On a terminal each stage has a bar, and none is left in the end.
func TestPreparingBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		console := newScreen()
		log := console.newLogger(false, false)
		tell, stop := console.watchPreparing(progressBar, log)
		shows := func(at domains.Progress, wants ...string) {
			t.Helper()
			tell(at)
			console.said()
			time.Sleep(barInterval)
			synctest.Wait()
			said := console.said()
			for _, want := range wants {
				if !strings.Contains(said, want) {
					t.Errorf("%+v: no %q in %q", at, want, said)
				}
			}
		}
		reading := domains.Progress{Stage: domains.StageRead, Done: 20e6, Total: 40e6, Entries: 7}
		shows(reading, "reading the lists, 7 entries", "50%", "20/40 MB")
		log.Info("between")
		reading.Done, reading.Entries = 30e6, 9
		shows(reading, "reading the lists, 9 entries", "75%")
		shows(domains.Progress{Stage: domains.StageRepeats, Entries: 9}, "finding repeats, 9 entries")
		writing := domains.Progress{Stage: domains.StageWrite, Done: 16, Total: 64, Entries: 9}
		shows(writing, "writing parts, 9 entries", "25%", "16/64")
		console.said()
		stop()
		if said := console.said(); console.bar != nil || strings.Trim(said, " \r") != "" {
			t.Errorf("left on the screen: %q", said)
		}
		tell(domains.Progress{Stage: domains.StageRead}) // by what was left behind
	})
}

// With --quiet or --progress off nothing is said.
func TestPreparingOff(t *testing.T) {
	console := &console{}
	tell, stop := console.watchPreparing(progressOff, console.newLogger(true, false))
	stop()
	if tell != nil {
		t.Error("something is told")
	}
}

// A slowList is a list of one name that does not end before something is shown.
type slowList struct {
	*strings.Reader
	shown chan struct{}
}

func (l *slowList) Read(b []byte) (int, error) {
	if l.Len() == 0 {
		<-l.shown
	}
	return l.Reader.Read(b)
}

// A sign closes a channel when a text was written to it.
type sign struct {
	text  string
	shown chan struct{}
	once  sync.Once
}

func (s *sign) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(s.text)) {
		s.once.Do(func() { close(s.shown) })
	}
	return len(b), nil
}

// A scan shows that it reads its list while it does.
func TestScanShowsPreparing(t *testing.T) {
	t.Parallel()
	shown := make(chan struct{})
	list := &slowList{strings.NewReader("example.com\n"), shown}
	dir := filepath.Join(t.TempDir(), "run")
	std := streams{list, io.Discard, &sign{text: string(domains.StageRead), shown: shown}}
	args := []string{"scan", "-o", dir, "--sim", "zones", "--progress", "on", "-"}
	if status := run(t.Context(), std, args); status != 0 {
		t.Errorf("status %d", status)
	}
}
