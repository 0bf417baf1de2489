package main

import (
	"fmt"
	"log/slog"
	"os"
)

// limits are those of the system for this process; 0: no limit is known.
type limits struct {
	descriptors int
	ports       int // ephemeral, for connections to one address
	memory      int64
}

// fewestDescriptors are what a command needs that uses the network.
const fewestDescriptors = 64

// mostParts is how many parts may be open, however many descriptors there are.
const mostParts = 1024

// check refuses a command that has too few descriptors, before it begins.
func (l limits) check(command string) error {
	switch command {
	case "scan", "demo", "lookup", "simnet":
		if n := l.descriptors; n > 0 && n < fewestDescriptors {
			return fmt.Errorf("this process may have %d files open: raise the limit (ulimit -n) to %d at least, "+
				"better to 4096", n, fewestDescriptors)
		}
	}
	return nil
}

// systemLimits are the limits in force.
func systemLimits() limits {
	l := limits{descriptors: descriptorLimit(), memory: memoryLimit(os.DirFS("/"))}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var first, last int
		if n, _ := fmt.Sscan(string(text), &first, &last); n == 2 {
			l.ports = last - first + 1
		}
	}
	return l
}

// Without --surveys, an eighth of the memory is for connections: TLS and a policy may take perConnection
// octets each.
const (
	mostConnections = 1024
	perConnection   = 256 << 10
)

// connections is how many connections to Policy Hosts and mail servers may be open at a time: the number asked
// for or, if that is 0, what memory allows; and at most half of the descriptors and, if all go to a proxy, half
// of the ports, since a used port rests. The other descriptors are for parts (see parts), DNS and the rest.
func (l limits) connections(asked int, proxied bool, log *slog.Logger) int {
	n := asked
	if asked == 0 {
		n = mostConnections
		if l.memory > 0 {
			n = int(min(max(l.memory/8/perConnection, 1), mostConnections))
		}
	}
	lower := func(to int, limit string, of int) {
		if n <= to {
			return
		}
		if n = to; asked > 0 {
			log.Warn("fewer connections at a time than --surveys", "connections", to, limit, of)
		}
	}
	if l.descriptors > 0 {
		lower(l.descriptors/2, "descriptors", l.descriptors)
	}
	if proxied && l.ports > 0 {
		lower(max(l.ports/2, 1), "ports", l.ports)
	}
	return n
}

// parts is how many parts may be open at a time, each with up to three files; 0: no limit is known.
func (l limits) parts() int {
	if l.descriptors == 0 {
		return 0
	}
	return min(max(l.descriptors/16, 2), mostParts)
}

// sockets is how many UDP sockets the DNS engine may have for so many resolvers: a sixth of the descriptors
// (a quarter with its TCP connections) and half of the ports, or more if two for each resolver need it.
// 0: no limit is known.
func (l limits) sockets(resolvers int) (int, error) {
	least, most := 2*resolvers, 0
	if n := l.descriptors; n > 0 {
		if least > n/4 {
			return 0, fmt.Errorf("this process may have %d files open, too few for %d resolvers: "+
				"raise the limit (ulimit -n) to %d at least", n, resolvers, 4*least)
		}
		most = max(n/6, least)
	}
	if n := l.ports; n > 0 {
		if least > n {
			return 0, fmt.Errorf("this machine has %d ports, too few for %d resolvers: "+
				"widen net.ipv4.ip_local_port_range to %d at least", n, resolvers, 2*least)
		}
		if half := max(n/2, least); most == 0 || most > half {
			most = half
		}
	}
	return most, nil
}
