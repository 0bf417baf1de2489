package portfolio

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// mostGrouped is how many lines are held in memory to be grouped.
const mostGrouped = 1_000_000

// ErrTooMany says that there are more lines than can be grouped.
var ErrTooMany = errors.New("too many lines")

// groups are the lines by the values of a tag.
type groups struct {
	tag     string
	most    int
	lines   int
	byValue map[string]*group
}

// A group is the lines of a value, in the order in which they came.
type group struct {
	value           string
	lines           []line
	domains, broken int
}

func (g *groups) add(l line) error {
	if g.lines++; g.lines > g.most {
		return fmt.Errorf("%w: --by groups %s at most: ask for fewer by --verdict, --finding or --tag",
			ErrTooMany, output.Grouped(int64(g.most)))
	}
	of := g.byValue[l.value]
	if of == nil {
		of = &group{value: l.value}
		g.byValue[l.value] = of
	}
	// The lines of the other owners of a domain follow each other.
	if n := len(of.lines); n == 0 || of.lines[n-1].rank != l.rank {
		of.domains++
		if l.broken {
			of.broken++
		}
	}
	of.lines = append(of.lines, l)
	return nil
}

// sorted are the groups, those with most broken domains first, and that of domains without the tag last.
func (g *groups) sorted() []*group {
	return slices.SortedFunc(maps.Values(g.byValue), func(a, b *group) int {
		switch {
		case a.value == "":
			return 1
		case b.value == "":
			return -1
		}
		return cmp.Or(cmp.Compare(b.broken, a.broken), cmp.Compare(b.domains, a.domains), strings.Compare(a.value, b.value))
	})
}

// heading is as "team retail: 15 broken, 2 others".
func (g *group) heading(tag string) string {
	name := tag + " " + g.value
	if g.value == "" {
		name = "No " + tag
	}
	switch others := g.domains - g.broken; {
	case others == 0:
		return fmt.Sprintf("%s: %d broken", name, g.broken)
	case g.broken == 0:
		return name + ": " + counted(others, "domain")
	default:
		return fmt.Sprintf("%s: %d broken, %s", name, g.broken, counted(others, "other"))
	}
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// isBroken reports whether a row is what "scan --fail-on broken" counts.
func isBroken(r *output.Row) bool {
	return r.Verdict == string(codes.VerdictEnforceRefused) || r.Verdict == string(codes.VerdictBroken)
}
