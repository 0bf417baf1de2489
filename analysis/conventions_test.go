package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// measurement are the questions about the asking itself: they count what is unknown as a class.
func measurement(name string) bool {
	all := sections()
	return slices.Contains(all[len(all)-1].Queries, name)
}

// sizes are questions whose classes are of things by their size: one that grows changes its class.
func sizes(name string) bool { return name == "concentration" }

// outOf names the column that a share is divided by, and that which counts what is unknown.
func (t *Table) outOf(share string) (whole, unknown string) {
	first := func(names ...string) string {
		for _, name := range names {
			if t.Column(name) >= 0 {
				return name
			}
		}
		return ""
	}
	switch share {
	case "low", "high", "high_without_soa":
		return first("n", "of_domains", "domains"), first("unknown")
	case "share", "below", "cumulative":
		if t.Column("known") < 0 {
			return first("n"), ""
		}
		return "known", first("unknown")
	}
	x := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(share, "_share"), "share_"), "of_")
	return first(x+"_known", x+"_n", "domains"), first(x+"_unknown", "unknown")
}

// divides reports whether a share is divided by the column, which is no class of its own.
func (t *Table) divides(column string) bool {
	return slices.ContainsFunc(t.shares(), func(share string) bool {
		whole, _ := t.outOf(share)
		return column == whole && (column != "domains" || share == "low")
	})
}

func (t *Table) shares() []string {
	var names []string
	for _, c := range t.Columns {
		if c.Kind == KindShare {
			names = append(names, c.Name)
		}
	}
	return names
}

// conventions says where the columns of an answer do not tell what its shares are of, and where
// they are not that.
func conventions(t *Table) (wrong []string) {
	for _, share := range t.shares() {
		whole, unknown := t.outOf(share)
		all := whole == "n" || strings.HasSuffix(whole, "_n") // none of it can be unknown
		switch {
		case whole == "":
			wrong = append(wrong, fmt.Sprintf("nothing says what %s is divided by: README.md has the columns", share))
			continue
		case unknown == "" && !all && !measurement(t.Query.Name):
			wrong = append(wrong, fmt.Sprintf("nothing says of how many %s is unknown: README.md has the columns", share))
		}
		for i := range t.Rows {
			n, ok := t.Value(i, whole).(int64)
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s, which %s is divided by, is no count", whole, share))
				break
			}
			value, ok := t.Value(i, share).(float64)
			if part := value * float64(n); ok && (value < 0 || value > 1 || math.Abs(part-math.Round(part)) > 1e-6) {
				wrong = append(wrong, fmt.Sprintf("%s of %s is %v, which is no share of %d %s", share, t.key(i), value, n, whole))
			}
			bound := share == "low" || share == "high"
			if ok && t.called(i, "unknown") && !bound && !measurement(t.Query.Name) {
				wrong = append(wrong, fmt.Sprintf("%s has a %s, and is no class but what is unknown", t.key(i), share))
			}
		}
	}
	return wrong
}

// isName reports whether the column names what the others of a row count.
func isName(c Column) bool {
	switch c.Kind {
	case KindText, KindFlag, KindTime, KindTags:
		return !strings.HasPrefix(c.Name, "largest") && !strings.HasPrefix(c.Name, "most_often")
	case KindNumber:
		return c.Name != "points"
	}
	return false
}

// key names a row.
func (t *Table) key(row int) string {
	var names []string
	for i, c := range t.Columns {
		if isName(c) {
			names = append(names, fmt.Sprint(t.Rows[row][i]))
		}
	}
	return strings.Join(names, " | ")
}

// unknownClass reports whether the row counts what is unknown.
func (t *Table) unknownClass(row int) bool {
	for i, c := range t.Columns {
		if c.Kind == KindFlag && t.Rows[row][i] == nil {
			return true
		}
	}
	return t.called(row, "unknown", "opted_out", "client_limit_possible")
}

// called reports whether one of the names of the row is one of the words.
func (t *Table) called(row int, words ...any) bool {
	for i, c := range t.Columns {
		if isName(c) && slices.Contains(words, t.Rows[row][i]) {
			return true
		}
	}
	return false
}
