package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"stsscan/internal/egress"
	"stsscan/internal/output"
)

// Names of address families in run.json.
const (
	familyIPv4 = "IPv4"
	familyIPv6 = "IPv6"
)

// connections are those of this process and of the ones before.
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

// recall tells the network when the processes before made their last connections.
func (n *network) recall(before *output.Manifest) {
	if before == nil {
		return
	}
	var list []egress.Reach
	for _, c := range before.Connections {
		if c.Last != nil {
			list = append(list, egress.Reach{Port: c.Port, IPv6: c.Family == familyIPv6, Last: *c.Last})
		}
	}
	n.transport.Recall(list)
}

// recallServed tells the network at which addresses the processes before were shown a
// certificate: an alert may be about the name there.
func (n *network) recallServed(ctx context.Context, r *record) error {
	for _, k := range r.numbers() {
		if ctx.Err() != nil {
			return nil // the scan is about to end
		}
		for addr, err := range r.dataset.Served(k) {
			if err != nil {
				return err
			}
			n.transport.RecallServed(addr)
		}
	}
	return nil
}

// neverMade says in words that no connection was ever made, where hosts are out of
// reach; empty where some were.
func neverMade(c output.Connections) string {
	if c.Made > 0 || c.OutOfReach == 0 {
		return ""
	}
	return fmt.Sprintf("hosts: no %s connection to port %d was ever made", c.Family, c.Port)
}
