package portfolio

import (
	"bufio"
	"strings"
	"testing"

	"stsscan/internal/output"
	"stsscan/internal/terminal"
)

// tabled is the table of lines for a terminal of so many columns.
func tabled(t *testing.T, width int, names []string, lines ...[]string) string {
	t.Helper()
	var text strings.Builder
	to := newTable(bufio.NewWriter(&text), names, width)
	for _, cells := range lines {
		if err := to.write(cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.end(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A table is aligned. On a terminal its texts are wrapped, or each domain has lines of its own; nothing is cut.
func TestTable(t *testing.T) {
	names := []string{"domain", "verdict", "reason", "Team", "ttl", "remedy"}
	rows := [][]string{
		{"name-6.example", "broken", "a field breaks the grammar", "M&A", "300", "Correct _mta-sts.name-6.example, its id"},
		{"b\u00fccher.example", "no_sts", "\u65e5\u672c\u8a9e", "", "", ""},
		{"a-long-name.example", "unknown", "", "Mail and so on", "", "Ask again."},
	}
	wide := `
DOMAIN               VERDICT  REASON                      TEAM            TTL  REMEDY
name-6.example       broken   a field breaks the grammar  M&A             300  Correct _mta-sts.name-6.example, its id
bücher.example       no_sts   日本語
a-long-name.example  unknown                              Mail and so on       Ask again.
`
	wrapped := `
DOMAIN               VERDICT  REASON                    TEAM            TTL  REMEDY
name-6.example       broken   a field breaks the        M&A             300  Correct
                              grammar                                        _mta-sts.name-6.example,
                                                                             its id
bücher.example       no_sts   日本語
a-long-name.example  unknown                            Mail and so on       Ask again.
`
	blocks := `
name-6.example  broken  Team: M&A
    ttl: 300
  a field breaks the grammar
  Correct _mta-sts.name-6.example,
    its id
bücher.example  no_sts
  日本語
a-long-name.example  unknown
    Team: Mail and so on
  Ask again.
`
	narrow := `
name-6.example
    broken
    Team: M&A
    ttl: 300
  a field breaks
    the grammar
  Correct
    _mta-sts.name-6.example,
    its id
bücher.example
    no_sts
  日本語
a-long-name.example
    unknown
    Team: Mail
    and so on
  Ask again.
`
	for width, want := range map[int]string{0: wide, 119: wide, 101: wrapped, 35: blocks, 17: narrow} {
		if got := "\n" + tabled(t, width, names, rows...); got != want {
			t.Errorf("width %d: %s, want %s", width, got, want)
		}
	}
	words := strings.Fields(wide)
	for width := range 120 {
		text := tabled(t, width, names, rows...)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			tooWide := width > 0 && terminal.Width(line) > width && len(strings.Fields(line)) > 1
			if tooWide || strings.HasSuffix(line, " ") {
				t.Errorf("width %d: %q", width, line)
			}
		}
		for _, word := range words[len(names)+1:] {
			if !strings.Contains(text, word) {
				t.Errorf("width %d: %s is cut: %s", width, word, text)
			}
		}
	}
}

// Lines after those that decide about the widths are printed as they come, or as blocks where a word has no room.
func TestTableWindow(t *testing.T) {
	var lines [][]string
	for range tableWindow {
		lines = append(lines, []string{"a", "b"})
	}
	lines = append(lines, []string{"aa", "b"}, []string{"c", ""})
	text := tabled(t, 20, []string{"n", "b"}, lines...)
	const begin, end = "N  B\na  b\n", "a  b\nn: aa  b: b\nc\n"
	if !strings.HasPrefix(text, begin) || !strings.HasSuffix(text, end) || strings.Count(text, "\n") != tableWindow+3 {
		t.Errorf("%q", text)
	}
	if text := tabled(t, 0, []string{"n", "b"}, lines...); !strings.HasSuffix(text, "a  b\naa  b\nc\n") {
		t.Errorf("%q", text[len(text)-40:])
	}
}

// The lines of a part that take too much memory are written in several goes, none lost.
func TestListerFlush(t *testing.T) {
	var text strings.Builder
	columns, err := columnsOf([]string{"domain"}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	l := &lister{columns: columns, most: 2 * (lineOctets + cellOctets), to: Format{JSON: true}.writer(&text, columns)}
	dir := writeRun(t, output.StatusComplete, "", testRow{"a.example", "broken", nil, nil},
		testRow{"b.example", "broken", nil, nil}, testRow{"c.example", "broken", nil, nil},
		testRow{"d.example", "broken", nil, nil})
	if err := l.part(dir + "/" + output.PartName(0)); err != nil {
		t.Fatal(err)
	}
	if err := l.to.end(); err != nil {
		t.Fatal(err)
	}
	// The file has them backwards.
	if got := text.String(); l.written != 4 || strings.Index(got, "d.example") > strings.Index(got, "a.example") ||
		strings.Index(got, "c.example") > strings.Index(got, "d.example") {
		t.Errorf("%d lines: %s", l.written, got)
	}
}
