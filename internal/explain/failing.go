package explain

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// mostFailing is how many domains [Failing] names.
const mostFailing = 20

// Failing names, for the end of a log, the first domains of a run, or shard, in a directory that have one of the
// verdicts, those of the first verdict first: whose each is, what is wrong, and what to do. These are indented lines of
// at most width characters, each after a line feed. If there are more domains, it says how to list them all.
func Failing(dir string, m *output.Manifest, verdicts []codes.Verdict, width int) string {
	var total int64
	var found []string
	for _, verdict := range verdicts {
		if n := m.Counts.Verdict[verdict]; n > 0 {
			total, found = total+n, append(found, string(verdict))
		}
	}
	list := fmt.Sprintf("stsscan list %s --verdict %s", dir, strings.Join(found, ","))
	return failing(firstWith(dir, m, found), total, list, width)
}

// firstWith yields rows of a run, or shard, that have one of the verdicts: verdict after verdict, of each the first of
// every part, by rank.
func firstWith(dir string, m *output.Manifest, verdicts []string) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		columns := slices.Concat(BriefColumns(), []string{"tags"})
		for verdict := range slices.Chunk(verdicts, 1) {
			rows := output.Selection{Columns: columns, Only: []output.Condition{{Column: "verdict", Words: verdict}}}
			for _, part := range m.Parts {
				var first []*output.Row
				for row, err := range rows.Part(filepath.Join(dir, part.Name)) {
					if err != nil {
						yield(nil, err)
						return
					}
					i, _ := slices.BinarySearchFunc(first, row, func(a, b *output.Row) int { return cmp.Compare(a.Rank, b.Rank) })
					first = slices.Insert(first, i, row)
					first = first[:min(len(first), mostFailing)]
				}
				for _, row := range first {
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	}
}

// failing names the first of so many rows, which a command lists.
func failing(rows iter.Seq2[*output.Row, error], total int64, command string, width int) string {
	var text strings.Builder
	var named int64
	for row, err := range rows {
		if err != nil {
			fmt.Fprintf(&text, "\n  not all can be named: %s", printable(err.Error()))
			break
		}
		fmt.Fprintf(&text, "\n  %s", strings.Join(failingLines(row, max(width, leastWidth)-len("    ")), "\n    "))
		if named++; named == mostFailing {
			break
		}
	}
	if total > named {
		fmt.Fprintf(&text, "\n  and %s more: %s", output.Grouped(total-named), command)
	}
	return text.String()
}

func failingLines(row *output.Row, width int) []string {
	var tags []string
	for _, name := range slices.Sorted(maps.Keys(row.Tags)) {
		if value := row.Tags[name]; value != "" {
			tags = append(tags, name+"="+value)
		}
	}
	owner := ""
	if tags != nil {
		owner = printable(" (" + strings.Join(tags, " ") + ")")
	}
	lines := broken(fmt.Sprintf("%s%s: %s: %s", row.Domain, owner, row.Verdict, Reason(row)), width)
	if remedy := Remedy(row); remedy != "" {
		lines = append(lines, broken(remedy, width)...)
	}
	return lines
}
