package portfolio

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"stsscan/internal/output"
)

// A table is aligned, and on a terminal no line is wider than it; without one nothing is cut.
func TestTable(t *testing.T) {
	rows := [][]string{
		{"a.example", "broken", strings.Repeat("reason ", 8), "x", strings.Repeat("remedy ", 12) + "end"},
		{"bücher.example", "no_sts", "日本語日本語日本語日本語日本語日本語", "", "short"},
	}
	for _, width := range []int{0, 1, 20, 40, 80, 120, 200} {
		var text strings.Builder
		to := newTable(bufio.NewWriter(&text), []string{"domain", "verdict", "reason", "tag", "remedy"}, width)
		for _, cells := range rows {
			if err := to.write(cells); err != nil {
				t.Fatal(err)
			}
		}
		if err := to.end(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if wide := uniseg.StringWidth(line); width > 0 && wide > width || strings.HasSuffix(line, " ") {
				t.Errorf("width %d: %d columns: %q", width, wide, line)
			}
		}
		whole := strings.Contains(text.String(), "remedy end") && !strings.Contains(text.String(), ellipsis)
		if whole != (width == 0 || width == 200) {
			t.Errorf("width %d:\n%s", width, text.String())
		}
		if width >= 80 || width == 0 {
			for i, line := range lines {
				at := strings.Index(line, []string{"REASON", "reason", "日"}[i])
				if uniseg.StringWidth(line[:at]) != len("bücher.example")-1+len("  verdict  ") {
					t.Errorf("width %d: %q is not aligned", width, line)
				}
				if !strings.Contains(line, []string{"REMEDY", "remedy", "short"}[i]) {
					t.Errorf("width %d: %q has no remedy", width, line)
				}
			}
		}
	}
}

// More lines than decide about the widths are printed as they come.
func TestTableWindow(t *testing.T) {
	var text strings.Builder
	to := newTable(bufio.NewWriter(&text), []string{"n", "b"}, 20)
	for i := range 3 * tableWindow {
		if err := to.write([]string{fmt.Sprint(i), strings.Repeat("x", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := to.end(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	if len(lines) != 3*tableWindow+1 || lines[2] != "1    x" || !strings.HasSuffix(lines[2999], "x"+ellipsis) {
		t.Errorf("%d lines, %q, %q", len(lines), lines[2], lines[2999])
	}
	if slices.ContainsFunc(lines, func(line string) bool { return uniseg.StringWidth(line) > 20 }) {
		t.Error("a line is too long")
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
