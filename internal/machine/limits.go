// Package machine knows what the machine lets this process use, and divides it: descriptors, ports, memory.
package machine

import (
	"fmt"
	"log/slog"
	"os"
)

// Limits are those of the system for this process; 0: no limit is known.
type Limits struct {
	Descriptors int
	Ports       int   // ephemeral, for connections to one address
	Memory      int64 // octets
}

// fewestDescriptors are what a command needs that uses the network.
const fewestDescriptors = 64

// mostParts is how many parts may be open, however many descriptors there are.
const mostParts = 1024

// Check refuses a command that has too few descriptors, before it begins.
func (l Limits) Check(command string) error {
	switch command {
	case "scan", "demo", "lookup", "simnet":
		if n := l.Descriptors; n > 0 && n < fewestDescriptors {
			return fmt.Errorf("this process may have %d files open: raise the limit (ulimit -n) to %d at least, "+
				"better to 4096", n, fewestDescriptors)
		}
	}
	return nil
}

// Now are the limits in force.
func Now() Limits {
	l := Limits{Descriptors: descriptorLimit(), Memory: memoryLimit(os.DirFS("/"))}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var first, last int
		if n, _ := fmt.Sscan(string(text), &first, &last); n == 2 {
			l.Ports = last - first + 1
		}
	}
	return l
}

// Without --surveys, there are at most MostConnections, and an eighth of the memory is for them: TLS and a policy may
// take perConnection octets each.
const (
	MostConnections = 1024
	perConnection   = 256 << 10
)

// Connections is how many connections to Policy Hosts and mail servers may be open at a time: the number asked
// for or, if that is 0, what memory allows; and at most half of the descriptors and, if all go to a proxy, half
// of the ports, since a used port rests. The other descriptors are for parts (see Parts), DNS and the rest.
func (l Limits) Connections(asked int, proxied bool, log *slog.Logger) int {
	n := asked
	if asked == 0 {
		n = MostConnections
		if l.Memory > 0 {
			n = int(min(max(l.Memory/8/perConnection, 1), MostConnections))
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
	if l.Descriptors > 0 {
		lower(l.Descriptors/2, "descriptors", l.Descriptors)
	}
	if proxied && l.Ports > 0 {
		lower(max(l.Ports/2, 1), "ports", l.Ports)
	}
	return n
}

// Parts is how many parts may be open at a time, each with up to three files; 0: no limit is known.
func (l Limits) Parts() int {
	if l.Descriptors == 0 {
		return 0
	}
	return min(max(l.Descriptors/16, 2), mostParts)
}

// Sockets is how many UDP sockets the DNS engine may have for so many resolvers: a sixth of the descriptors
// (a quarter with its TCP connections) and half of the ports, or more if two for each resolver need it.
// 0: no limit is known.
func (l Limits) Sockets(resolvers int) (int, error) {
	least, most := 2*resolvers, 0
	if n := l.Descriptors; n > 0 {
		if least > n/4 {
			return 0, fmt.Errorf("this process may have %d files open, too few for %d resolvers: "+
				"raise the limit (ulimit -n) to %d at least", n, resolvers, 4*least)
		}
		most = max(n/6, least)
	}
	if n := l.Ports; n > 0 {
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
