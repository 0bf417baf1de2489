package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
)

// A screen is a terminal in memory, which does not wrap lines anew when it is resized.
type screen struct {
	*vt.Emulator
	t    *testing.T
	said int // columns, if it says more than it has; else 0
}

func newScreen(t *testing.T, columns int) *screen {
	s := &screen{Emulator: vt.NewEmulator(columns, 12), t: t}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Write begins a line at its left, as the driver of a terminal does.
func (s *screen) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("\r"+eraseBelow)) {
		s.t.Errorf("%q: tmux keeps what is erased from the corner of the screen", b)
	}
	_, err := s.Emulator.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	return len(b), err
}

// WriteString hides that of the Emulator.
func (s *screen) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

func (s *screen) columns() int {
	if s.said > 0 {
		return s.said
	}
	return s.Width()
}

// console is one that writes to the screen.
func (s *screen) console() *Console {
	c := NewConsole(s)
	c.columns, c.plain = s.columns, false
	return c
}

// rows are all rows, with those that have left the screen.
func (s *screen) rows() []string {
	var rows []string
	for _, line := range s.Scrollback().Lines() {
		rows = append(rows, strings.TrimRight(line.String(), " "))
	}
	for row := range strings.SplitSeq(s.String(), "\n") {
		rows = append(rows, strings.TrimRight(row, " \r"))
	}
	return rows
}

// lines are the rows with a line of progress.
func (s *screen) lines() (lines []string) {
	for _, row := range s.rows() {
		if strings.Contains(row, "%") {
			lines = append(lines, row)
		}
	}
	return lines
}

// All of a long run leaves one line on a terminal of any width, and each log line is whole, above it.
func TestOneLine(t *testing.T) {
	for _, columns := range []int{1, 2, 5, 20, 40, 80, 120, 200} {
		for _, resized := range []int{columns, 40, 60, 121} {
			name := fmt.Sprintf("%d columns, then %d", columns, resized)
			s := newScreen(t, columns)
			c := s.console()
			now := time.Unix(1_000_000, 0)
			reporter := NewReporter(c, c.Log(false, false), ModeLine, now)
			one := func(at string) {
				t.Helper()
				want := 1
				if s.Width() < 5 { // it has no room for a percentage
					want = 0
				}
				if lines := s.lines(); len(lines) != want {
					t.Errorf("%s, %s: %d lines: %q", name, at, len(lines), lines)
				}
			}
			for i := range int64(100) {
				if i == 50 {
					s.Resize(resized, 12)
				}
				now = now.Add(lineInterval)
				p := Progress{Done: 160 * i, Total: 16_249, Asked: 160 * i, Due: 16_249 - 160*i, Counts: []Count{
					{Text: "records", N: 7 * i}, {Text: "中文名", N: i}, {Text: "unknown", N: 3 * i},
				}}
				if i > 70 {
					p.Waits, p.Brief, p.Pause = "waiting until 20:47:35 to ask 13 domains again", "waiting until 20:47:35", true
				}
				reporter.Report(now, p)
				one(fmt.Sprintf("at %d", i))
				if i%30 == 10 {
					fmt.Fprintf(c, "log line %d of %s end\n", i, strings.Repeat("中文 ", 20))
					one(fmt.Sprintf("logged at %d", i))
				}
			}
			reporter.End(Progress{Done: 16_249, Total: 16_249})
			fmt.Fprintln(c, "summary")
			one("in the end")
			rows := s.rows()
			for len(rows) > 0 && rows[len(rows)-1] == "" {
				rows = rows[:len(rows)-1]
			}
			if resized >= 20 && (rows[len(rows)-1] != "summary" || !strings.HasPrefix(rows[len(rows)-2], "100%")) {
				t.Errorf("%s: ends %q", name, rows[len(rows)-2:])
			}
			if columns == resized {
				all := strings.ReplaceAll(strings.Join(rows, ""), " ", "")
				for _, i := range []int{10, 40, 70} {
					want := fmt.Sprintf("logline%dof%send", i, strings.Repeat("中文", 20))
					if columns > 2 && !strings.Contains(all, want) {
						t.Errorf("%s: log line %d is not whole: %q", name, i, rows)
					}
				}
			}
		}
	}
}

// A terminal that is narrower than it says, as tmux is for a moment, has one line too, and so has one that wraps the
// line anew as it becomes narrower: the cursor is at its beginning.
func TestOneLineOfStaleWidth(t *testing.T) {
	s := newScreen(t, 60)
	s.said = 120
	c := s.console()
	for i := range int64(10) {
		c.Show(Line{Done: i, Total: 10, Texts: []Text{{Long: strings.Repeat("long text ", 9), Rank: 1}}})
		if lines := s.lines(); len(lines) != 1 {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		if at := s.CursorPosition(); at.X != 0 || at.Y != 0 {
			t.Fatalf("the cursor is at %v", at)
		}
	}
	fmt.Fprintln(c, "two", strings.Repeat("-", 110), "rows")
	if rows := s.rows(); !strings.HasSuffix(rows[1], "rows") || !strings.HasPrefix(rows[2], "90%") {
		t.Errorf("%q", rows)
	}
}

// Some terminals wrap as soon as their last column is written: it stays free.
func TestLastColumn(t *testing.T) {
	s := newScreen(t, 40)
	c := s.console()
	c.plain = true // else what stands there is erased by what follows
	c.Show(Line{Texts: []Text{{Long: strings.Repeat("x", 50), Rank: 1}}})
	if row := s.rows()[0]; row != strings.Repeat("x", 39) {
		t.Errorf("%q", row)
	}
}

// Without control sequences, as with TERM=dumb and --progress on, the line is overwritten.
func TestPlainLine(t *testing.T) {
	s := newScreen(t, 40)
	c := s.console()
	c.plain = true
	for i := range int64(11) {
		c.Show(Line{Done: i, Total: 10, Texts: []Text{{Long: strings.Repeat("x", 20-int(i)), Rank: 1}}})
	}
	fmt.Fprintln(c, "log")
	c.Leave()
	if got := strings.Join(s.rows()[:3], "|"); got != "log|100% [====================] xxxxxxxxxx|" {
		t.Errorf("%q", got)
	}
}

// What is left stays, what is cleared goes, and a closed console shows no line.
func TestEndOfLine(t *testing.T) {
	line := Line{Done: 1, Total: 2}
	for name, tt := range map[string]struct {
		end  func(c *Console)
		want string
	}{
		"left":    {(*Console).Leave, "50% [=========>..........]|next"},
		"cleared": {(*Console).Clear, "next|"},
		"closed":  {func(c *Console) { c.Close(); c.Show(line) }, "50% [=========>..........]|next"},
	} {
		s := newScreen(t, 40)
		c := s.console()
		c.Show(line)
		tt.end(c)
		tt.end(c)
		fmt.Fprintln(c, "next")
		if got := strings.Join(s.rows()[:2], "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// In the background of a shell no line is drawn.
func TestBackground(t *testing.T) {
	s := newScreen(t, 40)
	c := s.console()
	c.foreground = func() bool { return false }
	c.Show(Line{Done: 1, Total: 2})
	fmt.Fprintln(c, "log")
	c.Leave()
	if got := strings.Join(s.rows()[:2], "|"); got != "log|" {
		t.Errorf("%q", got)
	}
	c.foreground = func() bool { return true }
	c.Show(Line{Done: 1, Total: 2})
	if lines := s.lines(); len(lines) != 1 {
		t.Errorf("back: %q", lines)
	}
}

// broken is a full disk.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fmt.Errorf("no space left on device") }

// A console that cannot be written to does no harm.
func TestBrokenConsole(t *testing.T) {
	c := NewConsole(broken{})
	c.Show(Line{Done: 1, Total: 2})
	c.Log(false, true).Info("lost")
	c.Show(Line{Done: 2, Total: 2})
	c.Leave()
	if _, err := c.Write([]byte("lost\n")); err == nil {
		t.Error("no error")
	}
}
