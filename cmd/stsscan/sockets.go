package main

import "fmt"

// sockets is how many UDP sockets the DNS engine may have that asks so many
// resolvers: a sixth of the descriptors, which with half as many TCP connections
// makes a quarter, and half of the ports, or more where each resolver cannot have its
// two else. 0: no limit is known.
func (l limits) sockets(resolvers int) (int, error) {
	least, most := 2*resolvers, 0
	if n := l.descriptors; n > 0 {
		if least > n/4 {
			return 0, fmt.Errorf(
				"this process may have %d files open, too few for %d resolvers: raise the limit (ulimit -n) to %d at least",
				n, resolvers, 4*least)
		}
		most = max(n/6, least)
	}
	if n := l.ports; n > 0 {
		if least > n {
			return 0, fmt.Errorf(
				"this machine has %d ports, too few for %d resolvers: widen net.ipv4.ip_local_port_range to %d at least",
				n, resolvers, 2*least)
		}
		if half := max(n/2, least); most == 0 || most > half {
			most = half
		}
	}
	return most, nil
}
