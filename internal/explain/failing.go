package explain

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
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
	rows, err := firstOf(firstWith(dir, m, found))
	others, otherErr := otherTags(dir, m, rows)
	return failing(rows, others, errors.Join(err, otherErr), total, list, width)
}

// firstOf are the first rows, mostFailing at most, up to an error.
func firstOf(rows iter.Seq2[*output.Row, error]) (first []*output.Row, err error) {
	for row, err := range rows {
		if err != nil {
			return first, err
		}
		if first = append(first, row); len(first) == mostFailing {
			break
		}
	}
	return first, nil
}

// otherTags are, by domain, those of the duplicates of rows in the directory of a run.
func otherTags(dir string, m *output.Manifest, rows []*output.Row) (map[string][]map[string]string, error) {
	tags := make(map[string][]map[string]string, len(rows))
	for _, row := range rows {
		tags[row.Domain] = nil
	}
	for d, err := range domains.ReadDuplicates(dir, m.OtherTags()) {
		if err != nil {
			return tags, err
		}
		if others, named := tags[d.Domain]; named {
			tags[d.Domain] = append(others, d.Tags)
		}
	}
	return tags, nil
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

// failing names rows, the first of so many, which a command lists, and says what kept others from being named.
func failing(
	rows []*output.Row, others map[string][]map[string]string, err error, total int64, command string, width int,
) string {
	var text strings.Builder
	for _, row := range rows {
		lines := failingLines(row, others[row.Domain], max(width, leastWidth)-len("    "))
		fmt.Fprintf(&text, "\n  %s", strings.Join(lines, "\n    "))
	}
	if err != nil {
		fmt.Fprintf(&text, "\n  not all can be named: %s", printable(err.Error()))
	}
	if more := total - int64(len(rows)); more > 0 {
		fmt.Fprintf(&text, "\n  and %s more: %s", output.Grouped(more), command)
	}
	return text.String()
}

func failingLines(row *output.Row, others []map[string]string, width int) []string {
	var owners []string
	for _, tags := range slices.Insert(slices.Clone(others), 0, row.Tags) {
		var texts []string
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			if value := tags[name]; value != "" {
				texts = append(texts, name+"="+value)
			}
		}
		if texts != nil {
			owners = append(owners, strings.Join(texts, " "))
		}
	}
	owner := ""
	if owners != nil {
		owner = printable(" (" + strings.Join(owners, "; ") + ")")
	}
	lines := broken(fmt.Sprintf("%s%s: %s: %s", row.Domain, owner, row.Verdict, Reason(row)), width)
	if remedy := Remedy(row); remedy != "" {
		lines = append(lines, broken(remedy, width)...)
	}
	return lines
}
