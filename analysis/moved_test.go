package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// moved says what is wrong in how an answer changed when a facet of the domain became known.
func moved(before, after *Table, f facet, domain string) (wrong []string) {
	if before.Column("domain") >= 0 {
		return movedDomains(before, after, domain)
	}
	find := func(t *Table, key string) int {
		for i := range t.Rows {
			if t.key(i) == key {
				return i
			}
		}
		return -1
	}
	for i := range before.Rows {
		may := before.unknownClass(i) || measurement(before.Query.Name) || sizes(before.Query.Name) || len(before.Rows) >= 50
		if key := before.key(i); find(after, key) < 0 && !may {
			wrong = append(wrong, key+" is gone")
		}
	}
	for j := range after.Rows {
		key := after.key(j)
		i := find(before, key)
		if i < 0 { // a class of its own: nothing to compare its shares with
			continue
		}
		m := move{before, after, i, j, f}
		for _, c := range before.Columns {
			if why := m.wrong(c); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s: %s", key, why))
			}
		}
	}
	return wrong
}

// movedDomains says which rows of a list of domains changed that are about others.
func movedDomains(before, after *Table, domain string) (wrong []string) {
	others := func(t *Table) (keys []string) {
		for i := range t.Rows {
			if t.Value(i, "domain") != domain {
				keys = append(keys, t.key(i))
			}
		}
		return keys
	}
	if is, was := others(after), others(before); !slices.Equal(is, was) {
		wrong = append(wrong, fmt.Sprintf("other domains: new %q, gone %q", less(is, was), less(was, is)))
	}
	return wrong
}

// A move is a row of an answer before and after something became known.
type move struct {
	before, after *Table
	i, j          int
	facet         facet
}

// entered reports whether what became known may have brought the domain among those that the
// question is about at all: those with a record; hosts that were probed; domains with MX.
func (m move) entered() bool {
	name := m.before.Query.Name
	return m.facet == recordFacet || m.facet == hostsFacet && (name == "mx_probes" || name == "denominators")
}

// wrong says what is wrong in how a column changed, or nothing.
func (m move) wrong(c Column) string {
	name := m.before.Query.Name
	switch {
	case c.Kind == KindShare && !measurement(name) && !sizes(name) && !m.before.unknownClass(m.i):
		return m.wrongShare(c.Name)
	case c.Kind != KindCount, measurement(name), strings.HasPrefix(c.Name, "median"):
		return ""
	case sizes(name) && c.Name != "known" && c.Name != "unknown":
		return ""
	}
	was, is := m.count(c.Name)
	grows, falls := int64(1), int64(0)
	whole := m.before.divides(c.Name)
	switch unknown := c.Name == "unknown" || strings.HasSuffix(c.Name, "_unknown"); {
	case unknown && m.entered(), whole && m.before.unknownClass(m.i):
		falls = 1
	case c.Name == "without_known" && m.otherCluster():
		return ""
	case whole && !strings.HasSuffix(c.Name, "known"), c.Name == "without_known":
		falls = 1 // those who may be in it are in it, and the largest cluster is not
	case unknown, m.before.unknownClass(m.i):
		grows, falls = 0, 1
	}
	if is-was > grows || was-is > falls {
		return fmt.Sprintf("%s was %d and is %d", c.Name, was, is)
	}
	return ""
}

// otherCluster reports whether another cluster is the largest now, and is left out.
func (m move) otherCluster() bool {
	return m.before.Value(m.i, "largest_cluster") != m.after.Value(m.j, "largest_cluster")
}

func (m move) count(column string) (was, is int64) {
	was, _ = m.before.Value(m.i, column).(int64)
	is, _ = m.after.Value(m.j, column).(int64)
	return was, is
}

// wrongShare holds a share against what one domain can do to it.
func (m move) wrongShare(share string) string {
	was, ok := m.before.Value(m.i, share).(float64)
	is, also := m.after.Value(m.j, share).(float64)
	if !ok || !also || share == "cumulative" && m.i != m.j { // it is of this row and those above
		return ""
	}
	whole, unknown := m.before.outOf(share)
	wholeWas, wholeIs := m.count(whole)
	part := int64(math.Round(is*float64(wholeIs))) - int64(math.Round(was*float64(wholeWas)))
	grown := wholeIs - wholeWas
	says := fmt.Sprintf("%s was %v of %d and is %v of %d", share, was, wholeWas, is, wholeIs)
	unknownWas, unknownIs := m.count(unknown)
	const tiny = 1e-9
	switch {
	case share == "low" && grown == 0 && part == 1 && unknownIs != unknownWas-1:
		return says + fmt.Sprintf(", and %s was %d and is %d", unknown, unknownWas, unknownIs)
	case share == "low" && is > was-tiny, strings.HasPrefix(share, "high") && is < was+tiny:
		return "" // within what was said before
	case share == "low" || strings.HasPrefix(share, "high"):
		if m.entered() && grown == 1 && part >= 0 && part <= 1 {
			return ""
		}
		return says + ": not within the interval"
	case share == "contribution" || share == "without": // the cluster of the domain may have been unknown
		if m.otherCluster() || max(part, -part, grown, -grown) <= 1 {
			return ""
		}
	case part >= 0 && part <= grown && grown <= 1:
		if whole != "known" || grown == 0 || m.entered() || unknownIs == unknownWas-1 {
			return ""
		}
		return says + fmt.Sprintf(", and %s was %d and is %d", unknown, unknownWas, unknownIs)
	}
	return says + ": no one domain can do that"
}
