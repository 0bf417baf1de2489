package main

import (
	"context"

	"stsscan/internal/egress"
	"stsscan/internal/output"
)

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
func (n *network) recallServed(ctx context.Context, r *runRecord) error {
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
