package main

import (
	"cmp"
	"slices"

	"stsscan/internal/egress"
	"stsscan/internal/output"
)

// Names of address families in run.json.
const (
	familyIPv4 = "IPv4"
	familyIPv6 = "IPv6"
)

// connections are those of this process and of earlier ones.
func connections(now []egress.Reach, before []output.Connections) []output.Connections {
	all := slices.Clone(before)
	for _, r := range now {
		one := output.Connections{Port: r.Port, Family: familyIPv4, Made: r.Made, OutOfReach: r.OutOfReach}
		if r.IPv6 {
			one.Family = familyIPv6
		}
		if !r.Last.IsZero() {
			one.Last = new(r.Last.UTC())
		}
		i := slices.IndexFunc(all, func(c output.Connections) bool { return c.Port == one.Port && c.Family == one.Family })
		if i < 0 {
			all = append(all, one)
			continue
		}
		one.Made += all[i].Made
		one.OutOfReach = max(one.OutOfReach, all[i].OutOfReach) // of which some were asked again
		one.Last = cmp.Or(one.Last, all[i].Last)
		if one.Made > 0 {
			one.OutOfReach = 0
		}
		all[i] = one
	}
	return all
}
