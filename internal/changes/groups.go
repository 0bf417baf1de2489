package changes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// group makes the groups and the totals of the results. others are the values of the tag that further entries of the
// lists give a domain.
func (d *Diff) group(results []result, others map[string][]string) {
	groups := make(map[string]*Group)
	for i := range results {
		r := &results[i]
		d.Total.add(r)
		if r.changes != nil {
			d.Changed++
			if r.changes[0].Regression {
				d.Regressions++
			}
		}
		values := []string{""}
		if d.Tag != "" {
			values = distinct(append([]string{r.tags[d.Tag]}, others[r.domain]...))
		}
		for _, value := range values {
			if groups[value] == nil {
				groups[value] = &Group{Value: value}
			}
			groups[value].add(r)
			groups[value].Changes = append(groups[value].Changes, r.changes...)
		}
	}
	for _, g := range groups {
		g.sort()
		d.Groups = append(d.Groups, *g)
	}
	slices.SortFunc(d.Groups, func(a, b Group) int {
		return cmp.Or(
			cmp.Compare(b.Regressions(), a.Regressions()), cmp.Compare(b.New, a.New), cmp.Compare(b.Broken, a.Broken),
			strings.Compare(a.Value, b.Value),
		)
	})
}

func (g *Group) add(r *result) {
	if !r.broken {
		return
	}
	g.Broken++
	switch r.before {
	case stateSound:
		g.New++
	case stateBroken:
		g.Stays.add(r.why)
	case stateUnclear:
		g.Unclear.add(r.why)
	}
}

// Reasons count broken domains by what is wrong with them.
type Reasons map[string]int

func (r *Reasons) add(why string) {
	if *r == nil {
		*r = make(Reasons)
	}
	(*r)[why]++
}

// sorted lists the reasons, the most frequent first.
func (r Reasons) sorted() []string {
	return slices.SortedFunc(maps.Keys(r), func(a, b string) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), strings.Compare(a, b))
	})
}

// sort puts regressions first, all those of a domain together: by its worst one, then by domain.
func (g *Group) sort() {
	worst := make(map[string]Change)
	for _, c := range g.Changes {
		if have, ok := worst[c.Domain]; c.Regression && (!ok || worstFirst(c, have) < 0) {
			worst[c.Domain] = c
		}
	}
	slices.SortFunc(g.Changes, func(a, b Change) int {
		if a.Regression && b.Regression {
			return cmp.Or(cmp.Compare(worst[a.Domain].place, worst[b.Domain].place), strings.Compare(a.Domain, b.Domain),
				cmp.Compare(a.place, b.place))
		}
		return cmp.Or(worstFirst(a, b), strings.Compare(a.Domain, b.Domain))
	})
}

// Regressions is the number of domains with one.
func (g *Group) Regressions() (n int) {
	last := ""
	for _, c := range g.Changes {
		if !c.Regression {
			break
		}
		if c.Domain != last {
			n++
		}
		last = c.Domain
	}
	return n
}
