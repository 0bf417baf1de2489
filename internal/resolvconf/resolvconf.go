// Package resolvconf reads lists of the resolvers to ask: as a user writes them, or as the system has them
// (resolv.conf(5)).
package resolvconf

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
)

const defaultPort = 53

// Parse reads a list of upstreams: either addresses with commas between, each with an optional port (192.0.2.1,
// 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353), or @FILE, a file with one a line, where # begins a comment. Host
// names are refused, since nothing can resolve them yet. Repeated upstreams count once.
func Parse(s string) ([]netip.AddrPort, error) {
	if file, ok := strings.CutPrefix(s, "@"); ok {
		return readFile(file)
	}
	var upstreams []netip.AddrPort
	for text := range strings.SplitSeq(s, ",") {
		u, err := parseOne(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		upstreams = appendNew(upstreams, u)
	}
	return upstreams, nil
}

func readFile(file string) ([]netip.AddrPort, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var upstreams []netip.AddrPort
	for i, line := range strings.Split(string(content), "\n") {
		text, _, _ := strings.Cut(line, "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		u, err := parseOne(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		upstreams = appendNew(upstreams, u)
	}
	if len(upstreams) == 0 {
		return nil, fmt.Errorf("%s: no upstream in it", file)
	}
	return upstreams, nil
}

func parseOne(text string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddr(text)
	u := netip.AddrPortFrom(addr, defaultPort)
	if err != nil {
		u, err = netip.ParseAddrPort(text)
	}
	if err != nil && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		addr, err = netip.ParseAddr(text[1 : len(text)-1])
		u = netip.AddrPortFrom(addr, defaultPort)
	}
	switch {
	case text == "":
		return u, errors.New("an upstream is missing")
	case err != nil:
		return u, fmt.Errorf("upstream %q: not an IP address with an optional port", text)
	case u.Addr().IsUnspecified(), u.Addr().IsMulticast(), u.Port() == 0:
		return u, fmt.Errorf("upstream %q: not an address that can be asked", text)
	}
	return u, nil
}

func appendNew(upstreams []netip.AddrPort, u netip.AddrPort) []netip.AddrPort {
	if slices.Contains(upstreams, u) {
		return upstreams
	}
	return append(upstreams, u)
}

// System returns the name servers of /etc/resolv.conf. A system without that file gives an error: its upstreams must
// be named.
func System() ([]netip.AddrPort, error) {
	return system("/etc/resolv.conf")
}

func system(file string) ([]netip.AddrPort, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the resolvers of this system are not known: %w", err)
	}
	var upstreams []netip.AddrPort
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		addr, err := netip.ParseAddr(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%s: name server %q: not an IP address", file, fields[1])
		}
		upstreams = appendNew(upstreams, netip.AddrPortFrom(addr, defaultPort))
	}
	if len(upstreams) == 0 {
		return nil, fmt.Errorf("%s: no name server in it", file)
	}
	return upstreams, nil
}
