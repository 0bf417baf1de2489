package mtasts

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// A countedLine is a line of testdata/senders.txt.
type countedLine struct {
	senders  string          // a letter for each, those that did not take it are -
	body     string          // of a policy
	response codes.Finding   // in place of a body: what is odd about a response
	faults   []codes.Finding // what the letter forbids about it
}

func (l countedLine) accepted() int { return len(l.senders) - strings.Count(l.senders, "-") }

// names are those of the senders that took it, as the conformance rows have them.
func (l countedLine) names() string {
	var names []string
	for i, name := range []string{
		"mox", "postfix-tlspol", "postfix-mta-sts-resolver", "go-mtasts", "chasquid", "rest-mail", "mailauth-lax",
	} {
		if l.senders[i] != '-' {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func countedLines(t *testing.T) []countedLine {
	t.Helper()
	file, err := os.Open("testdata/senders.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []countedLine
	for text := bufio.NewScanner(file); text.Scan(); {
		senders, what, ok := strings.Cut(text.Text(), " ")
		if !ok || senders == "#" {
			continue
		}
		line := countedLine{senders: senders}
		if len(senders) != countedSenders {
			t.Fatalf("not %d senders: %q", countedSenders, text.Text())
		}
		if line.body, err = strconv.Unquote(what); err != nil {
			line.response = codes.Finding(what)
			line.faults = []codes.Finding{line.response}
		} else {
			line.faults = faultsOf(line.body)
		}
		lines = append(lines, line)
	}
	return lines
}

// faultsOf are the findings that make the strict reading refuse a text.
func faultsOf(text string) []codes.Finding {
	_, n := readPolicy(text)
	var faults []codes.Finding
	for _, x := range n {
		if x.reason != "" {
			faults = addFinding(faults, x.finding)
		}
	}
	return faults
}

// About each policy that the letter refuses, the lenient reading says what most of the counted senders do; what
// the letter takes, it takes.
func TestCountedSenders(t *testing.T) {
	for _, line := range countedLines(t) {
		r := ReadPolicy([]byte(line.body))
		strict, lenient := len(line.faults) == 0, line.accepted() > countedSenders/2
		if line.response != "" {
			r = ReadPolicy([]byte(with("")))
			r.Strict, r.Lenient = r.Served(line.faults)
		}
		if r.Strict != strict || r.Lenient != (strict || lenient) {
			t.Errorf("%s %.80q %s: strict %v, lenient %v", line.senders, line.body, line.response, r.Strict, r.Lenient)
		}
	}
}

const lenientPage = "../../docs/lenient.md"

// The tables of the page are those that follow from the counted policies, and so is the one in the code.
func TestLenientPage(t *testing.T) {
	page, err := os.ReadFile(lenientPage)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(page)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| `") {
			cells := strings.SplitAfter(line, " | ")
			rows = append(rows, strings.Join(cells[:min(4, len(cells))], "")) // a fifth is in words
		}
	}
	lines := countedLines(t)
	want := senderRows(t, lines)
	good, odd := 0, 0
	for _, line := range lines {
		switch {
		case line.response != "":
		case len(line.faults) == 0:
			good++
		default:
			odd++
		}
	}
	head := fmt.Sprintf("takes, of %d that the letter takes | takes, of %d others |", good, odd)
	if !strings.Contains(string(page), head) {
		t.Errorf("%s has no table with the head %q", lenientPage, head)
	}
	for _, f := range codes.Findings() {
		fewest, row := oddityRow(lines, f)
		if acceptedBy(f) != fewest {
			t.Errorf("%s: accepted by %d in the code, and by %d of those that were counted", f, acceptedBy(f), fewest)
		}
		if row != "" {
			want = append(want, row)
		}
	}
	for _, row := range want {
		if !slices.Contains(rows, row) {
			t.Errorf("%s has no line %s", lenientPage, row)
		}
	}
	for _, row := range rows {
		if !slices.Contains(want, row) {
			t.Errorf("%s: nothing makes the line %s", lenientPage, row)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%s: %d lines, want %d", lenientPage, len(rows), len(want))
	}
}

// senderRows are the lines about senders: what each took of the policies that the
// letter takes, and of those that it does not.
func senderRows(t *testing.T, lines []countedLine) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/senders.txt")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for comment := range strings.Lines(string(text)) {
		words := strings.Fields(comment)
		if len(words) < 4 || words[0] != "#" || len(words[1]) != 1 {
			continue
		}
		good, odd := 0, 0
		for _, line := range lines {
			switch {
			case line.response != "" || !strings.Contains(line.senders, words[1]):
			case len(line.faults) == 0:
				good++
			default:
				odd++
			}
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %d | %d |", words[2], strings.Join(words[3:], " "), good, odd))
	}
	if len(rows) != countedSenders {
		t.Errorf("%d senders have a name", len(rows))
	}
	return rows
}

// oddityRow is the line about a finding, and how many senders at least took what was
// odd in no other way; if nothing was, in no other way that is not tolerated; if
// nothing was, all that has it. There is no line about what the letter allows.
func oddityRow(lines []countedLine, f codes.Finding) (fewest int, row string) {
	var alone, deciding, all []int
	for _, line := range lines {
		if !slices.Contains(line.faults, f) {
			continue
		}
		all = append(all, line.accepted())
		others := slices.DeleteFunc(slices.Clone(line.faults), func(other codes.Finding) bool { return other == f })
		if !slices.ContainsFunc(others, func(other codes.Finding) bool { return !tolerated(other) }) {
			deciding = append(deciding, line.accepted())
		}
		if len(others) == 0 {
			alone = append(alone, line.accepted())
		}
	}
	if len(alone) > 0 {
		deciding = alone
	}
	mark := ""
	if len(deciding) == 0 {
		deciding, mark = all, "*"
	}
	if len(deciding) == 0 {
		if forbidden(f) {
			return notCounted, fmt.Sprintf("| `%s` | 0 | - | no | ", f)
		}
		return notCounted, ""
	}
	fewest, most := slices.Min(deciding), slices.Max(deciding)
	senders, lenient := strconv.Itoa(fewest), "no"
	if most > fewest {
		senders = fmt.Sprintf("%d to %d", fewest, most)
	}
	switch half := countedSenders / 2; {
	case fewest > half:
		lenient = "yes"
	case most > half:
		lenient = "both: to be split"
	}
	return fewest, fmt.Sprintf("| `%s` | %d%s | %s | %s | ", f, len(deciding), mark, senders, lenient)
}

// forbidden reports whether a policy can be refused for a finding by the letter.
func forbidden(f codes.Finding) bool {
	return slices.ContainsFunc(onePolicies(), func(p onePolicy) bool { return slices.Contains(faultsOf(p.body), f) })
}
