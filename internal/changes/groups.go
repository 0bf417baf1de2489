package changes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// group makes the groups and the totals of the results. others are the tags that further entries of the lists give a
// domain.
func (d *Diff) group(results []result, others map[string][]map[string]string) {
	groups := make(map[string]*Group)
	for i := range results {
		r := &results[i]
		d.Total.count(r)
		if r.changes != nil {
			d.Changed++
			if r.changes[0].Regression {
				d.Regressions++
			}
		}
		added := make(map[string]bool)
		for _, tags := range append([]map[string]string{r.tags}, others[r.domain]...) {
			value := tags[d.Tag] // "" where no tag makes groups
			if added[value] {
				continue
			}
			added[value] = true
			if groups[value] == nil {
				groups[value] = &Group{Value: value}
			}
			groups[value].add(r, tags)
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

// add adds a domain with the tags that an entry of the group gives it.
func (g *Group) add(r *result, tags map[string]string) {
	g.count(r)
	for _, change := range r.changes {
		change.Tags = tags
		g.Changes = append(g.Changes, change)
	}
}

func (g *Group) count(r *result) {
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

// total is the number of domains.
func (r Reasons) total() (n int) {
	for _, domains := range r {
		n += domains
	}
	return n
}

// sorted lists the reasons, the most frequent first.
func (r Reasons) sorted() []string {
	return slices.SortedFunc(maps.Keys(r), func(a, b string) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), strings.Compare(a, b))
	})
}

// sort puts the domains first that are newly broken, then those with other regressions, all that belongs to a domain
// together: by its worst change, then by domain. The rest follows by kind.
func (g *Group) sort() {
	worst := make(map[string]Change)
	for _, c := range g.Changes {
		if have, ok := worst[c.Domain]; c.urgent() && (!ok || worstFirst(c, have) < 0) {
			worst[c.Domain] = c
		}
	}
	slices.SortFunc(g.Changes, func(a, b Change) int {
		if order := cmp.Compare(a.urgency(), b.urgency()); order != 0 {
			return order
		}
		if !a.urgent() {
			return cmp.Or(worstFirst(a, b), strings.Compare(a.Domain, b.Domain))
		}
		return cmp.Or(worstFirst(worst[a.Domain], worst[b.Domain]), strings.Compare(a.Domain, b.Domain), worstFirst(a, b))
	})
}

// urgency orders changes: those of domains that are newly broken, other regressions, the rest.
func (c *Change) urgency() int {
	switch {
	case c.NewBroken:
		return 0
	case c.Regression:
		return 1
	}
	return 2
}

// urgent reports whether the change stands at the top of its group.
func (c *Change) urgent() bool { return c.NewBroken || c.Regression }

// Regressions is the number of domains with one.
func (g *Group) Regressions() (n int) {
	last := ""
	for _, c := range g.Changes {
		if c.Regression && c.Domain != last {
			n++
			last = c.Domain
		}
	}
	return n
}
