package main

import "fmt"

// sockets is how many UDP sockets the DNS engine may have that asks so many
// resolvers: a sixth of the descriptors, which with half as many TCP connections
// makes a quarter, or more where each resolver cannot have its two else. 0: no limit
// is known.
func (l limits) sockets(resolvers int) (int, error) {
	const each = 2
	switch n := l.descriptors; {
	case n == 0:
		return 0, nil
	case each*resolvers <= n/4:
		return max(n/6, each*resolvers), nil
	default:
		return 0, fmt.Errorf(
			"this process may have %d files open, too few for %d resolvers: raise the limit (ulimit -n) to %d at least",
			n, resolvers, 4*each*resolvers)
	}
}
